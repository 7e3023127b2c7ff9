package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.consensus.Membership;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Pieces of snapshots as bytes; the form is that of {@link MessageCodec}. The checksum is from end to end: it was made
 * before the piece was cut into what a transport sends.
 */
final class SnapshotMessages {

    /** More than a configuration of the most and longest members needs. */
    static final int MAX_MEMBERSHIP_BYTES = 256 << 10;

    private SnapshotMessages() {
    }

    /** The request in parts; the piece is shared, not copied. */
    static List<Bytes> encode(BytesWriter begun, Message.InstallSnapshot install) {
        SnapshotMeta meta = install.meta();
        Bytes head = begun.i64(meta.index()).i64(meta.term()).i64(meta.membershipIndex())
            .bytes(meta.membership().encode()).i64(meta.bytes()).i64(meta.id())
            .i64(install.offset()).i32(install.chunk().length()).toBytes();
        CRC32C crc = new CRC32C();
        head.addTo(crc);
        install.chunk().addTo(crc);
        return List.of(head, install.chunk(), new BytesWriter(Integer.BYTES).i32((int) crc.getValue()).toBytes());
    }

    static Message.InstallSnapshot decode(long term, BytesReader in, Bytes payload) throws MalformedBytesException {
        long index = MessageCodec.number(in, "index");
        long itsTerm = MessageCodec.number(in, "term");
        long membershipIndex = MessageCodec.number(in, "index");
        Bytes encoded = in.bytes(MAX_MEMBERSHIP_BYTES);
        Membership membership = Membership.decode(encoded);
        if (!membership.encode().equals(encoded)) {
            throw new MalformedBytesException("found a configuration that is not in its one form, expected "
                + membership);
        }
        long bytes = MessageCodec.number(in, "size");
        long id = in.i64();
        long offset = MessageCodec.number(in, "offset");
        Bytes chunk = in.bytes(RaftLimits.MAX_CHUNK_BYTES);
        CRC32C crc = new CRC32C();
        payload.slice(0, in.position()).addTo(crc);
        int checksum = in.i32();
        if (checksum != (int) crc.getValue()) {
            throw new MalformedBytesException("found a piece of a snapshot with checksum "
                + Integer.toHexString(checksum) + ", expected " + Integer.toHexString((int) crc.getValue()));
        }
        if (itsTerm > term || offset + chunk.length() > bytes) {
            throw new MalformedBytesException("found " + chunk.length() + " bytes at " + offset + " of a snapshot of "
                + bytes + " bytes and term " + itsTerm + " in term " + term
                + ", expected a piece of it and no later term");
        }
        try {
            return new Message.InstallSnapshot(term,
                new SnapshotMeta(index, itsTerm, membershipIndex, membership, bytes, id), offset, chunk);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException(e.getMessage());
        }
    }
}
