package io.quorate.testing.time;

import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.Clock;
import io.quorate.spi.time.NodeLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * A node loop in a {@link VirtualWorld}: the same contract as the production thread's, without a thread. A task that
 * throws fails the test at once.
 *
 * <p>Its clock is the world's, unless it is made to go faster or slower ({@link #clockRate}) or its wall clock is set
 * ({@link #jumpWallClock}); and it can be stopped for a while ({@link #pause}), as SIGSTOP does.
 */
public final class VirtualLoop implements NodeLoop {

    private final VirtualWorld world;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final List<Runnable> hooks = new ArrayList<>();
    private boolean turnScheduled;
    private boolean running;
    private boolean stopped;
    private boolean paused;
    private boolean turnMissed;
    private final Clock clock = new LoopClock();
    private double rate = 1;
    private long rateSinceWorldNanos;
    private long rateSinceLocalNanos;
    private long wallOffsetMillis;
    private BooleanSupplier late = () -> false;
    private LongSupplier lateNanos = () -> 0;
    private long lateUntilNanos;

    public VirtualLoop(VirtualWorld world) {
        this.world = world;
    }

    /**
     * What is handed in while {@code slow} says so arrives some time later, in order: another thread hands it in when
     * what it tells of has happened, and this loop goes on meanwhile without knowing.
     *
     * @param nanos how much later the next one arrives
     */
    public void late(BooleanSupplier slow, LongSupplier nanos) {
        late = slow;
        lateNanos = nanos;
    }

    @Override
    public void execute(Runnable task) {
        if (late.getAsBoolean()) {
            long now = world.clock().nanoTime();
            lateUntilNanos = Math.max(lateUntilNanos, now + lateNanos.getAsLong());
            world.schedule(lateUntilNanos - now, () -> arrived(task));
        } else {
            arrived(task);
        }
    }

    private void arrived(Runnable task) {
        if (stopped) {
            return;
        }
        tasks.add(task);
        if (!turnScheduled) {
            turnScheduled = true;
            world.schedule(0, this::turn);
        }
    }

    @Override
    public boolean inLoop() {
        return running;
    }

    @Override
    public Cancellable schedule(long delayNanos, Runnable task) {
        boolean[] cancelled = new boolean[1];
        if (delayNanos < 0) {
            throw new IllegalArgumentException("found a delay of " + delayNanos + " ns, expected 0 or more");
        }
        Cancellable due = world.schedule(rate == 1 ? delayNanos : (long) Math.ceil(delayNanos / rate), () -> {
            if (!cancelled[0]) {
                execute(() -> {
                    if (!cancelled[0]) {
                        task.run();
                    }
                });
            }
        });
        return () -> {
            cancelled[0] = true;
            due.cancel();
        };
    }

    @Override
    public void onTurnEnd(Runnable hook) {
        hooks.add(hook);
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public RandomGenerator random() {
        return world.random();
    }

    /** As if the process were killed: no task runs any more, not even those that wait. */
    public void kill() {
        stopped = true;
        tasks.clear();
    }

    /** From now on this loop's clock, and the delays of what is scheduled, run {@code factor} times as fast. */
    public void clockRate(double factor) {
        if (!(factor > 0)) {
            throw new IllegalArgumentException("found a clock rate of " + factor + ", expected more than 0");
        }
        rateSinceLocalNanos = clock.nanoTime();
        rateSinceWorldNanos = world.clock().nanoTime();
        rate = factor;
    }

    /** Sets the wall clock forth, or back if negative. The monotonic clock does not notice. */
    public void jumpWallClock(long millis) {
        wallOffsetMillis += millis;
    }

    /** Stops it for a while: its time goes on, and nothing runs. What becomes due, and what is handed in, waits. */
    public void pause() {
        paused = true;
    }

    /** Lets everything run that has waited. */
    public void resume() {
        paused = false;
        if (turnMissed) {
            turnMissed = false;
            world.schedule(0, this::turn);
        }
    }

    private void turn() {
        if (paused) {
            turnMissed = true;
            return;
        }
        turnScheduled = false;
        if (stopped) {
            return;
        }
        running = true;
        try {
            for (int gathered = tasks.size(); gathered > 0 && !stopped; gathered--) {
                tasks.poll().run();
            }
            for (Runnable hook : hooks) {
                if (!stopped) {
                    hook.run();
                }
            }
        } finally {
            running = false;
        }
        if (!tasks.isEmpty() && !turnScheduled) {
            turnScheduled = true;
            world.schedule(0, this::turn);
        }
    }

    private final class LoopClock implements Clock {
        @Override
        public long nanoTime() {
            long worldNanos = world.clock().nanoTime();
            return rate == 1 ? rateSinceLocalNanos + worldNanos - rateSinceWorldNanos
                : rateSinceLocalNanos + (long) ((worldNanos - rateSinceWorldNanos) * rate);
        }

        @Override
        public long wallMillis() {
            return world.clock().wallMillis() + wallOffsetMillis;
        }
    }
}
