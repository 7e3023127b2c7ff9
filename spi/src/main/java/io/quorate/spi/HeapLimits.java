package io.quorate.spi;

/**
 * What follows from the size of a node's heap, in one place: each queue and buffer that grows with the load may hold a
 * share of it. Without this a node with a small heap would take in as much as one with a large heap, and die of it.
 *
 * <p>Those that take a share each: the entries that a consensus keeps in memory, the commands under way, the queries
 * under way, and, for each transport, the frames that have arrived in part: five sixteenths in all with two transports,
 * a little more on small heaps, where a transport must have room for one frame of the largest size. What is left is for
 * the state machine, for copies on their way through codecs and transports, and for the collector.
 */
public final class HeapLimits {

    /** The most that a share comes to on a large heap, in bytes: more would make answers late, and nothing faster. */
    public static final long MAX_SHARE_BYTES = 64L << 20;

    /** Which part of the heap a share is. */
    private static final int HEAP_PART = 16;

    private HeapLimits() {
    }

    /** One share of this process's heap, in bytes. */
    public static long shareBytes() {
        return shareBytes(Runtime.getRuntime().maxMemory());
    }

    /** One share of a heap of {@code heapBytes}, in bytes. */
    public static long shareBytes(long heapBytes) {
        return Math.min(MAX_SHARE_BYTES, heapBytes / HEAP_PART);
    }
}
