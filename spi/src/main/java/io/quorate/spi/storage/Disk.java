package io.quorate.spi.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The port to the disk: the few operations that the store needs, so that tests and the simulation can bring one that
 * tears writes, fails fsyncs, fills up, and forgets at a crash everything that was not synced.
 *
 * <p>Thread-safe as a whole; a {@link File} is used by one thread at a time.
 *
 * <p><b>Durability.</b> A file's bytes are durable after {@link File#force()}; that a file has been created, renamed or
 * deleted is durable after {@link #syncDirectory} of its directory. Before that a crash may keep or lose them, whole
 * or in part, in any order.
 *
 * <p><b>Full disks.</b> {@code create}, {@code createDirectory}, {@code rename} and {@link File#write} throw
 * {@link StorageFullException} if there is no room; of a write any part may then have happened. {@code force} and
 * {@code syncDirectory} never throw it: after a failed fsync it is unknown what is on the disk, whatever the cause.
 */
public interface Disk {

    boolean exists(Path path) throws IOException;

    /** The names in a directory, sorted. */
    List<String> list(Path directory) throws IOException;

    /** Creates a directory that only its owner may enter (0700), or restricts one that exists to that. */
    void createDirectory(Path directory) throws IOException;

    /** Creates a file that only its owner may read and write (0600), from its first moment on; it must not exist. */
    File create(Path path) throws IOException;

    /** Opens an existing file. */
    File open(Path path) throws IOException;

    /** Gives a file another name in one step; replaces a file of that name. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file if it exists. */
    void delete(Path path) throws IOException;

    /** Makes durable which files a directory has. */
    void syncDirectory(Path directory) throws IOException;

    /** How many bytes can still be written, about. */
    long usableBytes(Path directory) throws IOException;

    /**
     * Locks {@code path}, a file that it creates if needed, against every other process and every other use in this
     * one, until the result is closed or the process ends, however it ends.
     *
     * @throws StorageRefusedException if somebody holds it; the message names the process if it can be known
     */
    Closeable lock(Path path) throws IOException;

    /**
     * Who holds the lock of {@code path}, in words; empty if nobody does. Changes nothing, and makes no file.
     */
    Optional<String> holder(Path path) throws IOException;

    /** An open file. Positions are bytes from its beginning. */
    interface File extends Closeable {

        /** Writes all that remains in {@code source}. */
        void write(ByteBuffer source, long at) throws IOException;

        /** Fills {@code target} or reads to the end of the file; returns the number of bytes read, 0 at the end. */
        int read(ByteBuffer target, long at) throws IOException;

        /** Makes the bytes and the size durable; not the times. */
        void force() throws IOException;

        long size() throws IOException;
    }
}
