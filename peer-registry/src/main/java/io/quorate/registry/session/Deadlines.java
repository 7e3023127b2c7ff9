package io.quorate.registry.session;

import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The deadlines of all calls, in ticks of {@value #TICK_MILLIS} ms: nothing expires early, and at most one tick late.
 * Calls that end in the same tick share a bucket, and all buckets share one timer of the loop, which is set only while
 * there is a deadline. Adding and removing cost no timer. Loop only.
 */
final class Deadlines {

    static final long TICK_MILLIS = 8;

    private static final long TICK_NANOS = TICK_MILLIS * 1_000_000;
    private static final int NOT_IN_BUCKET = -1;

    /** What has a deadline. */
    abstract static class Entry {
        private Bucket bucket;
        private int slot = NOT_IN_BUCKET;

        /** The time is over; the entry is removed already. */
        abstract void onDeadline();
    }

    private static final class Bucket {
        private final List<Entry> entries = new ArrayList<>();
    }

    private final NodeLoop loop;
    private final long originNanos;
    private final TreeMap<Long, Bucket> buckets = new TreeMap<>();
    private long latestTick = -1;
    private Bucket latest;
    private Cancellable timer;
    private long timerTick;

    Deadlines(NodeLoop loop) {
        this.loop = loop;
        this.originNanos = loop.clock().nanoTime();
    }

    /** @param atNanos on the loop's clock; a time that is past expires with the next tick, never within this call */
    void add(Entry entry, long atNanos) {
        long tick = Math.max(atNanos - originNanos + TICK_NANOS - 1, 0) / TICK_NANOS;
        // Calls with the same time limit end in the same tick more often than not: most find their bucket here.
        if (tick != latestTick || latest == null) {
            latestTick = tick;
            latest = buckets.computeIfAbsent(tick, ignored -> new Bucket());
        }
        entry.bucket = latest;
        entry.slot = latest.entries.size();
        latest.entries.add(entry);
        arm(tick);
    }

    /** Removes the entry; has no effect if it has expired. */
    void remove(Entry entry) {
        if (entry.slot == NOT_IN_BUCKET) {
            return;
        }
        List<Entry> entries = entry.bucket.entries;
        Entry last = entries.remove(entries.size() - 1);
        if (last != entry) {
            entries.set(entry.slot, last);
            last.slot = entry.slot;
        }
        forget(entry);
    }

    private void arm(long tick) {
        if (timer != null) {
            if (timerTick <= tick) {
                return;
            }
            timer.cancel();
        }
        timerTick = tick;
        long delay = originNanos + tick * TICK_NANOS - loop.clock().nanoTime();
        timer = loop.schedule(Math.max(delay, 0), this::expire);
    }

    private void expire() {
        timer = null;
        long nowTick = (loop.clock().nanoTime() - originNanos) / TICK_NANOS;
        while (!buckets.isEmpty() && buckets.firstKey() <= nowTick) {
            Bucket due = buckets.pollFirstEntry().getValue();
            latest = due == latest ? null : latest;
            // From the end, one by one: what an entry does may remove others of this bucket.
            while (!due.entries.isEmpty()) {
                Entry entry = due.entries.remove(due.entries.size() - 1);
                forget(entry);
                entry.onDeadline();
            }
        }
        Map.Entry<Long, Bucket> next = buckets.firstEntry();
        while (next != null && next.getValue().entries.isEmpty()) {
            latest = next.getValue() == latest ? null : latest;
            buckets.pollFirstEntry();
            next = buckets.firstEntry();
        }
        if (next != null) {
            arm(next.getKey());
        }
    }

    private static void forget(Entry entry) {
        entry.bucket = null;
        entry.slot = NOT_IN_BUCKET;
    }
}
