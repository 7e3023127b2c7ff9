package io.quorate.kv;

/** The limits of the store, in one place. They are part of what replicas agree on: all nodes must have the same. */
public final class KvLimits {

    /** The longest key, in bytes; the shortest has 1. */
    public static final int MAX_KEY_BYTES = 1_024;

    /** The longest value, in bytes; it may be empty. */
    public static final int MAX_VALUE_BYTES = 512 << 10;

    /** How many entries one page of a listing may hold. */
    public static final int MAX_PAGE_ENTRIES = 1_000;

    /** Behind how many bytes of keys and values a page ends, though at least one entry is on it. */
    public static final int MAX_PAGE_BYTES = 1 << 20;

    /** How many events one answer of a watch may hold. */
    public static final int MAX_WATCH_EVENTS = 1_000;

    /** Behind how many bytes of keys and values such an answer ends, though at least one event is in it. */
    public static final int MAX_WATCH_BYTES = 1 << 20;

    /** How many events the store remembers for watches. */
    public static final int HISTORY_MAX_EVENTS = 100_000;

    /**
     * How much they may weigh, in bytes: keys, values, and {@link #EVENT_OVERHEAD_BYTES} each (8 MiB: every one of
     * {@link #HISTORY_MAX_EVENTS} small ones, or fifteen of the largest). A number of its own and no part of a node's
     * heap: what is remembered decides what watchers are told and what a snapshot holds, and replicas must agree. So it
     * has to suit the smallest node there may be; with 64 MiB, one with a heap of 64 MiB died of its history alone.
     */
    public static final long HISTORY_MAX_BYTES = 8L << 20;

    /** What an event weighs beside its key and value, in bytes. */
    public static final int EVENT_OVERHEAD_BYTES = 64;

    private KvLimits() {
    }
}
