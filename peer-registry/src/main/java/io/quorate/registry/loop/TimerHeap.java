package io.quorate.registry.loop;

import io.quorate.spi.time.Cancellable;
import java.util.Arrays;

/**
 * Timers in a binary heap, ordered by time and then by sequence. A cancelled timer leaves the heap at once: with lazy
 * removal, calls with long time limits that end early would fill it. One thread.
 */
final class TimerHeap {

    /** What {@link #nextNanos} answers if there is no timer. */
    static final long NONE = Long.MIN_VALUE;

    private static final int GONE = -1;

    private final class Timer implements Cancellable {
        private final long atNanos;
        private final long sequence;
        private Runnable task;
        private int slot;

        private Timer(long atNanos, long sequence, Runnable task) {
            this.atNanos = atNanos;
            this.sequence = sequence;
            this.task = task;
        }

        private boolean before(Timer other) {
            // By difference: nanoTime may overflow, its differences do not.
            long difference = atNanos - other.atNanos;
            return difference != 0 ? difference < 0 : sequence < other.sequence;
        }

        @Override
        public void cancel() {
            if (slot != GONE) {
                remove(slot);
            }
        }
    }

    private Timer[] heap = new Timer[64];
    private int size;
    private long sequence;

    Cancellable add(long atNanos, Runnable task) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        Timer timer = new Timer(atNanos, sequence++, task);
        place(timer, size++);
        up(timer);
        return timer;
    }

    /** The time of the earliest timer, or {@link #NONE}. */
    long nextNanos() {
        return size == 0 ? NONE : heap[0].atNanos;
    }

    /** Takes the earliest timer's task if it is due, otherwise null. */
    Runnable poll(long nowNanos) {
        if (size == 0 || heap[0].atNanos - nowNanos > 0) {
            return null;
        }
        Runnable task = heap[0].task;
        remove(0);
        return task;
    }

    int size() {
        return size;
    }

    private void remove(int slot) {
        Timer gone = heap[slot];
        Timer moved = heap[--size];
        heap[size] = null;
        gone.slot = GONE;
        // What the task holds on to must not live as long as somebody holds the handle.
        gone.task = null;
        if (moved != gone) {
            place(moved, slot);
            up(moved);
            down(moved);
        }
    }

    private void up(Timer timer) {
        while (timer.slot > 0) {
            Timer parent = heap[(timer.slot - 1) / 2];
            if (!timer.before(parent)) {
                return;
            }
            swap(parent, timer);
        }
    }

    private void down(Timer timer) {
        while (true) {
            int left = 2 * timer.slot + 1;
            if (left >= size) {
                return;
            }
            boolean right = left + 1 < size && heap[left + 1].before(heap[left]);
            Timer child = heap[right ? left + 1 : left];
            if (!child.before(timer)) {
                return;
            }
            swap(timer, child);
        }
    }

    private void swap(Timer upper, Timer lower) {
        int slot = upper.slot;
        place(upper, lower.slot);
        place(lower, slot);
    }

    private void place(Timer timer, int slot) {
        heap[slot] = timer;
        timer.slot = slot;
    }
}
