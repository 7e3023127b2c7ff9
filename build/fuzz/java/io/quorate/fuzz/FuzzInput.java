package io.quorate.fuzz;

import io.quorate.api.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A fuzzer's bytes as a series of decisions, taken from front to back. A target builds from it what it feeds to the
 * code, and seals that with right checksums: a mutation of one byte is then a change of one decision, and reaches what
 * lies behind the checksums, where a mutation of the sealed bytes would be refused at the door.
 *
 * <p>Total: at the end of the bytes every decision is the plain one, 0, no, or nothing. Not thread-safe.
 */
public final class FuzzInput {

    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-./:{}\"\\[]= #_\u00e4\u20ac";

    private final byte[] data;
    private int at;

    public FuzzInput(byte[] data) {
        this.data = data;
    }

    /** Whether a decision is left. */
    public boolean hasMore() {
        return at < data.length;
    }

    /** One byte, 0 to 255. */
    public int u8() {
        return at < data.length ? data[at++] & 0xFF : 0;
    }

    public int u16() {
        return u8() << 8 | u8();
    }

    public int i32() {
        return u16() << 16 | u16();
    }

    public long i64() {
        return (long) i32() << 32 | i32() & 0xFFFF_FFFFL;
    }

    /** 0 to {@code bound - 1}. */
    public int below(int bound) {
        return bound <= 256 ? u8() % bound : bound <= 65_536 ? u16() % bound : Math.floorMod(i32(), bound);
    }

    /** Yes once in {@code n} decisions, 2 to 256; no at the end. */
    public boolean oneIn(int n) {
        return u8() % n == n - 1;
    }

    /** A number as they occur and as they go wrong: small, at an edge, or any. */
    public long number() {
        int how = u8();
        return switch (how & 15) {
            case 0, 1, 2, 3, 4, 5, 6, 7 -> how >>> 4;
            case 8 -> u16();
            case 9 -> -1L - (how >>> 4);
            case 10 -> Long.MAX_VALUE - (how >>> 4);
            case 11 -> Long.MIN_VALUE + (how >>> 4);
            case 12 -> Integer.MAX_VALUE + (long) (how >>> 4) - 8;
            case 13 -> 1L << (how >>> 4) * 4;
            default -> i64();
        };
    }

    /** Up to {@code max} bytes. */
    public byte[] bytes(int max) {
        int length = Math.min(below(max + 1), data.length - at);
        at += length;
        return Arrays.copyOfRange(data, at - length, at);
    }

    /** Up to {@code max} bytes. */
    public Bytes some(int max) {
        return Bytes.wrap(bytes(max));
    }

    /** Exactly {@code length} bytes, filled up with zeros. */
    public Bytes exactly(int length) {
        byte[] all = new byte[length];
        int there = Math.min(length, data.length - at);
        System.arraycopy(data, at, all, 0, there);
        at += there;
        return Bytes.wrap(all);
    }

    /** Everything that is left. */
    public byte[] rest() {
        byte[] rest = Arrays.copyOfRange(data, at, data.length);
        at = data.length;
        return rest;
    }

    /** A text of up to {@code max} characters: mostly letters, sometimes whatever UTF-8 makes of the bytes. */
    public String text(int max) {
        if (oneIn(16)) {
            return new String(bytes(max), StandardCharsets.UTF_8);
        }
        byte[] choice = bytes(max);
        StringBuilder text = new StringBuilder(choice.length);
        for (byte one : choice) {
            text.append(LETTERS.charAt((one & 0xFF) % LETTERS.length()));
        }
        return text.toString();
    }

    /** A DNS label; the valid form of every name. */
    public String label() {
        return "n" + below(12);
    }

    /** One of these. */
    public <T> T pick(List<T> from) {
        return from.get(below(from.size()));
    }

    /** One of these. */
    @SafeVarargs
    public final <T> T pick(T... from) {
        return from[below(from.length)];
    }

    /**
     * Damages some bytes in place: none at the end of the decisions, else up to three are changed, or a stretch of
     * zeros or ones is laid over them.
     */
    public void damage(byte[] target, int from, int to) {
        if (to <= from) {
            return;
        }
        for (int left = below(4); left > 0; left--) {
            int place = from + below(to - from);
            if (oneIn(8)) {
                Arrays.fill(target, place, Math.min(to, place + u8()), (byte) (oneIn(2) ? 0xFF : 0));
            } else {
                target[place] ^= (byte) (1 << (u8() & 7));
            }
        }
    }
}
