package io.quorate.raft.log;

import io.quorate.spi.storage.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.CRC32C;

/** Writes the file of a snapshot under a temporary name. */
final class SnapshotTaker extends SnapshotWriter {

    /** Piecemeal, so that the syncs of the log never queue behind the whole of a snapshot. */
    private static final int FORCE_EVERY_BYTES = 8 * 1024 * 1024;

    private final FileSnapshotStore store;
    private final int seed;
    private final SnapshotFormat.Head head;
    private final Path path;
    private final Disk.File file;
    private final ByteBuffer chunk;
    private final CRC32C crc = new CRC32C();
    private long at;
    private long forcedAt;
    private long contentBytes;
    private boolean broken;
    private boolean ended;

    /** @param file new and empty; this closes it */
    SnapshotTaker(FileSnapshotStore store, int seed, SnapshotFormat.Head head, Path path, Disk.File file)
        throws IOException {
        this.store = store;
        this.seed = seed;
        this.head = head;
        this.path = path;
        this.file = file;
        this.chunk = ByteBuffer.allocateDirect(SnapshotFormat.CHUNK_HEAD_BYTES + head.chunkBytes());
        emit(SnapshotFormat.encodeHead(seed, head));
        chunk.position(SnapshotFormat.CHUNK_HEAD_BYTES);
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        requireUsable();
        int done = 0;
        while (done < length) {
            int size = Math.min(chunk.remaining(), length - done);
            chunk.put(source, offset + done, size);
            done += size;
            if (!chunk.hasRemaining()) {
                endChunk();
            }
        }
        contentBytes += length;
    }

    private void requireUsable() throws IOException {
        if (broken || ended) {
            throw new IOException(path + ": this snapshot was " + (broken ? "given up after a failure" : "ended"));
        }
    }

    private void endChunk() throws IOException {
        if (chunk.position() > SnapshotFormat.CHUNK_HEAD_BYTES) {
            chunk.flip().position(SnapshotFormat.CHUNK_HEAD_BYTES);
            int checksum = SnapshotFormat.chunkChecksum(seed, head.id(), at, chunk);
            chunk.rewind().putInt(chunk.remaining() - SnapshotFormat.CHUNK_HEAD_BYTES).putInt(checksum).rewind();
            emit(chunk);
            chunk.clear().position(SnapshotFormat.CHUNK_HEAD_BYTES);
        }
    }

    private void emit(ByteBuffer bytes) throws IOException {
        int size = bytes.remaining();
        crc.update(bytes.duplicate());
        put(bytes);
        at += size;
        if (at - forcedAt >= FORCE_EVERY_BYTES) {
            force();
        }
    }

    private void put(ByteBuffer bytes) throws IOException {
        broken = true; // Unless this returns: part of it may be written.
        file.write(bytes, at);
        broken = false;
    }

    private void force() throws IOException {
        broken = true;
        file.force();
        broken = false;
        forcedAt = at;
    }

    @Override
    public SnapshotMeta commit() throws IOException {
        requireUsable();
        store.requireTerm(head.term());
        endChunk();
        ByteBuffer end = ByteBuffer.allocate(SnapshotFormat.END_BYTES).putInt(0).putLong(contentBytes);
        crc.update(end.duplicate().flip());
        put(end.putInt((int) crc.getValue()).flip());
        at += SnapshotFormat.END_BYTES;
        force();
        broken = true;
        file.close();
        SnapshotMeta meta = head.meta(at);
        store.adopt(path, new FileSnapshotStore.Stored(meta, head));
        broken = false;
        ended = true;
        store.takerEnded();
        return meta;
    }

    @Override
    public void abort() throws IOException {
        if (!ended) {
            ended = true;
            try (file) {
                store.delete(path);
            } finally {
                store.takerEnded();
            }
        }
    }
}
