package io.quorate.testing.time;

import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.Clock;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * One virtual time for everything that takes part in a simulation: a queue of events ordered by (time, sequence), and a
 * seed. Nothing here waits: time jumps to the next event.
 *
 * <p>The same seed and the same program give the same run. Not thread-safe: a world lives on one thread.
 */
public final class VirtualWorld {

    /** The wall clock at virtual time 0: 2001-09-09T01:46:40Z. */
    public static final long EPOCH_MILLIS = 1_000_000_000_000L;

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final RandomGenerator random;
    private final Clock clock = new WorldClock();
    private long nowNanos;
    private long nextSequence;

    public VirtualWorld(long seed) {
        // Named, so that every Java platform draws the same numbers from the same seed.
        this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    public Clock clock() {
        return clock;
    }

    public RandomGenerator random() {
        return random;
    }

    /** Runs {@code task} after {@code delayNanos} of virtual time. */
    public Cancellable schedule(long delayNanos, Runnable task) {
        if (delayNanos < 0) {
            throw new IllegalArgumentException("found a delay of " + delayNanos + " ns, expected 0 or more");
        }
        Event event = new Event(nowNanos + delayNanos, nextSequence++, task);
        events.add(event);
        return event;
    }

    /**
     * An executor on which tasks run one at a time, in order, each {@code latencyNanos} after the one before has run.
     */
    public Executor serialExecutor(long latencyNanos) {
        long[] freeAtNanos = new long[1];
        return task -> {
            freeAtNanos[0] = Math.max(freeAtNanos[0], nowNanos) + latencyNanos;
            schedule(freeAtNanos[0] - nowNanos, task);
        };
    }

    /** Runs the next event, if there is one. */
    public boolean step() {
        Event event = events.poll();
        if (event == null) {
            return false;
        }
        nowNanos = event.atNanos;
        Runnable task = event.task;
        event.task = null;
        if (task != null) {
            task.run();
        }
        return true;
    }

    /** Runs everything that is due within {@code nanos} of virtual time from now, and lets that time pass. */
    public void runFor(long nanos) {
        long until = nowNanos + nanos;
        while (!events.isEmpty() && events.peek().atNanos <= until) {
            step();
        }
        nowNanos = until;
    }

    /**
     * Runs until {@code condition} holds.
     *
     * @return whether it held within {@code atMostNanos} of virtual time
     */
    public boolean runUntil(BooleanSupplier condition, long atMostNanos) {
        long until = nowNanos + atMostNanos;
        while (!condition.getAsBoolean()) {
            if (events.isEmpty() || events.peek().atNanos > until) {
                nowNanos = until;
                return condition.getAsBoolean();
            }
            step();
        }
        return true;
    }

    private final class WorldClock implements Clock {
        @Override
        public long nanoTime() {
            return nowNanos;
        }

        @Override
        public long wallMillis() {
            return EPOCH_MILLIS + nowNanos / 1_000_000;
        }
    }

    private static final class Event implements Comparable<Event>, Cancellable {
        private final long atNanos;
        private final long sequence;
        private Runnable task;

        Event(long atNanos, long sequence, Runnable task) {
            this.atNanos = atNanos;
            this.sequence = sequence;
            this.task = task;
        }

        @Override
        public void cancel() {
            task = null;
        }

        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }
}
