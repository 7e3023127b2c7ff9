package io.quorate.api;

/** How fresh a query's answer must be. */
public sealed interface Consistency {

    /** The answer reflects every command that was acknowledged, to anyone, before the query was asked. */
    Consistency LINEARIZABLE = new Linearizable();

    /** Whatever the asked node has applied; may be arbitrarily old, needs no leader. */
    Consistency LOCAL = new Local();

    /** Whatever the asked node has, once it has applied {@code index}: reads one's own writes on any node. */
    static Consistency atLeast(LogIndex index) {
        return new AtLeast(index);
    }

    /** ReadIndex (thesis §6.4): one coalesced round of a leader to its quorum serves many reads, on any node. */
    record Linearizable() implements Consistency {
    }

    /** See {@link #LOCAL}. */
    record Local() implements Consistency {
    }

    /** See {@link #atLeast}. */
    record AtLeast(LogIndex index) implements Consistency {
    }
}
