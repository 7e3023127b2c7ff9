package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.fuzz.FuzzInput;
import io.quorate.spi.consensus.EntryType;
import java.util.Arrays;
import java.util.List;

/** Records for fuzz targets: sealed with the cluster's right checksum, whatever their fields say. */
public final class FuzzRecords {

    private FuzzRecords() {
    }

    /** A record as a correct leader would make it, or one with wrong fields and a right checksum, or a damaged one. */
    public static Bytes record(FuzzInput in, EntryCodec codec, long term, long index) {
        Bytes good = codec.encode(Math.max(1, term), Math.max(1, index), in.pick(EntryType.values()),
            List.of(in.some(60))).encoded();
        return switch (in.below(16)) {
            case 13 -> forged(in, codec, good.toByteArray(), in.number(), in.number(), in.u8());
            case 14 -> forged(in, codec, good.toByteArray(), term, in.number(), in.pick(1, 2, 3, 4, 255));
            case 15 -> damaged(in, good.toByteArray());
            default -> good;
        };
    }

    private static Bytes forged(FuzzInput in, EntryCodec codec, byte[] record, long term, long index, int type) {
        codec.putHeader(record, term, index, type);
        // A length that is wrong cannot have a right checksum, unless it is cut or filled up to fit.
        return in.oneIn(4) ? Bytes.wrap(Arrays.copyOf(record, EntryCodec.HEADER_BYTES)) : Bytes.wrap(record);
    }

    private static Bytes damaged(FuzzInput in, byte[] record) {
        in.damage(record, 0, record.length);
        return Bytes.wrap(record);
    }
}
