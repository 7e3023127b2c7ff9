package io.quorate.raft.core;

import io.quorate.raft.log.LogEntry;

/**
 * The newest entries of the log, in memory: a ring without gaps from {@link #firstIndex()} to the end of the log.
 *
 * <p>Not thread-safe.
 */
final class EntryWindow {

    private static final int FIRST_CAPACITY = 1 << 10;

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

    /** Encoded bytes of all entries in memory. */
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
        bytes += entry.encoded().length();
    }

    void truncateFrom(long index) {
        while (nextIndex > Math.max(index, firstIndex)) {
            nextIndex--;
            bytes -= ring[slot(nextIndex)].encoded().length();
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
            bytes -= ring[slot(firstIndex)].encoded().length();
            ring[slot(firstIndex)] = null;
            firstIndex++;
        }
    }

    private void grow() {
        LogEntry[] larger = new LogEntry[ring.length * 2];
        for (long index = firstIndex; index < nextIndex; index++) {
            larger[(int) (index & (larger.length - 1))] = ring[slot(index)];
        }
        ring = larger;
    }

    private int slot(long index) {
        return (int) (index & (ring.length - 1));
    }
}
