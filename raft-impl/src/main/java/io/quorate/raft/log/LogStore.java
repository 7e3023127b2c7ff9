package io.quorate.raft.log;

import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.StorageFullException;
import java.io.IOException;
import java.util.List;

/**
 * A node's durable log and hard state.
 *
 * <p><b>Threads.</b> Operations ({@link #append}, {@link #truncateFrom}, {@link #saveHardState}, {@link #sync},
 * {@link #settle}, {@link #releaseUntil}, {@link #resetTo}, {@link #close}) belong to one thread, the storage thread;
 * they block on the disk. {@link #read} may be called from any thread at any time, as long as no operation changes the
 * range that it reads. The getters ({@link #firstIndex} to {@link #configurations}) tell what was recovered, to the
 * thread that has opened the store, and from the first operation on what is in the log, synced or not, to the storage
 * thread.
 *
 * <p>The storage thread must not be interrupted: an interrupt closes the files it is writing, and so fails the store.
 *
 * <p><b>Durability.</b>
 * <table>
 * <caption>What is durable when</caption>
 * <tr><th>operation</th><th>durable</th></tr>
 * <tr><td>{@code append}</td><td>when a later {@code sync} has returned</td></tr>
 * <tr><td>{@code truncateFrom}</td><td>on return</td></tr>
 * <tr><td>{@code saveHardState}</td><td>on return</td></tr>
 * <tr><td>{@code releaseUntil}, {@code resetTo}</td><td>on return</td></tr>
 * </table>
 * A crash leaves every operation that was durable, and of the appends after the last sync any number of whole
 * entries, in order, from the first on: never one without those before it.
 *
 * <p><b>Failures.</b> {@link StorageFullException} means that the operation has not happened, nothing is lost, and
 * it may be tried again. Any other {@link IOException} from an operation is final: nothing is known about what
 * reached the disk (a kernel may drop the pages of a failed fsync and report success the next time), so nothing is
 * retried. Every later call throws that same exception; only opening the directory anew, with a full check of what
 * is there, goes on. An {@link IllegalArgumentException} says that the caller broke a rule of Raft; nothing has
 * happened.
 */
public interface LogStore extends AutoCloseable {

    /**
     * The index of the first entry, or the one that it will have: 1 until a snapshot stands for the entries before. The
     * newest snapshot reaches to {@code firstIndex() - 1} at least.
     */
    long firstIndex();

    /** The index of the last entry; {@code firstIndex() - 1} if there is none. All that are recovered are durable. */
    long lastIndex();

    /**
     * The term of an entry; as {@link TermIndex#termAt}.
     *
     * @throws IndexOutOfBoundsException outside {@code firstIndex() - 1} to {@code lastIndex()}
     */
    long termAt(long index);

    /** The terms of all entries; a copy of the caller's own. */
    TermIndex terms();

    /** Term and vote. */
    HardState hardState();

    /** The configuration of the cluster's first start, as it was stored when the directory was made. */
    Membership bootstrap();

    /**
     * The entries of type CONFIGURATION that are in the log, in order of index. The last one is in force, committed or
     * not. If there is none, that of the newest snapshot is; and without a snapshot that of the first start.
     */
    List<LogEntry> configurations();

    /**
     * Appends entries. They are readable on return and durable after the next {@link #sync}.
     *
     * <p>All or nothing: after a {@link StorageFullException} none of them is in the log, nor will be after a restart.
     *
     * @param entries in order, the first one next to the last in the log; terms not decreasing, and none above the
     *     saved
     *     hard state's: a log that is ahead of its node's term could not be told from a hard state that went back
     */
    void append(List<LogEntry> entries) throws IOException;

    /**
     * Removes the entries from {@code index} on; durable on return. No effect if there are none.
     *
     * @param index {@code firstIndex()} or more
     */
    void truncateFrom(long index) throws IOException;

    /**
     * Replaces term and vote; durable on return.
     *
     * @param state one that {@link HardState#mayBecome} permits
     */
    void saveHardState(HardState state) throws IOException;

    /** Makes all appends so far durable. Cheap if there are none. */
    void sync() throws IOException;

    /**
     * Notes durably how far the log is durable. Optional, and best called when the storage thread has run out of
     * work for a moment: damage to an entry at or below the note is then never taken for a torn tail. Without it the
     * note is made with the next append, the next hard state, or {@link #close}. Cheap if there is nothing to note.
     */
    void settle() throws IOException;

    /** The number of this very directory, drawn at random when it was made. */
    long storeNumber();

    /** The snapshots, which stand for the entries before the log's first. */
    SnapshotStore snapshots();

    /**
     * Gives up entries that a snapshot stands for: those up to {@code index} that fill whole segments. {@link
     * #firstIndex} says afterwards from where on there are some. Durable on return; costs little, whatever their size.
     *
     * @param index at most that of the newest snapshot. To be able to fall back to an older one, at most that of the
     *     oldest one that is kept
     */
    void releaseUntil(long index) throws IOException;

    /**
     * Gives up the whole log, for a snapshot that has been received and committed: the next entry is {@code index} + 1.
     * Durable on return. If a crash comes between the commit and this, or within, opening finishes it: so the
     * snapshot's commit is the moment from which on it counts.
     *
     * <p>Not to be called if the log has the entry at {@code index} with that very term: then what follows it may have
     * been acknowledged, and stays (Raft figure 13, step 6).
     *
     * @param index that of the newest snapshot, and {@code term} its term
     */
    void resetTo(long index, long term) throws IOException;

    /**
     * Reads entries.
     *
     * @param from an index that is in the log
     * @param toInclusive an index that is in the log, {@code from} or more
     * @param maxBytes how many encoded bytes at most; the first entry is read even if it alone is larger
     * @return at least one entry, in order from {@code from} on; each verified
     * @throws IOException if a file cannot be read, or an entry is damaged; the message names file and offset. The
     *     store is
     *     not failed by it, but the caller should not go on with a log that cannot be read.
     */
    List<LogEntry> read(long from, long toInclusive, int maxBytes) throws IOException;

    /** Makes everything durable, unless the store has failed, and releases the directory. Idempotent. */
    @Override
    void close() throws IOException;
}
