package io.quorate.testing.transport;

import io.quorate.api.Bytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Payloads that are told apart by content. Each begins, where there is room, with its number; the rest is a piece of
 * one random block at a place that depends on the number. Cheap to make and to check, so that a test's own work does
 * not hide the transport's.
 */
final class Payloads {

    private static final int BLOCK_BYTES = 9 << 20;
    private static final byte[] BLOCK = new byte[BLOCK_BYTES];

    static {
        new SplittableRandom(160).nextBytes(BLOCK);
    }

    private Payloads() {
    }

    private static int place(long number, int size) {
        return (int) Long.remainderUnsigned(number * 0x9E3779B97F4A7C15L ^ number >>> 7, BLOCK_BYTES - size);
    }

    /** In the parts of which a frame may consist. */
    static List<Bytes> parts(long number, int size) {
        if (size < Long.BYTES) {
            return List.of(Bytes.wrap(BLOCK, place(number, size), size));
        }
        List<Bytes> parts = new ArrayList<>(2);
        parts.add(Bytes.wrap(ByteBuffer.allocate(Long.BYTES).putLong(number).array()));
        int rest = size - Long.BYTES;
        if (rest > 0) {
            parts.add(Bytes.wrap(BLOCK, place(number, rest), rest));
        }
        return parts;
    }

    /** In one piece. */
    static Bytes of(long number, int size) {
        byte[] whole = new byte[size];
        int at = 0;
        for (Bytes part : parts(number, size)) {
            part.copyTo(whole, at);
            at += part.length();
        }
        return Bytes.wrap(whole);
    }

    /** Whether {@code payload} is the payload of this number and no other. */
    static boolean matches(long number, Bytes payload) {
        int at = 0;
        for (Bytes part : parts(number, payload.length())) {
            if (!payload.slice(at, part.length()).equals(part)) {
                return false;
            }
            at += part.length();
        }
        return true;
    }

    /** The number at the payload's beginning, or -1 if there is no room for one. */
    static long number(Bytes payload) {
        return payload.length() < Long.BYTES ? -1 : payload.asByteBuffer().getLong(0);
    }
}
