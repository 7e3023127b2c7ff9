package io.quorate.raft.driver;

import io.quorate.spi.storage.StorageExecutor;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The storage thread of a real node. */
public final class StorageThread implements StorageExecutor {

    private static final Logger LOG = LoggerFactory.getLogger(StorageThread.class);

    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Runnable end = () -> { };
    private final Thread thread;
    private volatile boolean closing;

    private StorageThread(String name) {
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Starts a thread of that name. */
    public static StorageThread start(String name) {
        StorageThread storage = new StorageThread(name);
        storage.thread.start();
        return storage;
    }

    @Override
    public void execute(Runnable task) {
        if (!closing) {
            tasks.add(task);
        }
    }

    @Override
    public boolean close(long timeoutMillis) {
        closing = true;
        tasks.add(end);
        try {
            thread.join(timeoutMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // The caller's; it is in a hurry, and the thread ends by itself.
        }
        return !thread.isAlive();
    }

    private void run() {
        while (true) {
            try {
                Runnable task = tasks.take();
                if (task == end) {
                    return;
                }
                task.run();
            } catch (InterruptedException e) {
                LOG.warn("Somebody interrupted the storage thread; it goes on, since nobody may");
            }
        }
    }
}
