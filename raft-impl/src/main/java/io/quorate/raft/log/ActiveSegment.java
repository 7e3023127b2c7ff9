package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The segment that is being appended to.
 *
 * <p>Invariant: every byte at or behind the end is zero, durably so, except what an append since the last sync may
 * have put there. Three things keep it: files are filled with zeros before their first use; a truncation zeroes what
 * it cuts, synced before it returns; and what an append wrote that failed for want of room is zeroed, synced before
 * anyone hears of it. So no old record can ever stand behind a new one and be read as its successor. That matters
 * most for two entries of the same index and term, of which one was given up: if the old bytes came back after a
 * crash, two logs would differ at one index and term, which Raft's log matching rules out (thesis §3.5).
 *
 * <p>Storage thread only.
 */
final class ActiveSegment implements Closeable {

    /** One write call for most batches; more than about this much a call gains nothing. */
    static final int MAX_BUFFER_BYTES = 1024 * 1024;

    private final EntryCodec codec;
    private final Segment segment;
    private final Disk.File file;
    private final ByteBuffer buffer;
    private int syncedOffset;
    private int notedOffset;

    /**
     * @param file open on the segment's path; this closes it
     * @param buffer direct, {@link #MAX_BUFFER_BYTES} or less, reused by one active segment after the other
     */
    ActiveSegment(EntryCodec codec, Segment segment, Disk.File file, ByteBuffer buffer) {
        this.codec = codec;
        this.segment = segment;
        this.file = file;
        this.buffer = buffer;
        this.syncedOffset = segment.end();
        this.notedOffset = segment.end();
    }

    Segment segment() {
        return segment;
    }

    /** Whether a batch of this size, with a mark if one is due, has room behind the end. */
    boolean fits(long batchBytes) {
        return batchBytes + markBytes() <= segment.fileBytes() - segment.end();
    }

    private int markBytes() {
        return syncedOffset > notedOffset ? SegmentMark.BYTES : 0;
    }

    /**
     * Writes a batch that {@link #fits} behind the end.
     *
     * @param syncedIndex the last entry that is durable, and {@code syncedTerm} its term, for the mark
     * @throws StorageFullException if part of it may be behind the end now; {@link #erase} it
     */
    void append(List<LogEntry> entries, long batchBytes, long syncedTerm, long syncedIndex) throws IOException {
        int at = segment.end();
        int offset = at + markBytes();
        buffer.clear();
        if (markBytes() > 0) {
            buffer.put(SegmentMark.encode(codec, syncedTerm, syncedIndex, syncedOffset));
        }
        for (int i = 0; i < entries.size(); i++) {
            Bytes record = entries.get(i).encoded();
            if (record.length() <= buffer.remaining()) {
                record.copyTo(buffer);
            } else {
                at = putInParts(record, at);
            }
        }
        flush(at);
        for (int i = 0; i < entries.size(); i++) {
            LogEntry entry = entries.get(i);
            segment.note(entry.index(), offset);
            offset += entry.encoded().length();
        }
        notedOffset = syncedOffset;
        segment.setEnd(offset);
    }

    private int putInParts(Bytes record, int at) throws IOException {
        int position = at;
        int done = 0;
        while (done < record.length()) {
            if (!buffer.hasRemaining()) {
                position = flush(position);
            }
            int part = Math.min(buffer.remaining(), record.length() - done);
            record.slice(done, part).copyTo(buffer);
            done += part;
        }
        return position;
    }

    private int flush(int at) throws IOException {
        buffer.flip();
        int size = buffer.remaining();
        file.write(buffer, at);
        buffer.clear();
        return at + size;
    }

    /** Takes back what a failed append of {@code batchBytes} may have written; durable on return. */
    void erase(long batchBytes) throws IOException {
        DataFiles.zero(file, segment.end(), segment.end() + markBytes() + batchBytes);
        file.force();
    }

    /** Makes everything up to the end durable. Returns whether there was anything to do. */
    boolean sync() throws IOException {
        if (syncedOffset == segment.end()) {
            return false;
        }
        file.force();
        syncedOffset = segment.end();
        return true;
    }

    /** The state file has noted how far this is synced; no mark is needed to say it again. */
    void noted() {
        notedOffset = syncedOffset;
    }

    /** Cuts the segment off at {@code offset}, an entry's beginning; durable on return. */
    void cut(long index, int offset) throws IOException {
        DataFiles.zero(file, offset, segment.end());
        file.force();
        segment.forgetFrom(index);
        segment.setEnd(offset);
        syncedOffset = offset;
        notedOffset = offset;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
