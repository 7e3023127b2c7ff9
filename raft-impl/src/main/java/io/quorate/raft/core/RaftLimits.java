package io.quorate.raft.core;

import io.quorate.spi.HeapLimits;

/** Every bound of the core and its driver that is not a setting, in one place. */
public final class RaftLimits {

    /**
     * What the entries that are kept in memory may cost; those behind them are read from the log when they are needed.
     * A node with a small heap keeps less: see {@link HeapLimits#shareBytes()}.
     */
    public static final long MAX_WINDOW_BYTES = HeapLimits.MAX_SHARE_BYTES;

    /** What an entry costs beside its encoded bytes: an object, two views, an array, places in lists. */
    public static final int ENTRY_OVERHEAD_BYTES = 128;

    /** Which part of that may be proposed and not yet committed, before a leader says that it is overloaded. */
    public static final int UNCOMMITTED_PART = 2;

    /** How many entries may be, whatever they cost. */
    public static final long MAX_UNCOMMITTED_ENTRIES = 65_536;

    /** How many committed entries may wait to be applied before a leader says that it is overloaded. */
    public static final long MAX_UNDELIVERED_ENTRIES = 65_536;

    /** How many entries one append carries at most. */
    public static final int MAX_APPEND_ENTRIES = 8_192;

    /** In how many steps the bytes of a log between two snapshots are counted. */
    public static final int LOG_VOLUME_STEPS = 16;

    /** How much of a snapshot travels in one call. One is under way to each follower, and its bytes are in memory. */
    public static final int CHUNK_BYTES = 512 << 10;

    /** How many such pieces are in memory at once, of all followers (4 MiB of bytes); others wait for their turn. */
    public static final int MAX_CHUNKS_UNDER_WAY = 8;

    /** The largest piece of a snapshot that is taken from another node. */
    public static final int MAX_CHUNK_BYTES = 4 << 20;

    /** How long a piece may take to get to a follower's disk and be answered for: bulk waits for everything else. */
    public static final long CHUNK_TIMEOUT_NANOS = 10_000_000_000L;

    /** How long a leader leaves a follower alone that verifies what it has received, or that has no hand free. */
    public static final int INSTALL_POLL_MILLIS = 50;

    /** How much a leader sends while it does not know yet where a follower's log agrees with its own. */
    public static final int PROBE_BYTES = 64 << 10;

    /** A second heartbeat may leave while one is under way, so that one stuck stream does not silence a leader. */
    public static final int MAX_HEARTBEATS_IN_FLIGHT = 2;

    /** How many calls for a read index a follower has under way; reads that come meanwhile share the next one. */
    public static final int MAX_READ_CALLS_IN_FLIGHT = 4;

    /** How many reads may wait for confirmation. */
    public static final int MAX_PENDING_READS = 65_536;

    /** A failed append is tried again after this, doubling up to {@link #APPEND_RETRY_MAX_NANOS}. */
    public static final long APPEND_RETRY_MIN_NANOS = 20_000_000;

    public static final long APPEND_RETRY_MAX_NANOS = 200_000_000;

    /** A follower that has everything hears of a new commit index after this, unless something else carried it. */
    public static final long COMMIT_NOTICE_NANOS = 10_000_000;

    /** When the leader's sessions vanish, a follower asks for pre-votes after a random time between these two. */
    public static final long PRESENCE_LOSS_MIN_NANOS = 20_000_000;

    public static final long PRESENCE_LOSS_MAX_NANOS = 100_000_000;

    /** When to try again, for a caller whose proposal met a full queue. */
    public static final long OVERLOADED_RETRY_MILLIS = 50;

    /** When to try again, for a caller whose proposal met a leader that hands over. */
    public static final long TRANSFER_RETRY_MILLIS = 50;

    /** How many changes of the membership may wait for their turn. */
    public static final int MAX_WAITING_CHANGES = 16;

    /** A node that was removed is told so for this long at most. */
    public static final long FAREWELL_NANOS = 10_000_000_000L;

    /** How long a voter with a higher priority must have been there and up to date before it is handed the lead. */
    public static final long PLACEMENT_STABLE_NANOS = 5_000_000_000L;

    /** After a try to hand over for priority, the next one comes no sooner: nothing may go back and forth. */
    public static final long PLACEMENT_RETRY_NANOS = 60_000_000_000L;

    /** By how many entries a voter may be behind and still count as up to date for a hand-over by priority. */
    public static final long PLACEMENT_LAG_ENTRIES = 1_024;

    /** When to try again, for a caller or a leader that met a full disk. */
    public static final int STORAGE_FULL_RETRY_MILLIS = 500;

    private RaftLimits() {
    }
}
