package io.quorate.api;

/** How fresh a query's answer must be. */
public sealed interface Consistency {

    /** The answer reflects every command that was acknowledged, to anyone, before the query was asked. */
    Consistency LINEARIZABLE = new Linearizable();

    /**
     * As {@link #LINEARIZABLE}, but where the cluster has leader leases switched on, a leader answers without a round
     * to its quorum. That is fresh as long as no clock drifts further than the cluster's configuration permits; a clock
     * that does can make the answer of a former leader a moment old. Without leases it is the same.
     */
    Consistency LEASE = new Lease();

    /** Whatever the asked node has applied; may be arbitrarily old, needs no leader. */
    Consistency LOCAL = new Local();

    /** Whatever the asked node has, once it has applied {@code index}: reads one's own writes on any node. */
    static Consistency atLeast(LogIndex index) {
        return new AtLeast(index);
    }

    /** ReadIndex (thesis §6.4): one coalesced round of a leader to its quorum serves many reads, on any node. */
    record Linearizable() implements Consistency {
    }

    /** See {@link #LEASE}. */
    record Lease() implements Consistency {
    }

    /** See {@link #LOCAL}. */
    record Local() implements Consistency {
    }

    /** See {@link #atLeast}. */
    record AtLeast(LogIndex index) implements Consistency {
    }
}
