package io.quorate.spi.storage;

import java.util.concurrent.Executor;

/**
 * The port of the one storage thread: runs tasks one at a time, in the order in which they were handed in. Tasks
 * block on the disk. In production a thread, in tests a queue in virtual time.
 */
public interface StorageExecutor extends Executor {

    /**
     * Runs what was handed in before, then ends; later tasks are dropped. Never interrupts a task: an interrupt would
     * close the files that it writes to.
     *
     * @param timeoutMillis how long to wait for that at most
     * @return whether all ran in time
     */
    boolean close(long timeoutMillis);
}
