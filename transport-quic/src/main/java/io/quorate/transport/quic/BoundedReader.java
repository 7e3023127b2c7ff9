package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.quorate.api.Bytes;

/**
 * Reads a part of a buffer from front to back and never beyond its end. What is missing reads as zero and makes
 * {@link #failed()} true for good, so that a parser asks once, at its end, and hostile input costs no exception.
 *
 * <p>Touches neither of the buffer's own indexes. For one thread.
 */
final class BoundedReader {

    private final ByteBuf buffer;
    private final int end;
    private int at;
    private boolean failed;

    /** Reads {@code buffer} from the absolute index {@code from} on, up to but without {@code end}. */
    BoundedReader(ByteBuf buffer, int from, int end) {
        this.buffer = buffer;
        this.at = from;
        this.end = end;
    }

    /** The absolute index of what is read next. */
    int at() {
        return at;
    }

    int remaining() {
        return end - at;
    }

    /** Whether anything was asked for that was not there. */
    boolean failed() {
        return failed;
    }

    int unsignedByte() {
        return claim(Byte.BYTES) ? buffer.getUnsignedByte(at - Byte.BYTES) : 0;
    }

    int unsignedShort() {
        return claim(Short.BYTES) ? buffer.getUnsignedShort(at - Short.BYTES) : 0;
    }

    int signedInt() {
        return claim(Integer.BYTES) ? buffer.getInt(at - Integer.BYTES) : 0;
    }

    /** A variable-length integer: the first two bits say how many bytes it has, 1, 2, 4 or 8 (RFC 9000 §16). */
    long variableInt() {
        int first = unsignedByte();
        int more = (1 << (first >>> 6)) - 1;
        if (!claim(more)) {
            return 0;
        }
        long value = first & 0x3F;
        for (int index = at - more; index < at; index++) {
            value = value << Byte.SIZE | buffer.getUnsignedByte(index);
        }
        return value;
    }

    /** A copy of the next bytes. */
    Bytes bytes(long size) {
        if (!claim(size)) {
            return Bytes.empty();
        }
        byte[] copy = new byte[(int) size];
        buffer.getBytes(at - copy.length, copy);
        return Bytes.wrap(copy);
    }

    void skip(long size) {
        claim(size);
    }

    private boolean claim(long size) {
        // What has failed once stays failed: a number read after the hole would be taken from the wrong place.
        if (failed || size < 0 || size > remaining()) {
            failed = true;
            return false;
        }
        at += (int) size;
        return true;
    }
}
