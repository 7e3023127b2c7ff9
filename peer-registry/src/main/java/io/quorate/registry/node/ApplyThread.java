package io.quorate.registry.node;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * The apply thread of production: one daemon thread that runs what it is given, in order. It is bounded by those who
 * use it: a consensus hands over {@code MAX_UNAPPLIED_BATCHES}, and reads and watches are admitted by count.
 */
final class ApplyThread implements Executor, AutoCloseable {

    private static final Runnable END = () -> { };

    private final Consumer<Throwable> onUncaught;
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Thread thread;
    private final Object afterEnd = new Object();
    private volatile boolean ended;

    /** @param onUncaught hears of what tasks throw, on this thread; a broken invariant, which stops the node */
    ApplyThread(String name, Consumer<Throwable> onUncaught) {
        this.onUncaught = onUncaught;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /**
     * Runs {@code task} after everything that was handed in before. When the thread has ended, the task runs at once
     * with its caller, one at a time: by then the applier refuses everything, and whoever waits for an answer gets
     * that.
     */
    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (ended) {
            runLeftOver();
        }
    }

    /**
     * Runs what was handed in before, then ends the thread. Waits for at most {@link NodeLimits#STOP_MILLIS}.
     * Idempotent.
     */
    @Override
    public void close() {
        tasks.add(END);
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(NodeLimits.STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            for (Runnable next = tasks.take(); next != END; next = tasks.take()) {
                guarded(next);
            }
        } catch (InterruptedException e) {
            // Nobody but a stopping process interrupts this thread; what is left is run below.
            Thread.currentThread().interrupt();
        } finally {
            ended = true;
            runLeftOver();
        }
    }

    private void runLeftOver() {
        synchronized (afterEnd) {
            for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
                guarded(next);
            }
        }
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable broken) {
            onUncaught.accept(broken);
        }
    }
}
