package io.quorate.raft.log;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;

/** The content of a snapshot, each byte verified before it is returned. */
final class SnapshotContent extends InputStream {

    private final SnapshotFileReader reader;
    private final Closeable hold;
    private final CRC32C crc = new CRC32C();
    private final long endAt;
    private long nextChunk;
    private ByteBuffer chunk = ByteBuffer.allocate(0);
    private boolean ended;
    private boolean closed;

    /** Takes over both, and closes them. */
    SnapshotContent(SnapshotFileReader reader, Closeable hold) throws IOException {
        this.reader = reader;
        this.hold = hold;
        this.endAt = reader.head().endAt(reader.meta().bytes());
        crc.update(reader.read(0, reader.head().headBytes()));
    }

    /** Whether there is a byte to return. */
    private boolean bring() throws IOException {
        if (closed) {
            throw new IOException("the snapshot was closed");
        }
        if (chunk.hasRemaining()) {
            return true;
        }
        if (ended) {
            return false;
        }
        if (reader.head().chunkAt(nextChunk) >= endAt) {
            reader.verifyEnd(crc);
            ended = true;
            return false;
        }
        chunk = reader.chunk(nextChunk);
        nextChunk++;
        crc.update(chunk.duplicate());
        chunk.position(SnapshotFormat.CHUNK_HEAD_BYTES);
        return true;
    }

    @Override
    public int read() throws IOException {
        return bring() ? chunk.get() & 0xFF : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        if (!bring()) {
            return -1;
        }
        int size = Math.min(length, chunk.remaining());
        chunk.get(target, offset, size);
        return size;
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            try (hold) {
                reader.close();
            }
        }
    }
}
