package io.quorate.testing.time;

import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.Clock;
import io.quorate.spi.time.NodeLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A node loop in a {@link VirtualWorld}: the same contract as the production thread's, without a thread. A task that
 * throws fails the test at once.
 */
public final class VirtualLoop implements NodeLoop {

    private final VirtualWorld world;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final List<Runnable> hooks = new ArrayList<>();
    private boolean turnScheduled;
    private boolean running;
    private boolean stopped;

    public VirtualLoop(VirtualWorld world) {
        this.world = world;
    }

    @Override
    public void execute(Runnable task) {
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
        world.schedule(delayNanos, () -> {
            if (!cancelled[0]) {
                execute(() -> {
                    if (!cancelled[0]) {
                        task.run();
                    }
                });
            }
        });
        return () -> cancelled[0] = true;
    }

    @Override
    public void onTurnEnd(Runnable hook) {
        hooks.add(hook);
    }

    @Override
    public Clock clock() {
        return world.clock();
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

    private void turn() {
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
}
