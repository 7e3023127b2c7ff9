package io.quorate.api;

import java.util.Arrays;

/**
 * Builds an encoded {@link Bytes}, big-endian. The counterpart of {@link BytesReader}.
 *
 * <p>Not thread-safe. {@link #toBytes()} ends its use: the array is given away without a copy.
 */
public final class BytesWriter {

    private byte[] array;
    private int size;

    public BytesWriter() {
        this(64);
    }

    /** @param expectedBytes a first capacity; it grows as needed */
    public BytesWriter(int expectedBytes) {
        this.array = new byte[Math.max(16, expectedBytes)];
    }

    /** The number of bytes written so far. */
    public int size() {
        return size;
    }

    public BytesWriter u8(int value) {
        room(1);
        array[size++] = (byte) value;
        return this;
    }

    public BytesWriter u16(int value) {
        return u8(value >>> 8).u8(value);
    }

    public BytesWriter i32(int value) {
        room(4);
        array[size] = (byte) (value >>> 24);
        array[size + 1] = (byte) (value >>> 16);
        array[size + 2] = (byte) (value >>> 8);
        array[size + 3] = (byte) value;
        size += 4;
        return this;
    }

    public BytesWriter i64(long value) {
        return i32((int) (value >>> 32)).i32((int) value);
    }

    public BytesWriter bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    /** The bytes alone, with no length before them. */
    public BytesWriter raw(Bytes value) {
        room(value.length());
        value.copyTo(array, size);
        size += value.length();
        return this;
    }

    /** A 32-bit length and the bytes. */
    public BytesWriter bytes(Bytes value) {
        return i32(value.length()).raw(value);
    }

    /** A 32-bit length and the UTF-8 bytes. */
    public BytesWriter string(String value) {
        return bytes(Bytes.utf8(value));
    }

    /** Everything written; this writer must not be used afterwards. */
    public Bytes toBytes() {
        byte[] written = array;
        array = null;
        return Bytes.wrap(written, 0, size);
    }

    private void room(int more) {
        int needed = Math.addExact(size, more);
        if (needed > array.length) {
            array = Arrays.copyOf(array, Math.max(needed, array.length * 2));
        }
    }
}
