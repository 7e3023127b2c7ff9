package io.quorate.api;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.zip.Checksum;

/**
 * An immutable sequence of bytes: a view of an array that nobody writes to any more.
 *
 * <p><b>Ownership.</b> {@link #wrap(byte[])} takes the array over: the caller must not write to it afterwards. With
 * that one rule a {@code Bytes} may be shared freely between threads, queued, sliced and sent without a copy, and a
 * buffer reused by its writer while somebody still reads it cannot occur.
 *
 * <p>Value semantics: equality and hash code are those of the content. Thread-safe.
 */
public final class Bytes implements Comparable<Bytes> {

    private static final Bytes EMPTY = new Bytes(new byte[0], 0, 0);

    private final byte[] array;
    private final int offset;
    private final int length;

    private Bytes(byte[] array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
    }

    /** The empty sequence. */
    public static Bytes empty() {
        return EMPTY;
    }

    /** Takes {@code array} over without a copy; the caller gives it away. */
    public static Bytes wrap(byte[] array) {
        return wrap(array, 0, array.length);
    }

    /**
     * Takes a range of {@code array} over without a copy; the caller gives the range away.
     *
     * @throws IndexOutOfBoundsException if the range is not inside the array
     */
    public static Bytes wrap(byte[] array, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, array.length);
        return length == 0 ? EMPTY : new Bytes(array, offset, length);
    }

    /** Copies {@code array}; the caller keeps it. */
    public static Bytes copyOf(byte[] array) {
        return wrap(array.clone());
    }

    /** Copies what remains in {@code buffer}, and leaves its position as it was. */
    public static Bytes copyOf(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(buffer.position(), copy);
        return wrap(copy);
    }

    /** The UTF-8 encoding of {@code text}. */
    public static Bytes utf8(String text) {
        return wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The number of bytes. */
    public int length() {
        return length;
    }

    /** Whether there is no byte. */
    public boolean isEmpty() {
        return length == 0;
    }

    /**
     * One byte.
     *
     * @throws IndexOutOfBoundsException if {@code index} is not in {@code [0, length)}
     */
    public byte at(int index) {
        return array[offset + Objects.checkIndex(index, length)];
    }

    /** A range of this sequence; shares the bytes. */
    public Bytes slice(int from, int size) {
        Objects.checkFromIndexSize(from, size, length);
        return size == 0 ? EMPTY : new Bytes(array, offset + from, size);
    }

    /** A read-only buffer over the bytes, position 0, limit {@link #length()}; shares the bytes. */
    public ByteBuffer asByteBuffer() {
        return ByteBuffer.wrap(array, offset, length).slice().asReadOnlyBuffer();
    }

    /** A fresh copy. */
    public byte[] toByteArray() {
        return Arrays.copyOfRange(array, offset, offset + length);
    }

    /** Puts all bytes into {@code target} at its position. */
    public void copyTo(ByteBuffer target) {
        target.put(array, offset, length);
    }

    /** Copies all bytes into {@code target} from {@code at} on. */
    public void copyTo(byte[] target, int at) {
        System.arraycopy(array, offset, target, at, length);
    }

    /** Adds all bytes to {@code checksum}, without a copy. */
    public void addTo(Checksum checksum) {
        checksum.update(array, offset, length);
    }

    /** The bytes read as UTF-8; malformed input is replaced. */
    public String utf8() {
        return new String(array, offset, length, StandardCharsets.UTF_8);
    }

    /** Whether this begins with all bytes of {@code prefix}. */
    public boolean startsWith(Bytes prefix) {
        return length >= prefix.length
            && Arrays.equals(array, offset, offset + prefix.length,
                prefix.array, prefix.offset, prefix.offset + prefix.length);
    }

    /** Lower-case hexadecimal digits of all bytes. */
    public String hex() {
        return HexFormat.of().formatHex(array, offset, offset + length);
    }

    /** Unsigned lexicographic order. */
    @Override
    public int compareTo(Bytes other) {
        return Arrays.compareUnsigned(array, offset, offset + length,
            other.array, other.offset, other.offset + other.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes that
            && Arrays.equals(array, offset, offset + length, that.array, that.offset, that.offset + that.length);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = offset; i < offset + length; i++) {
            hash = 31 * hash + array[i];
        }
        return hash;
    }

    /** The length alone: contents may be secret and do not belong in a log. */
    @Override
    public String toString() {
        return "Bytes[" + length + "]";
    }
}
