package io.quorate.raft.log;

import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The first bytes of a segment.
 *
 * @param baseIndex the index of its first entry
 * @param precedingTerm the term of the entry before that, 0 if there is none: so that the log can begin with this
 *     segment
 *     once a snapshot has replaced those before it
 */
record SegmentHeader(long baseIndex, long precedingTerm) {

    static final int BYTES = 64;

    private static final long MAGIC = 0x51554F_52534547L; // "QUORSEG"
    private static final int CHECKSUM_AT = BYTES - Integer.BYTES;

    ByteBuffer encode(int seed) {
        ByteBuffer out = ByteBuffer.allocate(BYTES);
        out.putLong(MAGIC).putInt(DataFiles.FORMAT).putInt(seed).putLong(baseIndex).putLong(precedingTerm);
        return out.putInt(CHECKSUM_AT, checksum(out.array())).rewind();
    }

    /** Reads the header of a file; refuses what is not one of this cluster's. */
    static SegmentHeader read(Path path, Disk.File file, int seed) throws IOException {
        byte[] bytes = new byte[BYTES];
        int read = file.read(ByteBuffer.wrap(bytes), 0);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (read != BYTES || in.getInt(CHECKSUM_AT) != checksum(bytes)) {
            throw StorageRefusedException.damaged(path + " at offset 0", "a head that is too short or whose "
                + "checksum is "
                + "wrong", "the head of a segment");
        }
        long magic = in.getLong();
        int format = in.getInt();
        int cluster = in.getInt();
        if (magic != MAGIC || format != DataFiles.FORMAT || cluster != seed) {
            throw StorageRefusedException.damaged(path + " at offset 0", "magic " + Long.toHexString(magic) + ", "
                + "format "
                + format + ", cluster " + EntryCodec.hex(cluster), "magic " + Long.toHexString(MAGIC) + ", format "
                + DataFiles.FORMAT + ", cluster " + EntryCodec.hex(seed));
        }
        return new SegmentHeader(in.getLong(), in.getLong());
    }

    private static int checksum(byte[] header) {
        CRC32C crc = new CRC32C();
        crc.update(header, 0, CHECKSUM_AT);
        return (int) crc.getValue();
    }
}
