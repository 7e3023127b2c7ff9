package io.quorate.raft.core;

import io.quorate.raft.log.LogEntry;

/**
 * The newest entries of the log, in memory: a ring without gaps from {@link #firstIndex()} to the end of the log.
 *
 * <p>Not thread-safe.
 */
final class EntryWindow {

    private static final int FIRST_CAPACITY = 1 << 10;

    /** A ring of which less than this part is in use is made smaller; so growing and shrinking never alternate. */
    private static final int SPARSE = 8;

    private LogEntry[] ring = new LogEntry[FIRST_CAPACITY];
    private long firstIndex;
    private long nextIndex;
    private long bytes;

    /** @param nextIndex the index that the next entry will have */
    EntryWindow(long nextIndex) {
        this.firstIndex = nextIndex;
        this.nextIndex = nextIndex;
    }

    /** The oldest entry in memory, or the next one to come. */
    long firstIndex() {
        return firstIndex;
    }

    /** What all entries in memory cost, see {@link #cost}. */
    long bytes() {
        return bytes;
    }

    /** The entry at {@code index}, or null if it is not in memory. */
    LogEntry get(long index) {
        return index >= firstIndex && index < nextIndex ? ring[slot(index)] : null;
    }

    void append(LogEntry entry) {
        if (entry.index() != nextIndex) {
            throw new BrokenInvariantException("found entry " + entry.index() + ", expected " + nextIndex);
        }
        if (nextIndex - firstIndex == ring.length) {
            grow();
        }
        ring[slot(nextIndex)] = entry;
        nextIndex++;
        bytes += cost(entry);
    }

    /** What an entry costs in memory: its encoded form, and the objects that are it. */
    static long cost(LogEntry entry) {
        return entry.encoded().length() + RaftLimits.ENTRY_OVERHEAD_BYTES;
    }

    void truncateFrom(long index) {
        while (nextIndex > Math.max(index, firstIndex)) {
            nextIndex--;
            bytes -= cost(ring[slot(nextIndex)]);
            ring[slot(nextIndex)] = null;
        }
        if (index < firstIndex) {
            firstIndex = index;
            nextIndex = index;
        }
    }

    /** Forgets the oldest entries while there are more than {@code maxBytes}, none above {@code upTo}. */
    void evict(long upTo, long maxBytes) {
        while (bytes > maxBytes && firstIndex <= upTo && firstIndex < nextIndex) {
            forgetFirst();
        }
        shrink();
    }

    /** Forgets the entries up to {@code index}: the log has them no more, so nobody will ask for them. */
    void releaseUntil(long index) {
        while (firstIndex <= index && firstIndex < nextIndex) {
            forgetFirst();
        }
        shrink();
    }

    private void forgetFirst() {
        bytes -= cost(ring[slot(firstIndex)]);
        ring[slot(firstIndex)] = null;
        firstIndex++;
    }

    private void grow() {
        resize(ring.length * 2);
    }

    /** Many small entries make a large ring; without this it would stay as large under the next few large ones. */
    private void shrink() {
        int capacity = ring.length;
        while (capacity > FIRST_CAPACITY && nextIndex - firstIndex < capacity / SPARSE) {
            capacity /= 2;
        }
        if (capacity < ring.length) {
            resize(capacity);
        }
    }

    private void resize(int capacity) {
        LogEntry[] other = new LogEntry[capacity];
        for (long index = firstIndex; index < nextIndex; index++) {
            other[(int) (index & (capacity - 1))] = ring[slot(index)];
        }
        ring = other;
    }

    /** How many entries have room. */
    int capacity() {
        return ring.length;
    }

    private int slot(long index) {
        return (int) (index & (ring.length - 1));
    }
}
