package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.Membership;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * A node's snapshots.
 *
 * <p><b>Threads.</b> All methods may be called from any thread; all but {@link #newest}, {@link #list} and
 * {@link #hold} block on the disk. At most one snapshot is taken and one received at a time.
 *
 * <p><b>Durability.</b> A snapshot is there after a crash if its commit has returned, and whole if it is there.
 *
 * <p><b>Failures.</b> {@link io.quorate.spi.storage.StorageFullException} means that nothing has happened and it may be
 * tried again. After any other {@link IOException} from taking or receiving one, that one does not exist, and the disk
 * is not to be trusted: the node should stop, as after a failure of the log. What had been committed before is
 * untouched.
 */
public interface SnapshotStore {

    /** The newest snapshot, if there is any. */
    Optional<SnapshotMeta> newest();

    /** All that are kept, the oldest first. The log must reach back to each that a node is to be restored from. */
    List<SnapshotMeta> list();

    /**
     * Begins to take one. What an earlier attempt has left behind is deleted.
     *
     * @param index the last entry that is applied to the state
     * @param term that entry's term
     * @param membershipIndex the entry of the configuration in force at {@code index}; 0 for that of the first start
     * @param membership that configuration
     * @throws IllegalStateException if one is being taken
     */
    SnapshotWriter begin(long index, long term, long membershipIndex, Membership membership) throws IOException;

    /**
     * Begins to receive one, or goes on where an equal one was left: by a close, a crash or a restart. What has arrived
     * of any other is deleted. Going on after a restart verifies what there is and writes it again, since what can be
     * read need not be on the disk.
     *
     * @throws IllegalStateException if one is being received
     */
    IncomingSnapshot receive(SnapshotMeta meta) throws IOException;

    /**
     * Deletes what has arrived of snapshots of entries up to {@code index}: a node that has these entries by its log
     * needs them no more, and nobody would go on with them. None is being received.
     *
     * @return the lowest index of those that are left, or {@link Long#MAX_VALUE}
     */
    long deleteReceived(long index) throws IOException;

    /**
     * Reads a part of the file, for sending; verified.
     *
     * @param meta one that is kept or held
     * @param offset from 0 to before {@code meta.bytes()}
     * @param maxBytes 1 or more
     * @return at least one byte
     * @throws IOException if it is damaged, cannot be read, or is no longer there
     */
    Bytes read(SnapshotMeta meta, long offset, int maxBytes) throws IOException;

    /**
     * Keeps a snapshot from being deleted until the result is closed, so that it can be read piece by piece. Idempotent
     * to close.
     *
     * @return empty if it is not there any more
     */
    Optional<Closeable> hold(SnapshotMeta meta);

    /**
     * Opens the content, for a restore. Each byte is verified before it is returned, and the end is certain to be the
     * end. It is held until the stream is closed. The stream is one thread's at a time.
     *
     * @throws IOException if it is damaged, cannot be read, or is no longer there
     */
    InputStream open(SnapshotMeta meta) throws IOException;
}
