package io.quorate.testing.simulation;

import io.quorate.spi.storage.StorageExecutor;
import io.quorate.testing.disk.PowerLossException;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/** A thread of a simulated process: tasks run one at a time, in order, each when its time is over. */
final class SimulatedThread implements StorageExecutor {

    private final VirtualWorld world;
    private final LongSupplier taskNanos;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean busy;
    private boolean paused;
    private boolean missed;
    private boolean dead;
    private boolean inside;

    /** @param taskNanos how long the next task takes */
    SimulatedThread(VirtualWorld world, LongSupplier taskNanos) {
        this.world = world;
        this.taskNanos = taskNanos;
    }

    @Override
    public void execute(Runnable task) {
        if (!dead) {
            tasks.add(task);
            next();
        }
    }

    private void next() {
        if (!busy && !dead && !tasks.isEmpty()) {
            busy = true;
            world.schedule(taskNanos.getAsLong(), this::run);
        }
    }

    private void run() {
        if (dead) {
            return;
        }
        if (paused) {
            missed = true;
            return;
        }
        busy = false;
        perform();
        next();
    }

    private void perform() {
        Runnable task = tasks.poll();
        if (task != null) {
            inside = true;
            try {
                task.run();
            } catch (PowerLossException e) {
                kill(); // The machine is without power; whoever owns the disk sees it after this event.
            } finally {
                inside = false;
            }
        }
    }

    /** Whether one of its tasks runs right now. */
    boolean inside() {
        return inside;
    }

    /** As SIGSTOP: what is handed in waits. */
    void pause() {
        paused = true;
    }

    void resume() {
        paused = false;
        if (missed) {
            missed = false;
            world.schedule(0, this::run);
        }
    }

    /** As SIGKILL: nothing runs any more. */
    void kill() {
        dead = true;
        tasks.clear();
    }

    @Override
    public boolean close(long timeoutMillis) {
        while (!tasks.isEmpty() && !dead) {
            perform();
        }
        dead = true;
        return true;
    }
}
