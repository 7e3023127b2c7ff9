package io.quorate.raft.core;

import java.util.random.RandomGenerator;

/** A core's random times: without chance, nodes that split the vote once would do so for ever (thesis §3.4). */
final class Delays {

    private static final int MOST_DOUBLINGS = 10;

    private final RaftSettings settings;
    private final RandomGenerator random;

    Delays(RaftSettings settings, RandomGenerator random) {
        this.settings = settings;
        this.random = random;
    }

    long electionTimeoutNanos() {
        return between(settings.electionMinNanos(), settings.electionMaxNanos());
    }

    /** A short pause before another round, longer after each one, at most an election timeout. */
    long retryNanos(int attempt) {
        int shift = Math.min(attempt, MOST_DOUBLINGS);
        long most = Math.min(RaftLimits.PRESENCE_LOSS_MAX_NANOS << shift, settings.electionMaxNanos());
        return between(Math.min(RaftLimits.PRESENCE_LOSS_MIN_NANOS, most), most);
    }

    /** After a leader's or a candidate's sessions have come or gone. */
    long presenceNanos() {
        return between(RaftLimits.PRESENCE_LOSS_MIN_NANOS, RaftLimits.PRESENCE_LOSS_MAX_NANOS);
    }

    private long between(long least, long most) {
        return least >= most ? least : random.nextLong(least, most + 1);
    }
}
