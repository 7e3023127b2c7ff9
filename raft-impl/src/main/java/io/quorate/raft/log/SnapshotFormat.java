package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.Disk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * What the bytes of a snapshot's file mean:
 *
 * <pre>
 * head   0  u64 "QUORSNAP"      8  u32 format     12  u32 seed
 *       16  u64 index          24  u64 term       32  u64 membership index   40  u64 id
 *       48  u32 chunk bytes c  52  u32 m          56  the membership, m bytes
 *     56+m  u32 CRC32C of all before
 * chunk  0  u32 length, c for all but the last, 1 or more for that
 *        4  u32 CRC32C of length, seed, id, the chunk's offset in the file, and its bytes
 *        8  the bytes
 * end    0  u32 zero            4  u64 the length of the content
 *       12  u32 CRC32C of the whole file before these four bytes
 * </pre>
 *
 * <p>With id and offset in its checksum a chunk verifies in no other file and at no other place. All chunks but the
 * last have one size, so the size of the file says where each of them lies.
 */
final class SnapshotFormat {

    /** One chunk is what a reader holds in memory, and what it reads at least. */
    static final int DEFAULT_CHUNK_BYTES = 256 * 1024;

    static final int CHUNK_HEAD_BYTES = 8;
    static final int END_BYTES = 16;

    private static final long MAGIC = 0x51554F52_534E4150L; // "QUORSNAP"
    private static final int FIXED_BYTES = 56;
    static final int MAX_CHUNK_BYTES = 16 * 1024 * 1024;
    private static final int MAX_MEMBERSHIP_BYTES = 1024 * 1024;

    /** A head: the meta but for the size, and what is needed to find the chunks. */
    record Head(long index, long term, long membershipIndex, Membership membership, long id, int chunkBytes,
        int headBytes) {

        /** Whether it is that of {@code meta}, whose size is another question. */
        boolean isOf(SnapshotMeta meta) {
            return index == meta.index() && term == meta.term() && membershipIndex == meta.membershipIndex()
                && id == meta.id() && membership.equals(meta.membership());
        }

        SnapshotMeta meta(long bytes) {
            return new SnapshotMeta(index, term, membershipIndex, membership, bytes, id);
        }

        private long stride() {
            return (long) chunkBytes + CHUNK_HEAD_BYTES;
        }

        /** Where chunk number {@code chunk} begins, from 0 on; behind the last one that is the end record. */
        long chunkAt(long chunk) {
            return headBytes + chunk * stride();
        }

        long chunkOf(long offset) {
            return (offset - headBytes) / stride();
        }

        /** Where the end record of a file of {@code bytes} begins. */
        long endAt(long bytes) {
            return bytes - END_BYTES;
        }

        /** The length of the content of a file of {@code bytes}. */
        long contentBytes(long bytes) {
            long body = endAt(bytes) - headBytes;
            return body - CHUNK_HEAD_BYTES * ((body + stride() - 1) / stride());
        }
    }

    private SnapshotFormat() {
    }

    static ByteBuffer encodeHead(int seed, Head head) {
        Bytes membership = head.membership().encode();
        ByteBuffer out = ByteBuffer.allocate(headBytes(head.membership()));
        out.putLong(MAGIC).putInt(DataFiles.FORMAT).putInt(seed);
        out.putLong(head.index()).putLong(head.term()).putLong(head.membershipIndex()).putLong(head.id());
        out.putInt(head.chunkBytes()).putInt(membership.length());
        membership.copyTo(out);
        CRC32C crc = new CRC32C();
        crc.update(out.array(), 0, out.position());
        return out.putInt((int) crc.getValue()).flip();
    }

    static int headBytes(Membership membership) {
        return FIXED_BYTES + membership.encode().length() + Integer.BYTES;
    }

    /** Reads the head of a file; refuses one that is not whole, or of another cluster or format. */
    static Head readHead(Path path, Disk.File file, int seed) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(FIXED_BYTES);
        if (file.read(in, 0) < FIXED_BYTES) {
            throw damaged(path, 0, "only " + in.position() + " bytes", "the head of a snapshot");
        }
        in.flip();
        long magic = in.getLong();
        int format = in.getInt();
        int cluster = in.getInt();
        if (magic != MAGIC || format != DataFiles.FORMAT || cluster != seed) {
            throw damaged(path, 0, "magic " + Long.toHexString(magic) + ", format " + format + ", cluster "
                + EntryCodec.hex(cluster), "magic " + Long.toHexString(MAGIC) + ", format " + DataFiles.FORMAT
                + ", cluster " + EntryCodec.hex(seed));
        }
        long index = in.getLong();
        long term = in.getLong();
        long membershipIndex = in.getLong();
        long id = in.getLong();
        int chunkBytes = in.getInt();
        int membershipBytes = in.getInt();
        if (chunkBytes < 1 || chunkBytes > MAX_CHUNK_BYTES || membershipBytes < 0
            || membershipBytes > MAX_MEMBERSHIP_BYTES) {
            throw damaged(path, 0, "chunks of " + chunkBytes + " and a configuration of " + membershipBytes
                + " bytes", "1 to " + MAX_CHUNK_BYTES + ", and 0 to " + MAX_MEMBERSHIP_BYTES);
        }
        byte[] whole = new byte[FIXED_BYTES + membershipBytes + Integer.BYTES];
        if (file.read(ByteBuffer.wrap(whole), 0) < whole.length) {
            throw damaged(path, 0, "fewer than " + whole.length + " bytes", "the whole head");
        }
        CRC32C crc = new CRC32C();
        crc.update(whole, 0, whole.length - Integer.BYTES);
        if (ByteBuffer.wrap(whole).getInt(whole.length - Integer.BYTES) != (int) crc.getValue()) {
            throw damaged(path, 0, "a head whose checksum is wrong", "the head as it was written");
        }
        try {
            Head head = new Head(index, term, membershipIndex,
                Membership.decode(Bytes.wrap(whole, FIXED_BYTES, membershipBytes)), id, chunkBytes, whole.length);
            head.meta(1); // Its conditions.
            return head;
        } catch (MalformedBytesException | IllegalArgumentException e) {
            throw damaged(path, 0, e.getMessage(), "a head that this version can have written");
        }
    }

    /** The checksum of the chunk at {@code at}; {@code content} is left as it was. */
    static int chunkChecksum(int seed, long id, long at, ByteBuffer content) {
        ByteBuffer prefix = ByteBuffer.allocate(2 * Integer.BYTES + 2 * Long.BYTES);
        prefix.putInt(content.remaining()).putInt(seed).putLong(id).putLong(at).flip();
        CRC32C crc = new CRC32C();
        crc.update(prefix);
        crc.update(content.duplicate());
        return (int) crc.getValue();
    }

    static DamagedSnapshotException damaged(Path path, long at, String found, String expected) {
        return new DamagedSnapshotException(path + " at offset " + at, found, expected);
    }
}
