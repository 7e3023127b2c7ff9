package io.quorate.api;

/**
 * Reads what {@link BytesWriter} wrote, and trusts nothing: every length is checked against what is there and
 * against the caller's limit before anything is allocated. Values are slices of the source and share its bytes.
 *
 * <p>Not thread-safe.
 */
public final class BytesReader {

    private final Bytes source;
    private int position;

    public BytesReader(Bytes source) {
        this.source = source;
    }

    /** The number of bytes not read yet. */
    public int remaining() {
        return source.length() - position;
    }

    /** The number of bytes read so far. */
    public int position() {
        return position;
    }

    public int u8() throws MalformedBytesException {
        need(1, "a byte");
        return source.at(position++) & 0xFF;
    }

    public int u16() throws MalformedBytesException {
        need(2, "a 16-bit number");
        return u8() << 8 | u8();
    }

    public int i32() throws MalformedBytesException {
        need(4, "a 32-bit number");
        int value = (source.at(position) & 0xFF) << 24 | (source.at(position + 1) & 0xFF) << 16
            | (source.at(position + 2) & 0xFF) << 8 | (source.at(position + 3) & 0xFF);
        position += 4;
        return value;
    }

    public long i64() throws MalformedBytesException {
        need(8, "a 64-bit number");
        return (long) i32() << 32 | (i32() & 0xFFFF_FFFFL);
    }

    public boolean bool() throws MalformedBytesException {
        int value = u8();
        if (value > 1) {
            throw new MalformedBytesException("found " + value + " at byte " + (position - 1) + ", expected 0 or 1");
        }
        return value == 1;
    }

    /** Exactly {@code length} bytes. */
    public Bytes raw(int length) throws MalformedBytesException {
        if (length < 0) {
            throw new MalformedBytesException("found length " + length + " at byte " + position
                + ", expected 0 or more");
        }
        need(length, length + " bytes");
        Bytes value = source.slice(position, length);
        position += length;
        return value;
    }

    /** A 32-bit length of at most {@code maxBytes}, then that many bytes. */
    public Bytes bytes(int maxBytes) throws MalformedBytesException {
        return raw(length(maxBytes));
    }

    /** A 32-bit length of at most {@code maxBytes}, then UTF-8 text. */
    public String string(int maxBytes) throws MalformedBytesException {
        return bytes(maxBytes).utf8();
    }

    /** A 32-bit count of items of at least {@code minItemBytes} each; at most {@code maxItems}. */
    public int count(int maxItems, int minItemBytes) throws MalformedBytesException {
        int at = position;
        int count = i32();
        if (count < 0 || count > maxItems || (long) count * minItemBytes > remaining()) {
            throw new MalformedBytesException("found a count of " + count + " at byte " + at + " with " + remaining()
                + " bytes left, expected at most " + maxItems + " items of at least " + minItemBytes + " bytes");
        }
        return count;
    }

    /** Asserts that all was read. */
    public void end() throws MalformedBytesException {
        if (remaining() != 0) {
            throw new MalformedBytesException("found " + remaining() + " more bytes at byte " + position
                + ", expected the end");
        }
    }

    private int length(int maxBytes) throws MalformedBytesException {
        int at = position;
        int length = i32();
        if (length < 0 || length > maxBytes) {
            throw new MalformedBytesException("found length " + length + " at byte " + at
                + ", expected 0 to " + maxBytes);
        }
        return length;
    }

    private void need(int bytes, String what) throws MalformedBytesException {
        if (remaining() < bytes) {
            throw new MalformedBytesException("found " + remaining() + " bytes at byte " + position
                + ", expected " + what);
        }
    }
}
