package io.quorate.raft.log;

import java.nio.ByteBuffer;

/**
 * A record between entries, this file's own and never sent: it says how far the file had been synced when it was
 * written. The first append after each sync puts one before its entries, in the same write, so it costs no I/O of
 * its own.
 *
 * <p>It is what tells damage from a torn write. A crash tears only what was not synced; but of that the disk may
 * have kept any part, a later page without an earlier one too. So a valid entry behind an invalid one proves
 * nothing, while a valid mark that speaks of a sync beyond an invalid record proves that the record was once whole
 * on the disk, and perhaps acknowledged.
 *
 * <p>Framed as an entry of type {@link #TYPE}: term and index are those of the last synced entry, the payload is the
 * synced offset.
 */
final class SegmentMark {

    /** Not a code of {@link io.quorate.spi.consensus.EntryType}, so no decoder takes it for an entry. */
    static final int TYPE = 255;

    static final int BYTES = EntryCodec.HEADER_BYTES + Long.BYTES;

    private SegmentMark() {
    }

    static byte[] encode(EntryCodec codec, long term, long index, int syncedOffset) {
        byte[] record = new byte[BYTES];
        ByteBuffer.wrap(record).putLong(EntryCodec.HEADER_BYTES, syncedOffset);
        codec.putHeader(record, term, index, TYPE);
        return record;
    }

    /** Whether a record of {@code size} bytes at {@code at} looks like one; its checksum is another question. */
    static boolean isAt(byte[] array, int at, int size) {
        return size == BYTES && EntryCodec.typeAt(array, at) == TYPE;
    }

    static long syncedOffset(byte[] array, int at) {
        return ByteBuffer.wrap(array).getLong(at + EntryCodec.HEADER_BYTES);
    }
}
