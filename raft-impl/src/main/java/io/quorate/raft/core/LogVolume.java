package io.quorate.raft.core;

import java.util.ArrayDeque;

/**
 * How many bytes of entries the log has behind an index, roughly: marks at steps of a fixed size, so that nothing is
 * kept for each entry. What was in the log at start-up counts as nothing; so the answer is never too large.
 */
final class LogVolume {

    /** Up to and with an entry, so many bytes were appended since this began. */
    private record Mark(long index, long bytes) {
    }

    private final long stepBytes;
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    private long bytes;

    LogVolume(long lastIndex, long stepBytes) {
        this.stepBytes = stepBytes;
        marks.add(new Mark(lastIndex, 0));
    }

    void appended(long index, long entryBytes) {
        bytes += entryBytes;
        if (marks.isEmpty() || bytes - marks.getLast().bytes >= stepBytes) {
            marks.add(new Mark(index, bytes));
        }
    }

    /** Entries were dropped. What comes instead is counted on from the last mark that stands. */
    void truncatedFrom(long index) {
        while (!marks.isEmpty() && marks.getLast().index >= index) {
            marks.removeLast();
        }
        if (marks.isEmpty()) {
            marks.add(new Mark(index - 1, bytes));
        }
        bytes = marks.getLast().bytes;
    }

    void reset(long index) {
        marks.clear();
        marks.add(new Mark(index, bytes));
    }

    /** One mark before what is kept stays, to measure from. */
    void releasedUntil(long index) {
        while (marks.size() > 1 && marks.getFirst().index < index) {
            marks.removeFirst();
        }
    }

    /** The last index with at least {@code least} bytes of entries between it and {@code newest}; 0: none is known. */
    long indexBehind(long newest, long least) {
        long upToNewest = 0;
        for (Mark mark : marks) {
            if (mark.index <= newest) {
                upToNewest = mark.bytes;
            }
        }
        long found = 0;
        for (Mark mark : marks) {
            if (mark.index <= newest && upToNewest - mark.bytes >= least) {
                found = mark.index;
            }
        }
        return found;
    }
}
