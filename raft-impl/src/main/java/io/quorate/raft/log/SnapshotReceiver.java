package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import java.io.IOException;
import java.nio.file.Path;

/** Writes what arrives of a snapshot under a temporary name. */
final class SnapshotReceiver implements IncomingSnapshot {

    private static final int FORCE_EVERY_BYTES = 8 * 1024 * 1024;

    private final FileSnapshotStore store;
    private final SnapshotMeta meta;
    private final Path path;
    private final Disk.File file;
    private long received;
    private long forcedAt;
    private boolean broken;
    private boolean ended;

    /** @param file this closes it */
    SnapshotReceiver(FileSnapshotStore store, SnapshotMeta meta, Path path, Disk.File file, long received) {
        this.store = store;
        this.meta = meta;
        this.path = path;
        this.file = file;
        this.received = received;
        this.forcedAt = received;
    }

    @Override
    public SnapshotMeta meta() {
        return meta;
    }

    @Override
    public long received() {
        return received;
    }

    @Override
    public void write(long offset, Bytes chunk) throws IOException {
        requireUsable();
        if (offset < 0 || offset > received || offset + chunk.length() > meta.bytes()) {
            throw new IllegalArgumentException("found bytes " + offset + " to " + (offset + chunk.length())
                + " of a snapshot, expected them from " + received + " on, and up to " + meta.bytes());
        }
        int known = (int) Math.min(chunk.length(), received - offset);
        Bytes more = chunk.slice(known, chunk.length() - known);
        if (more.isEmpty()) {
            return;
        }
        broken = true;
        try {
            file.write(more.asByteBuffer(), received);
            received += more.length();
            if (received - forcedAt >= FORCE_EVERY_BYTES) {
                file.force();
                forcedAt = received;
            }
            broken = false;
        } catch (StorageFullException e) {
            broken = false; // It is written again from the same place.
            throw e;
        }
    }

    private void requireUsable() throws IOException {
        if (broken || ended) {
            throw new IOException(path + ": this snapshot was " + (broken ? "given up after a failure" : "ended"));
        }
    }

    @Override
    public void commit() throws IOException {
        requireUsable();
        if (received != meta.bytes()) {
            throw new IllegalStateException("found " + received + " bytes of a snapshot, expected " + meta.bytes());
        }
        store.requireTerm(meta.term());
        broken = true;
        file.force();
        FileSnapshotStore.Stored stored;
        try {
            stored = store.examine(path, meta.bytes());
            if (!stored.meta().equals(meta)) {
                throw SnapshotFormat.damaged(path, 0, stored.meta().toString(), meta.toString());
            }
        } catch (DamagedSnapshotException e) {
            abort();
            throw new SnapshotRejectedException("what was received is not the snapshot that was announced: "
                + e.problem() + ". It was deleted, and will be received anew.");
        }
        file.close();
        store.adopt(path, stored);
        broken = false;
        ended = true;
        store.receiverEnded(null);
    }

    @Override
    public void abort() throws IOException {
        if (!ended) {
            ended = true;
            try (file) {
                store.delete(path);
            } finally {
                store.receiverEnded(null);
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (!ended) {
            ended = true;
            try {
                file.close();
            } finally {
                store.receiverEnded(broken ? null : new FileSnapshotStore.Resumable(meta, received));
            }
        }
    }
}
