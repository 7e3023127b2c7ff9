package io.quorate.registry.node;

import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.spi.node.SessionPace;

/**
 * The limits of the clients' sessions. They are part of what every replica computes from the log: two builds with other
 * values would diverge, so a change of one needs a new form of the entries.
 */
public final class SessionLimits {

    /**
     * How long a session that is not used stays open, in milliseconds of leadership. As long as the longest time limit
     * that a client may give a command: whoever still tries has not lost its session.
     */
    public static final long TIMEOUT_MILLIS = SessionPace.USUAL.timeoutMillis();

    /** How often a leader tells how much time has passed, while there are sessions, in milliseconds. */
    public static final long TICK_MILLIS = SessionPace.USUAL.tickMillis();

    /**
     * The most that one such entry may say. A leader that was stopped, together with its cluster, for an hour does not
     * end every session with its first entry: the clients were stopped from using them, too.
     */
    public static final long MAX_TICK_MILLIS = SessionPace.USUAL.maxTickMillis();

    /** How many sessions may be open; one more ends that which was not used for longest. */
    public static final int MAX_SESSIONS = 8_192;

    /** How many results of one session are kept for repetitions. */
    public static final int MAX_RESULTS_PER_SESSION = ProtocolLimits.MAX_UNANSWERED_SEQUENCES;

    /** How many bytes one session may take (4 MiB); beyond, its oldest results are dropped. */
    public static final long MAX_BYTES_PER_SESSION = 4L << 20;

    /** How many bytes all of them may take (16 MiB); beyond, those end that were not used for longest. */
    public static final long MAX_BYTES = 16L << 20;

    /** The most that all of them take in a snapshot: less than in memory, where more is reckoned for each. */
    static final int MAX_ENCODED_BYTES = (int) MAX_BYTES + 1_024;

    /** What a session is reckoned to take without its results, in bytes. */
    static final int SESSION_OVERHEAD_BYTES = 256;

    /** What a run of results is reckoned to take beside its bytes, in bytes: a tree's node, four objects. */
    static final int RUN_OVERHEAD_BYTES = 160;

    private SessionLimits() {
    }
}
