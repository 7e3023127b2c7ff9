package io.quorate.kv.store;

import io.quorate.api.Bytes;
import io.quorate.kv.KvLimits;
import java.util.Arrays;

/**
 * The last mutations, for watches: bounded in number and in weight, the oldest dropped first.
 *
 * <p>Every mutation has the next revision, so the place of a revision follows from its number: parallel arrays used as
 * a ring, with no object per event. Keys and values are those of the entries.
 */
final class History {

    private static final int FIRST_CAPACITY = 1_024;

    private final int maxEvents;
    private final long maxBytes;
    private Bytes[] keys = new Bytes[FIRST_CAPACITY];
    private Bytes[] values = new Bytes[FIRST_CAPACITY];
    private long[] versions = new long[FIRST_CAPACITY];
    private long oldest = 1;
    private long next = 1;
    private long bytes;

    /** What is remembered, in order from {@code oldest} on; value null for a delete. */
    record Copy(long oldest, Bytes[] keys, Bytes[] values, long[] versions) {

        /** The revision of the next mutation. */
        long next() {
            return oldest + keys.length;
        }
    }

    History(int maxEvents, long maxBytes) {
        this.maxEvents = maxEvents;
        this.maxBytes = maxBytes;
    }

    /** The oldest revision that is remembered; the next one if none is. */
    long oldest() {
        return oldest;
    }

    /** The revision of the next mutation. */
    long next() {
        return next;
    }

    Bytes key(long revision) {
        return keys[slot(revision)];
    }

    /** The value put, or null for a delete. */
    Bytes value(long revision) {
        return values[slot(revision)];
    }

    long version(long revision) {
        return versions[slot(revision)];
    }

    /**
     * Whether somebody whose next question is for {@code revision} should be told a newer one soon: it is in the older
     * half of a history that is at least half full, or gone already.
     */
    boolean isOld(long revision) {
        boolean halfFull = (next - oldest) * 2 >= maxEvents || bytes * 2 >= maxBytes;
        return halfFull && revision - oldest < (next - oldest) / 2;
    }

    void put(Bytes key, Bytes value, long version) {
        add(key, value, version, value.length());
    }

    void delete(Bytes key) {
        add(key, null, 0, 0);
    }

    /** The references, in order. */
    Copy copy() {
        int count = Math.toIntExact(next - oldest);
        Copy copy = new Copy(oldest, new Bytes[count], new Bytes[count], new long[count]);
        for (int i = 0; i < count; i++) {
            int slot = slot(oldest + i);
            copy.keys()[i] = keys[slot];
            copy.values()[i] = values[slot];
            copy.versions()[i] = versions[slot];
        }
        return copy;
    }

    /** An empty history goes on with {@code revision}. */
    void restart(long revision) {
        oldest = revision;
        next = revision;
    }

    private void add(Bytes key, Bytes value, long version, int valueLength) {
        if (next - oldest == keys.length) {
            grow();
        }
        int slot = slot(next);
        keys[slot] = key;
        values[slot] = value;
        versions[slot] = version;
        next++;
        bytes += KvLimits.EVENT_OVERHEAD_BYTES + key.length() + valueLength;
        while (next - oldest > maxEvents || bytes > maxBytes) {
            dropOldest();
        }
    }

    private void dropOldest() {
        int slot = slot(oldest);
        int valueLength = values[slot] == null ? 0 : values[slot].length();
        bytes -= KvLimits.EVENT_OVERHEAD_BYTES + keys[slot].length() + valueLength;
        keys[slot] = null;
        values[slot] = null;
        oldest++;
    }

    /** Doubles the ring. The lower bits of a revision are its slot, so each event moves to the slot of its new mask. */
    private void grow() {
        int capacity = keys.length * 2;
        Bytes[] grownKeys = new Bytes[capacity];
        Bytes[] grownValues = new Bytes[capacity];
        long[] grownVersions = Arrays.copyOf(versions, capacity);
        for (long revision = oldest; revision < next; revision++) {
            int from = slot(revision);
            int to = (int) (revision & (capacity - 1));
            grownKeys[to] = keys[from];
            grownValues[to] = values[from];
            grownVersions[to] = versions[from];
        }
        keys = grownKeys;
        values = grownValues;
        versions = grownVersions;
    }

    private int slot(long revision) {
        return (int) (revision & (keys.length - 1));
    }
}
