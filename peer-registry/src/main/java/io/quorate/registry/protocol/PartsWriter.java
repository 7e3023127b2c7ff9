package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a payload in parts: small values beside one another in one array, large ones as parts of their own, uncopied.
 */
final class PartsWriter {

    private final List<Bytes> parts = new ArrayList<>();
    private BytesWriter out;

    PartsWriter(int expectedBytes) {
        out = new BytesWriter(expectedBytes);
    }

    PartsWriter u8(int value) {
        out.u8(value);
        return this;
    }

    PartsWriter i32(int value) {
        out.i32(value);
        return this;
    }

    PartsWriter i64(long value) {
        out.i64(value);
        return this;
    }

    PartsWriter bytes(Bytes value) {
        if (value.length() < ProtocolLimits.COPY_BELOW_BYTES) {
            out.bytes(value);
        } else {
            out.i32(value.length());
            parts.add(out.toBytes());
            parts.add(value);
            out = new BytesWriter();
        }
        return this;
    }

    List<Bytes> toParts() {
        if (out.size() > 0) {
            parts.add(out.toBytes());
        }
        return parts;
    }
}
