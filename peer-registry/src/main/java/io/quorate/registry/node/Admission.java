package io.quorate.registry.node;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A bound on what is under way, by count and by bytes. Thread-safe, without locks. */
final class Admission {

    private final String what;
    private final int maxCount;
    private final long maxBytes;
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    Admission(String what, int maxCount, long maxBytes) {
        this.what = what;
        this.maxCount = maxCount;
        this.maxBytes = maxBytes;
    }

    /** Takes room for all of it, or none. */
    boolean tryAcquire(int items, long size) {
        if (count.addAndGet(items) > maxCount) {
            count.addAndGet(-items);
            return false;
        }
        if (bytes.addAndGet(size) > maxBytes) {
            release(items, size);
            return false;
        }
        return true;
    }

    void release(int items, long size) {
        count.addAndGet(-items);
        bytes.addAndGet(-size);
    }

    /** What is full, in words. */
    String describe() {
        return "this node has " + count.get() + " " + what + " of " + bytes.get() + " bytes under way, and takes at "
            + "most " + maxCount + " and " + maxBytes + " bytes";
    }
}
