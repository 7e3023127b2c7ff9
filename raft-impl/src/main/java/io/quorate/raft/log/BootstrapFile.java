package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** {@code bootstrap}: the configuration of the cluster's first start. Written once, never changed. */
final class BootstrapFile {

    private static final int MAGIC = 0x51424F54; // "QBOT"

    /** Above the largest membership: members × (id and flags + endpoints). */
    private static final int MAX_BYTES = 1024 * 1024;

    private BootstrapFile() {
    }

    static byte[] encode(int seed, Membership membership) {
        BytesWriter out = new BytesWriter(512);
        out.i32(MAGIC).i32(DataFiles.FORMAT).i32(seed).bytes(membership.encode());
        Bytes body = out.toBytes();
        return new BytesWriter(body.length() + Integer.BYTES).raw(body).i32(checksum(body)).toBytes().toByteArray();
    }

    static Membership read(Disk disk, Path path, int seed) throws IOException {
        if (!disk.exists(path)) {
            // Named like any other damage: it is there from the first start on, and VERSION vouches for it.
            throw StorageRefusedException.damaged(path.toString(), "no such file",
                "the configuration as it was written at the first start");
        }
        Bytes content = Bytes.wrap(DataFiles.readAll(disk, path, MAX_BYTES));
        int bodyBytes = content.length() - Integer.BYTES;
        try {
            if (bodyBytes < 0) {
                throw new MalformedBytesException("found " + content.length() + " bytes");
            }
            Bytes body = content.slice(0, bodyBytes);
            BytesReader in = new BytesReader(body);
            if (checksum(body) != new BytesReader(content.slice(bodyBytes, Integer.BYTES)).i32()
                || in.i32() != MAGIC || in.i32() != DataFiles.FORMAT || in.i32() != seed) {
                throw new MalformedBytesException("a wrong checksum or head");
            }
            Membership membership = Membership.decode(in.bytes(MAX_BYTES));
            in.end();
            return membership;
        } catch (MalformedBytesException e) {
            throw StorageRefusedException.damaged(path.toString(), e.getMessage(),
                "the configuration as it was written at the first start");
        }
    }

    private static int checksum(Bytes body) {
        CRC32C crc = new CRC32C();
        crc.update(body.toByteArray());
        return (int) crc.getValue();
    }
}
