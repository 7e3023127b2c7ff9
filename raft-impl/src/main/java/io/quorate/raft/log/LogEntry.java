package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.EntryType;

/**
 * One entry of the log together with its encoded form. Made by {@link EntryCodec} alone, so the two always agree:
 * what is replicated is, byte for byte, what is on disk, and nothing is encoded twice.
 *
 * <p>Immutable, thread-safe. {@link #payload()} is a slice of {@link #encoded()} and shares its bytes.
 */
public final class LogEntry {

    private final long term;
    private final long index;
    private final EntryType type;
    private final Bytes payload;
    private final Bytes encoded;

    LogEntry(long term, long index, EntryType type, Bytes encoded) {
        this.term = term;
        this.index = index;
        this.type = type;
        this.encoded = encoded;
        this.payload = encoded.slice(EntryCodec.HEADER_BYTES, encoded.length() - EntryCodec.HEADER_BYTES);
    }

    /** The same with bytes of its own: to be kept for long, while a slice would keep all of a large buffer. */
    LogEntry copied() {
        return new LogEntry(term, index, type, Bytes.wrap(encoded.toByteArray()));
    }

    /** The term of the leader that made it; 1 or more. */
    public long term() {
        return term;
    }

    /** Its position in the log; 1 or more. */
    public long index() {
        return index;
    }

    public EntryType type() {
        return type;
    }

    /** What it carries. */
    public Bytes payload() {
        return payload;
    }

    /** The whole record as it lies in the log and travels in AppendEntries. */
    public Bytes encoded() {
        return encoded;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LogEntry that && encoded.equals(that.encoded);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(index) * 31 + Long.hashCode(term);
    }

    @Override
    public String toString() {
        return "LogEntry[" + index + "@" + term + " " + type + " " + payload.length() + " bytes]";
    }
}
