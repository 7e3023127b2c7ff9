package io.quorate.raft.log;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Takes the content of a snapshot that is being taken. One thread at a time, any thread.
 *
 * <p>After an exception only {@link #abort} is of use; what was written is under a temporary name, is never taken for a
 * snapshot, and is deleted by the abort or the next opening of the store.
 */
public abstract class SnapshotWriter extends OutputStream {

    SnapshotWriter() {
    }

    /**
     * Completes the snapshot: content durable, then its name. On return it is there after any crash; before, none of it
     * is. Then older ones beyond the retention are deleted, unless somebody holds them.
     *
     * @throws IllegalStateException if its term is above the saved hard state's: a snapshot ahead of its node's term
     *     could not be told from a hard state that went back
     * @throws io.quorate.spi.storage.StorageFullException if there is no room; it has not happened
     */
    public abstract SnapshotMeta commit() throws IOException;

    /** Gives it up and deletes what was written. Idempotent; no effect after a commit. */
    public abstract void abort() throws IOException;

    /** As {@link #abort}: a snapshot that nobody has committed is none. */
    @Override
    public final void close() throws IOException {
        abort();
    }
}
