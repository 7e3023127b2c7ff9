package io.quorate.registry.node;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A bound on what is under way, by count and by bytes. Counts each refusal, by what was full. Thread-safe, and
 * without locks.
 */
final class Admission {

    private final String what;
    private final int maxCount;
    private final long maxBytes;
    private final Consumer<String> counters;
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    /**
     * @param what is under way, in words that are a part of counters' names
     * @param counters hears of each refusal
     */
    Admission(String what, int maxCount, long maxBytes, Consumer<String> counters) {
        this.what = what;
        this.maxCount = maxCount;
        this.maxBytes = maxBytes;
        this.counters = counters;
    }

    /** Takes room for all of it, or none. */
    boolean tryAcquire(int items, long size) {
        if (count.addAndGet(items) > maxCount) {
            count.addAndGet(-items);
            counters.accept(Overloads.count(what));
            return false;
        }
        if (bytes.addAndGet(size) > maxBytes) {
            release(items, size);
            counters.accept(Overloads.bytes(what));
            return false;
        }
        return true;
    }

    void release(int items, long size) {
        count.addAndGet(-items);
        bytes.addAndGet(-size);
    }

    /** Whether nothing is under way. */
    boolean isEmpty() {
        return count.get() == 0;
    }

    /** What is full, in words. */
    String describe() {
        return "this node has " + count.get() + " " + what + " of " + bytes.get() + " bytes under way, and takes at "
            + "most " + maxCount + " and " + maxBytes + " bytes";
    }
}
