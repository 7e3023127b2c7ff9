package io.quorate.raft.driver;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of a real node that read and write snapshots: none while there is nothing to do. There are two at most,
 * so that a piece that is sent or received does not wait for a snapshot that is taken.
 */
final class SnapshotThreads implements Executor {

    private static final int THREADS = 2;
    private static final long IDLE_SECONDS = 5;

    private final ThreadPoolExecutor pool;

    SnapshotThreads(String name) {
        AtomicInteger number = new AtomicInteger();
        pool = new ThreadPoolExecutor(THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
            task -> Thread.ofPlatform().daemon().name(name + "-" + (1 + number.getAndIncrement() % THREADS))
                .unstarted(task),
            new ThreadPoolExecutor.DiscardPolicy()); // Only after the end: nobody waits for it then.
        pool.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable task) {
        pool.execute(task);
    }

    /**
     * Begins nothing more, and waits for what has begun. Interrupts nobody: that would close files.
     *
     * @return whether nothing runs any more
     */
    boolean close(long timeoutMillis) {
        pool.getQueue().clear();
        pool.shutdown();
        try {
            return pool.awaitTermination(timeoutMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // The caller's; it is in a hurry.
            return false;
        }
    }
}
