package io.quorate.spi.consensus;

import io.quorate.api.NodeId;
import java.util.Optional;

/**
 * Hears every step of a consensus that its safety depends on. For checking invariants in a simulation and a run
 * against its specification; production leaves it {@link #NONE}.
 *
 * <p>Called on the node loop, at the moment of the step, before what follows from it is sent. Must not call back.
 */
@FunctionalInterface
public interface ConsensusTrace {

    /** Hears nothing. */
    ConsensusTrace NONE = event -> { };

    void on(Event event);

    /** One step of one node. */
    sealed interface Event {
    }

    /** It has opened its durable state; {@code snapshotIndex} is 0 if there is no snapshot. */
    record Started(long term, Optional<NodeId> votedFor, long snapshotIndex, long snapshotTerm, long lastIndex,
        long lastTerm, Membership membership) implements Event {
    }

    /** It is in a newer term. */
    record TermAdopted(long term) implements Event {
    }

    /** It has decided to vote; the vote leaves only when it is durable. */
    record Voted(long term, NodeId candidate) implements Event {
    }

    /** Term and vote are durable up to these. */
    record HardStateDurable(long term, Optional<NodeId> votedFor) implements Event {
    }

    /** It has begun to ask for pre-votes for {@code term}, or for votes in it. */
    record Campaigned(long term, boolean preVote) implements Event {
    }

    /** It leads {@code term}, with a log that ends so. */
    record BecameLeader(long term, long lastIndex, long lastTerm) implements Event {
    }

    /** It leads no more. */
    record SteppedDown(long term) implements Event {
    }

    /** An entry is in its log, not durable yet. */
    record Appended(long index, long term, EntryType type, int checksum) implements Event {
    }

    /** Entries from {@code index} on are no longer in its log. */
    record Truncated(long index) implements Event {
    }

    /** Its log is durable up to here. */
    record LogDurable(long index) implements Event {
    }

    /** It knows the entries up to here to be committed. */
    record Committed(long index) implements Event {
    }

    /** This configuration is in force from now on; {@code index} is 0 for the first start's. */
    record MembershipInForce(long index, Membership membership) implements Event {
    }

    /** A snapshot up to here is durable; {@code installed}: it came from another node. */
    record SnapshotDurable(long index, long term, boolean installed) implements Event {
    }

    /** The log now begins after {@code index}. */
    record Compacted(long index, long term) implements Event {
    }

    /** A linearizable read may be answered from a state that has applied {@code index}. */
    record ReadConfirmed(long index, boolean byLease) implements Event {
    }
}
