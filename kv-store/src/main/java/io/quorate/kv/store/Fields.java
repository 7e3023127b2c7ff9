package io.quorate.kv.store;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.MalformedBytesException;
import io.quorate.kv.KvLimits;

/** Reads the fields of requests, and says what is wrong with them. */
final class Fields {

    private Fields() {
    }

    static Bytes key(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        return bounded("key", reader, 1, KvLimits.MAX_KEY_BYTES);
    }

    static Bytes prefix(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        return bounded("prefix", reader, 0, KvLimits.MAX_KEY_BYTES);
    }

    static Bytes value(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        return bounded("value", reader, 0, KvLimits.MAX_VALUE_BYTES);
    }

    static CommandRejectedException malformed(String what, MalformedBytesException e) {
        return new CommandRejectedException("malformed " + what + ": " + e.getMessage());
    }

    static CommandRejectedException unknown(String what, int kind) {
        return new CommandRejectedException("found " + what + " 0x" + Integer.toHexString(kind)
            + ", which a key-value store of this version does not know");
    }

    private static Bytes bounded(String what, BytesReader reader, int minBytes, int maxBytes)
            throws MalformedBytesException, CommandRejectedException {
        int length = reader.i32();
        if (length < minBytes || length > maxBytes) {
            throw new CommandRejectedException(what + ": found " + Integer.toUnsignedString(length)
                + " bytes, expected " + minBytes + " to " + maxBytes);
        }
        return reader.raw(length);
    }
}
