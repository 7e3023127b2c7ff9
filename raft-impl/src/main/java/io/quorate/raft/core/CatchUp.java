package io.quorate.raft.core;

/**
 * Whether a learner has caught up, after thesis §4.2.1: rounds of replication, each up to where the leader's log ended
 * when the round began. It has caught up when its latest round took no longer than the shortest election timeout. A
 * learner that took longer would, as a voter, hold up what is proposed for about that long.
 */
final class CatchUp {

    private final long longestRoundNanos;
    private boolean begun;
    private long roundStartNanos;
    private long roundTarget;
    private boolean done;

    CatchUp(long longestRoundNanos) {
        this.longestRoundNanos = longestRoundNanos;
    }

    /** It is known to have the leader's log up to {@code match}, and the log ends at {@code lastIndex}. */
    void advance(long match, long lastIndex, long now) {
        if (!begun) {
            begin(lastIndex, now);
        } else if (match >= roundTarget) {
            done = now - roundStartNanos <= longestRoundNanos;
            begin(lastIndex, now);
        } else if (now - roundStartNanos > longestRoundNanos) {
            done = false;
        }
    }

    boolean isDone() {
        return done;
    }

    private void begin(long lastIndex, long now) {
        begun = true;
        roundStartNanos = now;
        roundTarget = lastIndex;
    }
}
