package io.quorate.raft.core;

import io.quorate.api.NodeId;

/**
 * What this node has promised to a leader: for how long it votes for nobody else. Kept apart from the roles, since it
 * outlives them; {@link Lease} tells why.
 */
final class Promise {

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final long lengthNanos;
    private NodeId leader;
    private long untilNanos;

    /** @param hadTerm whether this node has been in a term before its start: it may have promised then */
    Promise(RaftSettings settings, boolean hadTerm, long now) {
        this.lengthNanos = settings.leadership().leases() ? settings.electionMinNanos() : 0;
        this.untilNanos = hadTerm ? now + lengthNanos : now;
    }

    /** Promises, beginning now. @return for how long, to be told to the leader */
    int give(NodeId to, long now) {
        leader = to;
        untilNanos = now + lengthNanos;
        return (int) (lengthNanos / NANOS_PER_MILLI);
    }

    /** Whether a vote for {@code candidate} would break it. The leader itself, if it asks, has no lease any more. */
    boolean forbids(NodeId candidate, long now) {
        return now - untilNanos < 0 && !candidate.equals(leader);
    }

    /** Until when this node may not campaign without the leader's leave. */
    long untilNanos() {
        return untilNanos;
    }
}
