package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the log when the directory is opened: verifies every record, finds the end, and decides whether what
 * is wrong is a torn tail, which is cut, or damage, which is refused.
 *
 * <p>First everything is read and judged, then the files are changed: a log that is refused is left as it was found.
 *
 * <p>Used once, by the thread that opens the store.
 */
final class LogRecovery {

    private static final int WINDOW_BYTES = 1024 * 1024;
    private static final byte[] ZEROS = new byte[64 * 1024];

    private final Disk disk;
    private final EntryCodec codec;
    private final Path directory;
    private final StateFile.State state;

    private TermIndex terms;
    private final List<LogEntry> configurations = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private final List<Path> segmentsToDelete = new ArrayList<>();
    private final List<String> repairs = new ArrayList<>();
    private final Map<EntryType, long[]> counts = new EnumMap<>(EntryType.class);
    private long tornTailBytes;

    /** In the last segment: up to here everything is known to have been synced. */
    private int syncedOffset = SegmentHeader.BYTES;

    /** Where the scan of a segment ended, and why, if not at the end of what was written. */
    private record Stop(int at, String problem) {
    }

    /** The last segment as it was judged: what lies between its end and {@code written} was never acknowledged. */
    private record Tail(Segment segment, int end, int written) {
    }

    private Tail tail;

    /** @param state as it is read before */
    LogRecovery(Disk disk, EntryCodec codec, Path directory, StateFile.State state) {
        this.disk = disk;
        this.codec = codec;
        this.directory = directory;
        this.state = state;
        this.terms = new TermIndex(state.firstIndex(), 0);
    }

    TermIndex terms() {
        return terms;
    }

    List<LogEntry> configurations() {
        return configurations;
    }

    List<Segment> segments() {
        return segments;
    }

    List<String> repairs() {
        return repairs;
    }

    long tornTailBytes() {
        return tornTailBytes;
    }

    /** How many entries of each type there are, and their bytes. */
    Map<EntryType, long[]> counts() {
        return counts;
    }

    /** How many bytes behind the end belong to a write that was never finished, and will be cut. */
    long unfinishedBytes() {
        return tail == null ? 0 : tail.written - tail.end;
    }

    /** Reads and judges; changes nothing. A log whose replacement is under way is not looked at. */
    void read() throws IOException {
        if (state.resetting()) {
            return;
        }
        List<Path> paths = findSegments();
        for (int i = 0; i < paths.size() - 1; i++) {
            readSegment(paths.get(i), false);
        }
        readSegment(paths.get(paths.size() - 1), true);
    }

    /**
     * Replaces the log by a snapshot, or finishes that.
     *
     * @param segmentBytes the size of the new segment
     */
    void replace(StateFile stateFile, SnapshotMeta snapshot, int segmentBytes) throws IOException {
        SegmentAllocator allocator = new SegmentAllocator(disk, directory, Runnable::run);
        LogReset reset = new LogReset(disk, codec, directory, stateFile);
        reset.intend(snapshot);
        Segment segment = reset.run(snapshot, () -> allocator.take(segmentBytes, segmentBytes));
        segments.clear();
        segments.add(segment);
        configurations.clear();
        terms = new TermIndex(snapshot.index() + 1, snapshot.term());
        repairs.add(directory + ": replaced the log by the snapshot of entry " + snapshot.index()
            + ", which the last stop interrupted");
        allocator.close();
    }

    /** Repairs what was found. On return every entry found is durable. */
    void repair(StateFile stateFile) throws IOException {
        repairTail(stateFile);
        disk.delete(directory.resolve(DataFiles.NEXT_SEGMENT));
        // A segment may have its name in the kernel's memory alone, if the process was killed within a rotation.
        disk.syncDirectory(directory);
    }

    private List<Path> findSegments() throws IOException {
        List<Path> paths = new ArrayList<>();
        for (String name : disk.list(directory)) {
            long base = DataFiles.baseIndexOf(name);
            if (base >= 0 && (base < state.firstIndex() || state.cutFrom() > 0 && base > state.cutFrom())) {
                segmentsToDelete.add(directory.resolve(name));
            } else if (base >= 0) {
                paths.add(directory.resolve(name));
            }
        }
        if (paths.isEmpty()) {
            throw StorageRefusedException.damaged(directory.toString(), "no segment",
                DataFiles.segmentName(state.firstIndex()) + " at least");
        }
        return paths;
    }

    private void readSegment(Path path, boolean last) throws IOException {
        try (Disk.File file = disk.open(path)) {
            long size = file.size();
            if (size > Integer.MAX_VALUE) {
                throw StorageRefusedException.damaged(path.toString(), size + " bytes", "at most " + Integer.MAX_VALUE);
            }
            SegmentHeader header = SegmentHeader.read(path, file, codec.seed());
            String name = path.getFileName().toString();
            if (segments.isEmpty() && header.baseIndex() == state.firstIndex()) {
                requirePrecedingTerm(path, header);
                terms = new TermIndex(header.baseIndex(), header.precedingTerm());
            }
            if (header.baseIndex() != DataFiles.baseIndexOf(name) || header.baseIndex() != terms.lastIndex() + 1
                || header.precedingTerm() != terms.lastTerm()) {
                throw StorageRefusedException.damaged(path + " at offset 0", "a segment that begins with entry "
                    + header.baseIndex() + " after an entry of term " + header.precedingTerm(), "one that begins "
                    + "with entry "
                    + (terms.lastIndex() + 1) + " after term " + terms.lastTerm() + ", where the log ends so far");
            }
            Segment segment = new Segment(path, header, (int) size);
            SegmentWindow window = new SegmentWindow(path, file, (int) size, WINDOW_BYTES);
            Stop stop = scan(segment, window, last);
            segment.setEnd(stop.at);
            segments.add(segment);
            if (last) {
                judgeTail(segment, window, stop);
            } else if (stop.problem != null) {
                // This file was synced as a whole before the next one got its name.
                throw StorageRefusedException.damaged(path + " at offset " + stop.at, stop.problem,
                    "entry " + (terms.lastIndex() + 1) + " or the end; later segments follow");
            }
        }
    }

    /** What the first segment says about the entry before it, nobody else can say but a snapshot. */
    private void requirePrecedingTerm(Path path, SegmentHeader header) throws IOException {
        long newest = state.hardState().term().value();
        long term = header.precedingTerm();
        if (header.baseIndex() == 1 ? term != 0 : term < 1 || term > newest) {
            throw StorageRefusedException.damaged(path + " at offset 0", "a segment that begins with entry "
                + header.baseIndex() + " after an entry of term " + term, header.baseIndex() == 1
                    ? "no entry before" : "a term of 1 to " + newest);
        }
    }

    private Stop scan(Segment segment, SegmentWindow window, boolean last) throws IOException {
        int fileBytes = segment.fileBytes();
        int at = SegmentHeader.BYTES;
        while (fileBytes - at >= EntryCodec.HEADER_BYTES) {
            int in = window.bring(at, EntryCodec.HEADER_BYTES);
            int length = EntryCodec.lengthAt(window.array(), in);
            int most = Math.min(EntryCodec.MAX_RECORD_BYTES, fileBytes - at) - EntryCodec.BODY_AT;
            if (length == 0) {
                return new Stop(at, null);
            }
            if (length < EntryCodec.HEADER_BYTES - EntryCodec.BODY_AT || length > most) {
                return new Stop(at, "a record of length " + length);
            }
            int size = length + EntryCodec.BODY_AT;
            in = window.bring(at, size);
            if (!codec.verifies(window.array(), in, size)) {
                return new Stop(at, "a record whose checksum is wrong");
            }
            if (SegmentMark.isAt(window.array(), in, size)) {
                long synced = SegmentMark.syncedOffset(window.array(), in);
                if (synced < SegmentHeader.BYTES || synced > at) {
                    // A mark lies behind all that it speaks of; by this one the repair would begin anywhere.
                    throw StorageRefusedException.damaged(segment.path() + " at offset " + at, "a mark that all before "
                        + "offset " + synced + " is synced", "an offset of " + SegmentHeader.BYTES + " to " + at);
                }
                if (last) {
                    syncedOffset = Math.max(syncedOffset, (int) synced);
                }
            } else if (last && state.cutFrom() > 0
                && EntryCodec.indexAt(window.array(), in) == state.cutFrom()) {
                return new Stop(at, null);
            } else {
                accept(segment, at, in, size, window);
                if (last && terms.lastIndex() == state.durableIndex()) {
                    syncedOffset = Math.max(syncedOffset, at + size);
                }
            }
            at += size;
        }
        return new Stop(at, null);
    }

    /** Takes in a record whose checksum is right. If it does not fit, no crash can explain it: see ActiveSegment. */
    private void accept(Segment segment, int at, int in, int size, SegmentWindow window) throws IOException {
        byte[] array = window.array();
        long index = EntryCodec.indexAt(array, in);
        long term = EntryCodec.termAt(array, in);
        EntryType type = EntryType.ofCode(EntryCodec.typeAt(array, in));
        String where = segment.path() + " at offset " + at;
        if (index != terms.lastIndex() + 1 || term < terms.lastTerm() || term < 1) {
            throw StorageRefusedException.damaged(where, "entry " + index + " of term " + term, "entry "
                + (terms.lastIndex() + 1) + " of term " + Math.max(1, terms.lastTerm()) + " or more");
        }
        if (type == null) {
            throw new StorageRefusedException(StorageRefusedException.Reason.NEWER_FORMAT, where + ": "
                + UnknownEntryTypeException.describe(index, term, EntryCodec.typeAt(array, in)));
        }
        if (term > state.hardState().term().value()) {
            throw StorageRefusedException.damaged(where, "entry " + index + " of term " + term, "no term above "
                + state.hardState().term() + ", the one in " + DataFiles.STATE_A + " and " + DataFiles.STATE_B
                + ", which are older than the log");
        }
        terms.append(index, term);
        long[] count = counts.computeIfAbsent(type, it -> new long[2]);
        count[0]++;
        count[1] += size;
        segment.note(index, at);
        if (type == EntryType.CONFIGURATION) {
            configurations.add(new LogEntry(term, index, type,
                Bytes.wrap(Arrays.copyOfRange(array, in, in + size))));
        }
    }

    private void judgeTail(Segment segment, SegmentWindow window, Stop stop) throws IOException {
        int written = endOfNonZero(window, stop.at, segment.fileBytes());
        boolean cutting = state.cutFrom() > 0 && terms.lastIndex() == state.cutFrom() - 1;
        if (!cutting) {
            refuseIfSynced(segment, window, stop, written);
        }
        tail = new Tail(segment, stop.at, written);
    }

    private void repairTail(StateFile stateFile) throws IOException {
        for (Path path : segmentsToDelete) {
            disk.delete(path);
        }
        if (!segmentsToDelete.isEmpty()) {
            disk.syncDirectory(directory);
        }
        try (Disk.File file = disk.open(tail.segment.path())) {
            repairTail(stateFile, tail.segment, file, tail.end, tail.written);
        }
    }

    private void repairTail(StateFile stateFile, Segment segment, Disk.File file, int end, int written)
        throws IOException {
        boolean changed = false;
        if (state.cutFrom() > 0) {
            // All of the rest, though it may read as zeros already: a process that was killed within its cut, or whose
            // fsync failed, leaves zeros in the kernel's memory and the old records on the disk, and they would be back
            // after the next power failure.
            DataFiles.zero(file, end, segment.fileBytes());
            changed = true;
            repairs.add(segment.path() + " at offset " + end + ": finished the removal of entries from "
                + state.cutFrom()
                + " on, which the last stop interrupted");
        } else if (written > end) {
            // Said before it is done, for the same reason.
            stateFile.save(state.with(state.durableIndex(), terms.lastIndex() + 1));
            DataFiles.zero(file, end, written);
            changed = true;
            tornTailBytes = written - end;
            repairs.add(segment.path() + " at offset " + end + ": cut " + tornTailBytes + " bytes after entry "
                + terms.lastIndex() + ", the rest of a write that the last stop interrupted");
        }
        if (syncedOffset < end) {
            // What a killed process wrote and did not sync is in the kernel's memory alone. And after a failed fsync
            // the kernel may hold such pages as clean, so that an fsync now would skip them: write them again first.
            rewrite(file, new SegmentWindow(segment.path(), file, segment.fileBytes(), WINDOW_BYTES), syncedOffset,
                end);
            changed = true;
        }
        if (changed) {
            file.force();
        }
    }

    /** Refuses a log whose end lies before something that is known to have been durable. */
    private void refuseIfSynced(Segment segment, SegmentWindow window, Stop stop, int written) throws IOException {
        String where = segment.path() + " at offset " + stop.at;
        String found = stop.problem != null ? stop.problem
            : written > stop.at ? "a record of length 0, and more behind it" : "the end of the log";
        if (state.durableIndex() > terms.lastIndex()) {
            throw StorageRefusedException.damaged(where, found, "entry " + (terms.lastIndex() + 1)
                + ", since entries up to " + state.durableIndex() + " had been made durable");
        }
        if (syncedOffset > stop.at) {
            throw StorageRefusedException.damaged(where, found, "records up to offset " + syncedOffset
                + ", which had been synced");
        }
        for (int at = stop.at + 1; at + SegmentMark.BYTES <= written; at++) {
            int in = bringSome(window, at, written);
            if (EntryCodec.lengthAt(window.array(), in) == SegmentMark.BYTES - EntryCodec.BODY_AT
                && SegmentMark.isAt(window.array(), in, SegmentMark.BYTES)
                && codec.verifies(window.array(), in, SegmentMark.BYTES)
                && SegmentMark.syncedOffset(window.array(), in) > stop.at) {
                throw StorageRefusedException.damaged(where, found, "entry " + (terms.lastIndex() + 1)
                    + ", since a mark at offset " + at + " says that the file had been synced up to offset "
                    + SegmentMark.syncedOffset(window.array(), in));
            }
        }
    }

    private static int bringSome(SegmentWindow window, int at, int limit) throws IOException {
        return window.bring(at, Math.min(SegmentMark.BYTES, limit - at));
    }

    /** The offset behind the last byte that is not zero; {@code from} if there is none. */
    private static int endOfNonZero(SegmentWindow window, int from, int fileBytes) throws IOException {
        int end = from;
        int at = from;
        while (at < fileBytes) {
            int in = window.bring(at, 1);
            int size = Math.min(ZEROS.length, Math.min(window.available(at), fileBytes - at));
            if (Arrays.mismatch(window.array(), in, in + size, ZEROS, 0, size) >= 0) {
                int last = in + size - 1;
                while (window.array()[last] == 0) {
                    last--;
                }
                end = at + last - in + 1;
            }
            at += size;
        }
        return end;
    }

    private static void rewrite(Disk.File file, SegmentWindow window, int from, int to) throws IOException {
        int at = from;
        while (at < to) {
            int in = window.bring(at, 1);
            int size = Math.min(window.available(at), to - at);
            file.write(ByteBuffer.wrap(window.array(), in, size), at);
            at += size;
        }
    }
}
