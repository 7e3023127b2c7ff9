package io.quorate.raft.log;

import java.nio.file.Path;
import java.util.Arrays;

/**
 * Where the entries of one segment file lie: a sparse index, one place noted about every {@link #STRIDE_BYTES}. Its
 * memory is bounded by the size of the log divided by the stride, whatever the size of the entries.
 *
 * <p>The storage thread changes it; any thread may look places up that do not change.
 */
final class Segment {

    /** A reader skips at most this much, and one entry, before the first entry that it wants. */
    static final int STRIDE_BYTES = 64 * 1024;

    private static final int FIRST_CAPACITY = 16;

    private final Path path;
    private final long baseIndex;
    private final long precedingTerm;
    private final int fileBytes;
    private volatile int end;
    private volatile int[] relativeIndexes = new int[FIRST_CAPACITY];
    private volatile int[] offsets = new int[FIRST_CAPACITY];
    /** Written after the arrays and read before them: a reader never sees a count without its places. */
    private volatile int count;

    Segment(Path path, SegmentHeader header, int fileBytes) {
        this.path = path;
        this.baseIndex = header.baseIndex();
        this.precedingTerm = header.precedingTerm();
        this.fileBytes = fileBytes;
        this.end = SegmentHeader.BYTES;
    }

    Path path() {
        return path;
    }

    long baseIndex() {
        return baseIndex;
    }

    long precedingTerm() {
        return precedingTerm;
    }

    int fileBytes() {
        return fileBytes;
    }

    /** Where the written part ends. */
    int end() {
        return end;
    }

    void setEnd(int end) {
        this.end = end;
    }

    /** Notes where an entry begins, if the last place noted is far enough away. */
    void note(long index, int offset) {
        int places = count;
        if (places > 0 && offset - offsets[places - 1] < STRIDE_BYTES) {
            return;
        }
        if (places == offsets.length) {
            relativeIndexes = Arrays.copyOf(relativeIndexes, places * 2);
            offsets = Arrays.copyOf(offsets, places * 2);
        }
        relativeIndexes[places] = (int) (index - baseIndex);
        offsets[places] = offset;
        count = places + 1;
    }

    /** Forgets the places of entries from {@code index} on. */
    void forgetFrom(long index) {
        int places = count;
        while (places > 0 && baseIndex + relativeIndexes[places - 1] >= index) {
            places--;
        }
        count = places;
    }

    /** A place at or before the entry at {@code index}, from which a scan finds it. */
    int placeBefore(long index) {
        int places = count;
        int found = Arrays.binarySearch(relativeIndexes, 0, places, (int) (index - baseIndex));
        int at = found >= 0 ? found : -found - 2;
        return at < 0 ? SegmentHeader.BYTES : offsets[at];
    }
}
