package io.quorate.spi.node;

/**
 * How the time of clients' sessions passes. It is a part of what every replica computes from the log, so all nodes of a
 * cluster, of all builds, must have the same: {@link #USUAL}. A simulation, whose clusters live for seconds, has
 * another one, so that sessions end in it.
 *
 * @param timeoutMillis how long a session that is not used stays open, in milliseconds of leadership
 * @param tickMillis how often a leader tells how much time has passed, in milliseconds
 */
public record SessionPace(long timeoutMillis, long tickMillis) {

    /**
     * Ten minutes, as long as the longest time limit that a client may give a command: whoever still tries has not lost
     * its session. Told every ten seconds.
     */
    public static final SessionPace USUAL = new SessionPace(600_000, 10_000);

    /** @throws IllegalArgumentException if a session would end between two ticks */
    public SessionPace {
        if (tickMillis < 1 || timeoutMillis < 2 * tickMillis) {
            throw new IllegalArgumentException("session pace: found a timeout of " + timeoutMillis + " ms and a tick "
                + "of " + tickMillis + " ms, expected a tick of 1 or more and a timeout of two ticks or more");
        }
    }

    /**
     * The most that one entry may say. A leader that was stopped, together with its cluster, for an hour does not end
     * every session with its first entry: the clients were stopped from using them, too.
     */
    public long maxTickMillis() {
        return 2 * tickMillis;
    }
}
