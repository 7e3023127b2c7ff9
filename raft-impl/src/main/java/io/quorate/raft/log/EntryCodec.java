package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.wire.FrameFormat;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The one encoding of a log entry, on disk and in AppendEntries; big-endian:
 *
 * <pre>
 * byte 0    u32 length    of what follows the checksum: 17 + the payload's length
 *      4    u32 checksum  CRC32C over bytes 0..3, the cluster's seed in place of bytes 4..7, and bytes 8..end
 *      8    u64 term
 *     16    u64 index
 *     24    u8  type      {@link EntryType#code()}
 *     25    payload
 * </pre>
 *
 * <p>The seed is the CRC32C of the cluster id. With it in the checksum an entry of another cluster never verifies,
 * neither in a file that was copied by mistake nor in a message that went astray.
 *
 * <p>Immutable, thread-safe.
 */
public final class EntryCodec {

    /** Everything before the payload. */
    public static final int HEADER_BYTES = 25;

    /** Left free in a frame for what an AppendEntries request says besides its entries. */
    private static final int FRAME_RESERVE_BYTES = 1024;

    /** The largest encoded entry: one that could be stored but never sent would block its followers for good. */
    public static final int MAX_RECORD_BYTES = FrameFormat.MAX_PAYLOAD_BYTES - FRAME_RESERVE_BYTES;

    /** The largest payload of one entry. */
    public static final int MAX_PAYLOAD_BYTES = MAX_RECORD_BYTES - HEADER_BYTES;

    static final int LENGTH_AT = 0;
    static final int CHECKSUM_AT = 4;
    static final int TERM_AT = 8;
    static final int INDEX_AT = 16;
    static final int TYPE_AT = 24;

    /** The length field counts from here. */
    static final int BODY_AT = 8;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final int seed;
    private final byte[] seedBytes;

    /** @param cluster the cluster whose entries it encodes and accepts */
    public EntryCodec(ClusterId cluster) {
        this.seed = seedOf(cluster);
        this.seedBytes = new byte[Integer.BYTES];
        INT.set(seedBytes, 0, seed);
    }

    /** What stands for the cluster in every checksum of its files. */
    static int seedOf(ClusterId cluster) {
        CRC32C crc = new CRC32C();
        crc.update(cluster.value().getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }

    int seed() {
        return seed;
    }

    /**
     * Makes an entry; copies the parts once, into its encoded form.
     *
     * @param term 1 or more
     * @param index 1 or more
     * @param payloadParts together at most {@link #MAX_PAYLOAD_BYTES}
     * @throws IllegalArgumentException if one of these does not hold
     */
    public LogEntry encode(long term, long index, EntryType type, List<Bytes> payloadParts) {
        if (term < 1 || index < 1) {
            throw new IllegalArgumentException("found term " + term + " and index " + index + ", expected 1 or more");
        }
        long payloadBytes = 0;
        for (int i = 0; i < payloadParts.size(); i++) {
            payloadBytes += payloadParts.get(i).length();
        }
        if (payloadBytes > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("found a payload of " + payloadBytes + " bytes, expected at most "
                + MAX_PAYLOAD_BYTES);
        }
        byte[] record = new byte[HEADER_BYTES + (int) payloadBytes];
        int at = HEADER_BYTES;
        for (int i = 0; i < payloadParts.size(); i++) {
            Bytes part = payloadParts.get(i);
            part.copyTo(record, at);
            at += part.length();
        }
        putHeader(record, term, index, type.code());
        return new LogEntry(term, index, type, Bytes.wrap(record));
    }

    /** Fills in the header of a record whose payload is in place. */
    void putHeader(byte[] record, long term, long index, int typeCode) {
        INT.set(record, LENGTH_AT, record.length - BODY_AT);
        // The seed lies where the checksum will: one pass over one array, and no second update per entry.
        INT.set(record, CHECKSUM_AT, seed);
        LONG.set(record, TERM_AT, term);
        LONG.set(record, INDEX_AT, index);
        record[TYPE_AT] = (byte) typeCode;
        CRC32C crc = new CRC32C();
        crc.update(record);
        INT.set(record, CHECKSUM_AT, (int) crc.getValue());
    }

    /**
     * Reads the entry that begins at byte {@code at} of {@code source} and verifies its checksum. The entry shares the
     * bytes of {@code source}; the next one begins at {@code at + entry.encoded().length()}.
     *
     * @throws MalformedBytesException if there is no whole and valid entry of this cluster
     * @throws UnknownEntryTypeException if there is one that only a later build knows
     */
    public LogEntry decode(Bytes source, int at) throws MalformedBytesException {
        int left = source.length() - at;
        if (at < 0 || left < HEADER_BYTES) {
            throw new MalformedBytesException("found " + left + " bytes at byte " + at
                + ", expected an entry of at least " + HEADER_BYTES);
        }
        byte[] header = new byte[HEADER_BYTES];
        source.slice(at, HEADER_BYTES).copyTo(header, 0);
        int length = (int) INT.get(header, LENGTH_AT);
        if (length < HEADER_BYTES - BODY_AT || length > MAX_RECORD_BYTES - BODY_AT || length > left - BODY_AT) {
            throw new MalformedBytesException("found an entry of length " + length + " at byte " + at + " with "
                + (left - BODY_AT) + " bytes left, expected " + (HEADER_BYTES - BODY_AT) + " to "
                + (MAX_RECORD_BYTES - BODY_AT) + " and no more than is left");
        }
        Bytes record = source.slice(at, BODY_AT + length);
        int found = (int) INT.get(header, CHECKSUM_AT);
        INT.set(header, CHECKSUM_AT, seed);
        CRC32C crc = new CRC32C();
        crc.update(header);
        record.slice(HEADER_BYTES, record.length() - HEADER_BYTES).addTo(crc);
        if ((int) crc.getValue() != found) {
            throw new MalformedBytesException("found checksum " + hex(found) + " at byte " + at + ", expected "
                + hex((int) crc.getValue()) + ": damaged, or of another cluster");
        }
        return entry(header, 0, record);
    }

    /**
     * Reads entries until the end of {@code source}.
     *
     * @throws MalformedBytesException if there is anything else, or more than {@code maxEntries}
     */
    public List<LogEntry> decodeAll(Bytes source, int maxEntries) throws MalformedBytesException {
        List<LogEntry> entries = new ArrayList<>();
        int at = 0;
        while (at < source.length()) {
            if (entries.size() == maxEntries) {
                throw new MalformedBytesException("found more than " + maxEntries + " entries, expected no more");
            }
            LogEntry entry = decode(source, at);
            entries.add(entry);
            at += entry.encoded().length();
        }
        return entries;
    }

    /** Whether the {@code size} bytes at {@code at}, a whole record by its length field, carry a right checksum. */
    boolean verifies(byte[] array, int at, int size) {
        CRC32C crc = new CRC32C();
        crc.update(array, at, CHECKSUM_AT);
        crc.update(seedBytes, 0, Integer.BYTES);
        crc.update(array, at + BODY_AT, size - BODY_AT);
        return (int) crc.getValue() == (int) INT.get(array, at + CHECKSUM_AT);
    }

    static int lengthAt(byte[] array, int at) {
        return (int) INT.get(array, at + LENGTH_AT);
    }

    static long termAt(byte[] array, int at) {
        return (long) LONG.get(array, at + TERM_AT);
    }

    static long indexAt(byte[] array, int at) {
        return (long) LONG.get(array, at + INDEX_AT);
    }

    static int typeAt(byte[] array, int at) {
        return array[at + TYPE_AT] & 0xFF;
    }

    /** The entry of a verified record whose header is at {@code at} of {@code header}. */
    static LogEntry entry(byte[] header, int at, Bytes record) throws MalformedBytesException {
        long term = termAt(header, at);
        long index = indexAt(header, at);
        EntryType type = EntryType.ofCode(typeAt(header, at));
        if (term < 1 || index < 1) {
            throw new MalformedBytesException("found term " + term + " and index " + index
                + " in a valid checksum, expected 1 or more");
        }
        if (type == null) {
            throw new UnknownEntryTypeException(index, term, typeAt(header, at));
        }
        return new LogEntry(term, index, type, record);
    }

    static String hex(int value) {
        return String.format("%08x", value);
    }
}
