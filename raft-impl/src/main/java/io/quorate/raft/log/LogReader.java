package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.storage.Disk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads entries back from segments, verifying each.
 *
 * <p>Each read opens the file anew. That costs some microseconds on a path that is not hot (a leader serves what is
 * recent from memory), and it keeps a reader's troubles its own: an interrupted reader closes its own channel and
 * not the one that the storage thread writes to, and the number of open files does not grow with the log.
 *
 * <p>Thread-safe.
 */
final class LogReader {

    private static final int MAX_WINDOW_BYTES = 1024 * 1024;

    private final Disk disk;
    private final EntryCodec codec;

    LogReader(Disk disk, EntryCodec codec) {
        this.disk = disk;
        this.codec = codec;
    }

    /** Reads from one segment: at least one entry, at most those that it holds; see {@link LogStore#read}. */
    List<LogEntry> read(Segment segment, long from, long toInclusive, int maxBytes) throws IOException {
        List<LogEntry> entries = new ArrayList<>();
        try (Disk.File file = disk.open(segment.path())) {
            int at = segment.placeBefore(from);
            int end = segment.end();
            SegmentWindow window = window(segment, file, at, end, maxBytes);
            long bytes = 0;
            while (at < end && from + entries.size() <= toInclusive) {
                int size = sizeAt(segment, window, at, end);
                int in = window.bring(at, EntryCodec.HEADER_BYTES);
                long index = EntryCodec.indexAt(window.array(), in);
                if (EntryCodec.typeAt(window.array(), in) == SegmentMark.TYPE || index < from) {
                    at += size;
                    continue;
                }
                if (index != from + entries.size()) {
                    throw damaged(segment, at, "entry " + index, "entry " + (from + entries.size()));
                }
                if (!entries.isEmpty() && bytes + size > maxBytes) {
                    break;
                }
                entries.add(entryAt(segment, window, at, size));
                bytes += size;
                at += size;
            }
            if (entries.isEmpty()) {
                throw damaged(segment, at, "the end", "entry " + from);
            }
        }
        return entries;
    }

    /** Where the entry at {@code index} begins. */
    int offsetOf(Segment segment, Disk.File file, long index) throws IOException {
        int at = segment.placeBefore(index);
        int end = segment.end();
        SegmentWindow window = window(segment, file, at, end, 0);
        while (at < end) {
            int size = sizeAt(segment, window, at, end);
            int in = window.bring(at, EntryCodec.HEADER_BYTES);
            if (EntryCodec.typeAt(window.array(), in) != SegmentMark.TYPE
                && EntryCodec.indexAt(window.array(), in) == index) {
                // Everything from here on is about to be deleted: only a verified record may say where.
                entryAt(segment, window, at, size);
                return at;
            }
            at += size;
        }
        throw damaged(segment, at, "the end", "entry " + index);
    }

    private static SegmentWindow window(Segment segment, Disk.File file, int at, int end, int maxBytes) {
        long wanted = Math.min((long) maxBytes + Segment.STRIDE_BYTES, MAX_WINDOW_BYTES);
        return new SegmentWindow(segment.path(), file, end, (int) Math.min(wanted, end - at));
    }

    private static int sizeAt(Segment segment, SegmentWindow window, int at, int end) throws IOException {
        if (end - at < EntryCodec.HEADER_BYTES) {
            throw damaged(segment, at, (end - at) + " bytes", "an entry");
        }
        int in = window.bring(at, EntryCodec.HEADER_BYTES);
        int length = EntryCodec.lengthAt(window.array(), in);
        int most = Math.min(EntryCodec.MAX_RECORD_BYTES, end - at) - EntryCodec.BODY_AT;
        if (length < EntryCodec.HEADER_BYTES - EntryCodec.BODY_AT || length > most) {
            throw damaged(segment, at, "length " + length, "at most " + most);
        }
        return length + EntryCodec.BODY_AT;
    }

    private LogEntry entryAt(Segment segment, SegmentWindow window, int at, int size) throws IOException {
        int in = window.bring(at, size);
        if (!codec.verifies(window.array(), in, size)) {
            throw damaged(segment, at, "a record whose checksum is wrong", "the entry that was written");
        }
        try {
            return EntryCodec.entry(window.array(), in, Bytes.wrap(window.array(), in, size));
        } catch (MalformedBytesException e) {
            throw damaged(segment, at, e.getMessage(), "the entry that was written");
        }
    }

    private static IOException damaged(Segment segment, int at, String found, String expected) {
        return new IOException(segment.path() + " at offset " + at + ": found " + found + ", expected " + expected
            + ". The file is damaged; stop this node and check its disk.");
    }
}
