package io.quorate.raft.log;

import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Makes segment files ahead of their use: allocated, filled with zeros, synced. Appending then changes neither the
 * file's size nor where its blocks lie, so that a sync of the log writes data alone: about half the time of a
 * growing file.
 *
 * <p>Zeros and not just allocation: a zero length is how a scan knows the end of what was written, and blocks that were
 * never written cost a change of metadata at their first sync.
 *
 * <p>Storage thread only; the filling runs on the executor.
 */
final class SegmentAllocator {

    private static final int FILL_CHUNK_BYTES = 1024 * 1024;

    private final Disk disk;
    private final Path directory;
    private final Path path;
    private final Executor executor;
    private volatile boolean closed;
    private CompletableFuture<Prepared> pending;

    /** A file of zeros, durable; its name not yet. */
    record Prepared(Path path, int fileBytes) {
    }

    SegmentAllocator(Disk disk, Path directory, Executor executor) {
        this.disk = disk;
        this.directory = directory;
        this.path = directory.resolve(DataFiles.NEXT_SEGMENT);
        this.executor = executor;
    }

    /** Begins to prepare a file unless one is being prepared or waits. Does not block. */
    void prepare(int fileBytes) {
        if (pending == null) {
            CompletableFuture<Prepared> result = new CompletableFuture<>();
            pending = result;
            try {
                executor.execute(() -> {
                    try {
                        result.complete(fill(fileBytes));
                    } catch (IOException | RuntimeException | Error e) {
                        // An error too: the storage thread waits for this result, and would wait for ever.
                        result.completeExceptionally(e);
                    }
                });
            } catch (RuntimeException | Error noThread) {
                result.completeExceptionally(noThread);
            }
        }
    }

    /**
     * Takes the prepared file, or makes one now.
     *
     * @param fileBytes the size wanted
     * @param minBytes the smallest size that will do, if there is no room for more
     * @throws StorageFullException if there is no room even for that
     */
    Prepared take(int fileBytes, int minBytes) throws IOException {
        Prepared prepared = finish();
        if (prepared != null && prepared.fileBytes >= minBytes) {
            return prepared;
        }
        try {
            return fill(fileBytes);
        } catch (StorageFullException e) {
            if (minBytes >= fileBytes) {
                throw e;
            }
            return fill(minBytes);
        }
    }

    /** Gives a file back that could not be used. */
    void giveBack(Prepared prepared) {
        pending = CompletableFuture.completedFuture(prepared);
    }

    /**
     * Waits for what is being prepared. A failure ahead of need is not one yet: the file is made again when it is
     * needed, and if there is still no room, that says so.
     */
    private Prepared finish() throws IOException {
        if (pending == null) {
            return null;
        }
        try {
            return pending.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof StorageFullException) {
                return null;
            }
            if (e.getCause() instanceof IOException io) {
                throw io; // Such as a failed fsync: this disk is not to be trusted with the next file either.
            }
            throw e;
        } finally {
            pending = null;
        }
    }

    private Prepared fill(int fileBytes) throws IOException {
        disk.delete(path);
        // Asked first: filling a disk to the brim to find out would stop everything else on it.
        long usable = disk.usableBytes(directory);
        if (usable < fileBytes) {
            throw new StorageFullException(directory + ": found " + usable + " bytes free, expected " + fileBytes
                + " for the next part of the log. Free some; the node goes on by itself.");
        }
        try (Disk.File file = disk.create(path)) {
            for (int at = 0; at < fileBytes && !closed; at += FILL_CHUNK_BYTES) {
                DataFiles.zero(file, at, Math.min(fileBytes, at + FILL_CHUNK_BYTES));
                // Piecemeal, so that the log's own syncs never queue behind the whole of it. (What makes the file
                // durable is the sync after its head is written.)
                file.force();
            }
        } catch (StorageFullException e) {
            disk.delete(path);
            throw e;
        }
        return new Prepared(path, fileBytes);
    }

    /** Stops preparing and deletes what was prepared. */
    void close() throws IOException {
        closed = true;
        try {
            finish();
        } finally {
            disk.delete(path);
        }
    }
}
