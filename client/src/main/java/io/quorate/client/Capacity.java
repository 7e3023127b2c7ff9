package io.quorate.client;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds what is pending, in number and bytes at once: both live in one word, so that a thread that submits pays for
 * one atomic addition.
 *
 * <p>Thread-safe. Between a thread that comes one too late and its taking back, others may be turned away although
 * there is just room; at the bound that is no harm.
 */
final class Capacity {

    /** Bytes are in the lower 40 bits, the number is above. */
    private static final int COUNT_SHIFT = 40;
    private static final long ONE = 1L << COUNT_SHIFT;

    private final AtomicLong used = new AtomicLong();
    private final int maxCount;
    private final long maxBytes;

    Capacity(int maxCount, long maxBytes) {
        // Leaves room for what many threads have added and are about to take back.
        if (maxCount < 1 || maxCount > 1 << 22 || maxBytes < 1 || maxBytes > 1L << 38) {
            throw new IllegalArgumentException("found bounds of " + maxCount + " operations and " + maxBytes
                + " bytes, expected 1 to " + (1 << 22) + " and 1 to " + (1L << 38));
        }
        this.maxCount = maxCount;
        this.maxBytes = maxBytes;
    }

    /** Takes room for one operation of {@code bytes}, if there is any. An operation alone is never too large. */
    boolean tryTake(int bytes) {
        long after = used.addAndGet(ONE + bytes);
        if (count(after) <= maxCount && (bytes(after) <= maxBytes || count(after) == 1)) {
            return true;
        }
        used.addAndGet(-ONE - bytes);
        return false;
    }

    /** Takes room for an operation of the client's own, which must not wait for the application's. */
    void take() {
        used.addAndGet(ONE);
    }

    /** Gives room back. */
    void release(int count, long bytes) {
        used.addAndGet(-(count * ONE) - bytes);
    }

    int count() {
        return count(used.get());
    }

    long bytes() {
        return bytes(used.get());
    }

    @Override
    public String toString() {
        return maxCount + " operations or " + maxBytes + " bytes";
    }

    private static int count(long word) {
        return (int) (word >>> COUNT_SHIFT);
    }

    private static long bytes(long word) {
        return word & (ONE - 1);
    }
}
