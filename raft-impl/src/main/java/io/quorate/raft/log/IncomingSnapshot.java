package io.quorate.raft.log;

import io.quorate.api.Bytes;
import java.io.Closeable;
import java.io.IOException;

/**
 * A snapshot that is being received, the file of the sender byte for byte. One thread at a time, any thread.
 *
 * <p>What has arrived is kept under a temporary name until {@link #commit}: also over a {@link #close}, a crash or a
 * restart, so that {@link SnapshotStore#receive} of an equal meta goes on from there.
 */
public interface IncomingSnapshot extends Closeable {

    SnapshotMeta meta();

    /** How much there is: the offset of the next byte needed. {@code meta().bytes()} when all has arrived. */
    long received();

    /**
     * Writes what follows. What has been received already is skipped, so repeating a chunk does no harm.
     *
     * @param offset at most {@link #received()}: nothing is left out
     * @param chunk ends at {@code meta().bytes()} at the latest
     * @throws io.quorate.spi.storage.StorageFullException if there is no room; {@link #received()} says how much there
     *     is, and the rest may be tried again
     * @throws IllegalArgumentException if the chunk leaves a gap or is too long
     */
    void write(long offset, Bytes chunk) throws IOException;

    /**
     * Verifies all that has arrived, from the disk, and completes the snapshot: content durable, then its name. On
     * return it is there after any crash; before, it is not. Then older ones beyond the retention are deleted, unless
     * somebody holds them. Blocks while the file is read.
     *
     * <p>If it replaces the log, {@link LogStore#resetTo} follows; after a crash between the two, opening does that.
     *
     * @throws SnapshotRejectedException if what has arrived is not the snapshot that was announced. It is deleted;
     *     receive it anew
     * @throws IllegalStateException if not all has arrived, or its term is above the saved hard state's
     */
    void commit() throws IOException;

    /** Gives it up and deletes what has arrived. Idempotent; no effect after a commit. */
    void abort() throws IOException;

    /** Lets go of the file and keeps what has arrived. Idempotent. */
    @Override
    void close() throws IOException;
}
