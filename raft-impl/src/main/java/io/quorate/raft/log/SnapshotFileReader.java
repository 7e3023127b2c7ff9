package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.storage.Disk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** Reads the file of a snapshot chunk by chunk, verifying each. Not thread-safe. */
final class SnapshotFileReader implements Closeable {

    private final Path path;
    private final Disk.File file;
    private final int seed;
    private final SnapshotFormat.Head head;
    private final long fileBytes;

    private SnapshotFileReader(Path path, Disk.File file, int seed, SnapshotFormat.Head head, long fileBytes) {
        this.path = path;
        this.file = file;
        this.seed = seed;
        this.head = head;
        this.fileBytes = fileBytes;
    }

    /**
     * Opens a file and reads its head.
     *
     * @param fileBytes the size that it has when it is whole; 0 for the size that it has
     * @throws IOException if the head is damaged, or the file cannot be read
     */
    static SnapshotFileReader open(Disk disk, Path path, int seed, long fileBytes) throws IOException {
        Disk.File file = disk.open(path);
        try {
            SnapshotFormat.Head head = SnapshotFormat.readHead(path, file, seed);
            return new SnapshotFileReader(path, file, seed, head, fileBytes == 0 ? file.size() : fileBytes);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    SnapshotFormat.Head head() {
        return head;
    }

    SnapshotMeta meta() {
        return head.meta(fileBytes);
    }

    /** Verifies the whole file, with the checksum over all. */
    void verify() throws IOException {
        if (file.size() != fileBytes || fileBytes < head.headBytes() + SnapshotFormat.END_BYTES) {
            throw SnapshotFormat.damaged(path, Math.min(file.size(), fileBytes), file.size() + " bytes",
                Math.max(fileBytes, head.headBytes() + SnapshotFormat.END_BYTES) + " bytes");
        }
        CRC32C crc = new CRC32C();
        crc.update(read(0, head.headBytes()));
        long chunk = 0;
        while (head.chunkAt(chunk) < head.endAt(fileBytes)) {
            crc.update(chunk(chunk));
            chunk++;
        }
        verifyEnd(crc);
    }

    /** The end record, whose checksum speaks of all that is before it; ready to be read. */
    private ByteBuffer end() throws IOException {
        ByteBuffer end = read(head.endAt(fileBytes), SnapshotFormat.END_BYTES);
        int zero = end.getInt();
        long contentBytes = end.getLong();
        if (zero != 0 || contentBytes != head.contentBytes(fileBytes)) {
            throw SnapshotFormat.damaged(path, head.endAt(fileBytes), "the end of " + contentBytes + " bytes",
                "of " + head.contentBytes(fileBytes));
        }
        return end.rewind();
    }

    /** Verifies the end record, when {@code crc} has seen everything before it. */
    void verifyEnd(CRC32C crc) throws IOException {
        ByteBuffer end = end();
        crc.update(end.duplicate().limit(SnapshotFormat.END_BYTES - Integer.BYTES));
        int checksum = end.getInt(SnapshotFormat.END_BYTES - Integer.BYTES);
        if (checksum != (int) crc.getValue()) {
            throw SnapshotFormat.damaged(path, head.endAt(fileBytes), "the checksum " + EntryCodec.hex(checksum)
                + " of the whole file", EntryCodec.hex((int) crc.getValue()));
        }
    }

    /** A whole chunk, head and content, verified; ready to be read. */
    ByteBuffer chunk(long number) throws IOException {
        long at = head.chunkAt(number);
        return chunkOf(at, (int) (Math.min(head.chunkAt(number + 1), head.endAt(fileBytes)) - at));
    }

    private ByteBuffer chunkOf(long at, int size) throws IOException {
        if (size <= SnapshotFormat.CHUNK_HEAD_BYTES) {
            throw SnapshotFormat.damaged(path, at, size + " bytes left", "a chunk or the end");
        }
        ByteBuffer chunk = read(at, size);
        int length = chunk.getInt();
        int checksum = chunk.getInt();
        if (length != size - SnapshotFormat.CHUNK_HEAD_BYTES) {
            throw SnapshotFormat.damaged(path, at, "a chunk of " + length + " bytes", "one of "
                + (size - SnapshotFormat.CHUNK_HEAD_BYTES));
        }
        int found = SnapshotFormat.chunkChecksum(seed, head.id(), at, chunk);
        if (found != checksum) {
            throw SnapshotFormat.damaged(path, at, "a chunk with checksum " + EntryCodec.hex(checksum),
                EntryCodec.hex(found));
        }
        return chunk.rewind();
    }

    /**
     * How much of a file that is being received is whole: up to the end of the last chunk before the first one that is
     * not, and never into the end record, whose checksum speaks of all.
     */
    long wholePrefix(long receivedBytes) throws IOException {
        long chunk = 0;
        while (head.chunkAt(chunk) < head.endAt(fileBytes)) {
            long end = Math.min(head.chunkAt(chunk + 1), head.endAt(fileBytes));
            if (end > receivedBytes) {
                break;
            }
            try {
                chunk(chunk);
            } catch (DamagedSnapshotException torn) {
                break;
            }
            chunk++;
        }
        return Math.max(0, Math.min(head.chunkAt(chunk), head.endAt(fileBytes)));
    }

    /** Bytes of the file from {@code offset} on, verified; at least one. */
    Bytes part(long offset, int maxBytes) throws IOException {
        byte[] result = new byte[(int) Math.min(maxBytes, fileBytes - offset)];
        int filled = 0;
        while (filled < result.length) {
            long at = offset + filled;
            long begin;
            ByteBuffer region;
            if (at < head.headBytes()) {
                begin = 0;
                region = read(0, head.headBytes());
            } else if (at >= head.endAt(fileBytes)) {
                begin = head.endAt(fileBytes);
                region = end();
            } else {
                begin = head.chunkAt(head.chunkOf(at));
                region = chunk(head.chunkOf(at));
            }
            region.position((int) (at - begin));
            int size = Math.min(region.remaining(), result.length - filled);
            region.get(result, filled, size);
            filled += size;
        }
        return Bytes.wrap(result);
    }

    ByteBuffer read(long at, int size) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(size);
        if (file.read(target, at) < size) {
            throw SnapshotFormat.damaged(path, at, "only " + target.position() + " bytes", size + " bytes");
        }
        return target.flip();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
