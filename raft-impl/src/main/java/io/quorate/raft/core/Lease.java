package io.quorate.raft.core;

/**
 * A leader's lease (thesis §6.4.1): while it lasts, no other leader can have been elected, so that a read needs no
 * round of heartbeats.
 *
 * <p><b>Why it is safe.</b> With {@code leases} on, a follower that accepts a heartbeat promises in its answer: for an
 * election timeout from the receipt, on its own monotonic clock, it votes for nobody but this leader, not for itself
 * either. It keeps that whatever else it hears: when its sessions to the leader vanish (there is no fast election
 * then), when it adopts a higher term, when its role changes. So the promise lives beside the roles, in
 * {@link Promise}. The leader counts it from when it <em>sent</em> that heartbeat, which is not after the receipt, and
 * for so much less as clocks may differ in speed: with a margin of d a lease is over before any of its promises is, as
 * long as no clock is off by more than d / (2 - d); that is 5 % for the default of 10 %. A lease is in force while a
 * quorum's promises last, and every election needs the vote of one of them. Under a joint configuration both
 * majorities' promises count, so the same holds against a candidate of the configuration before or after.
 *
 * <p>Three things could break a promise. A <em>restart</em> forgets it: so a node that has been in a term before gives
 * no vote for an election timeout after its start. A <em>wiped store</em> forgets even that: its vote does not count
 * where its store is recorded. A <em>hand-over</em> overrides it: so a leader gives its lease up for the rest of its
 * term before it sends the first TIMEOUT_NOW, and only a candidate of the next term may refer to it.
 *
 * <p>Only a follower that says so promises, so nodes of which some have leases off, or other election timeouts, get
 * along. Not covered: a machine that is suspended as a whole, since its monotonic clock may stand still.
 */
final class Lease {

    private static final long NANOS_PER_MILLI_PERCENT = 10_000;

    private final boolean enabled;
    private final int marginPercent;
    private boolean released;

    Lease(RaftSettings.Leadership settings) {
        this.enabled = settings.leases();
        this.marginPercent = settings.leaseDriftPercent();
    }

    /** Until when a promise counts that was asked for at {@code sentNanos}. */
    long countsUntilNanos(long sentNanos, int promiseMillis) {
        return sentNanos + promiseMillis * NANOS_PER_MILLI_PERCENT * (100 - marginPercent);
    }

    /** The leader is about to hand over: it has no lease in this term any more. */
    void release() {
        released = true;
    }

    /** @param untilNanos how long a quorum's promises count; {@link Long#MIN_VALUE} if there is no such quorum */
    boolean isInForce(long untilNanos, long now) {
        return enabled && !released && now < untilNanos;
    }
}
