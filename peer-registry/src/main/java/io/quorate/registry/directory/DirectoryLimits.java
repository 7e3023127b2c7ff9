package io.quorate.registry.directory;

/** The limits and intervals of the registry, in one place. */
public final class DirectoryLimits {

    /** How long a peer without sessions is SUSPECT before it is OFFLINE. A restart or a reconnection fits in. */
    public static final long SUSPECT_MILLIS = 500;

    /**
     * How long a fresh leader waits for a peer to which it has never had a session. Scenario without it: a node is
     * started, wins an election over its first connection, and marks everybody SUSPECT whom it has merely not dialed
     * yet.
     */
    public static final long SETTLING_MILLIS = 1_000;

    /**
     * How long a session of an older process than the recorded one must last to be believed: longer than a session
     * whose other end is dead can, confirmed or not ({@link io.quorate.registry.session.SessionSettings#forNode}).
     */
    public static final long OLDER_PROCESS_MILLIS = 4_000;

    /** How often a leader compares although nothing seems to have changed. */
    public static final long RECONCILE_MILLIS = 250;

    /** How many changes can be asked for one by one; who is further behind gets the whole state. */
    public static final int MAX_HISTORY_EVENTS = 4_096;

    /** The most records, removed members included; further members are not recorded. */
    public static final int MAX_RECORDS = 1_024;

    /** The most changes in one proposal; the rest follows with the next. */
    public static final int MAX_CHANGES_PER_PROPOSAL = 256;

    /** How long a row of the presence matrix is shown after its observer was last heard: three reports and a bit. */
    public static final long ROW_STALE_MILLIS = 3_500;

    /** How often each node repeats its row. */
    public static final long ROW_REPEAT_MILLIS = 1_000;

    /** The longest reason, in bytes. */
    static final int MAX_REASON_BYTES = 512;

    /** The longest of the other texts, in bytes. */
    static final int MAX_TEXT_BYTES = 1_024;

    private DirectoryLimits() {
    }
}
