package io.quorate.raft.log;

import java.util.Arrays;

/**
 * The term of every entry of a log, as runs: one pair (first index, term) for each stretch of entries of one term. A
 * log of millions of entries has as many runs as it has seen leaders, so this stays small and is always in memory.
 *
 * <p>Pure; not thread-safe.
 */
public final class TermIndex {

    private static final int FIRST_CAPACITY_RUNS = 16;

    private long firstIndex;
    private long precedingTerm;
    private long lastIndex;
    private long[] starts;
    private long[] terms;
    private int runs;

    /** An empty log that begins with entry 1. */
    public TermIndex() {
        this(1, 0);
    }

    /**
     * An empty log.
     *
     * @param firstIndex the index that its first entry will have, 1 or more
     * @param precedingTerm the term of the entry before; 0 if there is none
     */
    public TermIndex(long firstIndex, long precedingTerm) {
        if (firstIndex < 1 || precedingTerm < 0) {
            throw new IllegalArgumentException("found first index " + firstIndex + " after term " + precedingTerm
                + ", expected an index of 1 or more and a term of 0 or more");
        }
        this.firstIndex = firstIndex;
        this.precedingTerm = precedingTerm;
        this.lastIndex = firstIndex - 1;
        this.starts = new long[FIRST_CAPACITY_RUNS];
        this.terms = new long[FIRST_CAPACITY_RUNS];
    }

    private TermIndex(TermIndex other) {
        this.firstIndex = other.firstIndex;
        this.precedingTerm = other.precedingTerm;
        this.lastIndex = other.lastIndex;
        this.starts = other.starts.clone();
        this.terms = other.terms.clone();
        this.runs = other.runs;
    }

    /** An independent copy. */
    public TermIndex copy() {
        return new TermIndex(this);
    }

    /** The index of the first entry, or the one it will have. */
    public long firstIndex() {
        return firstIndex;
    }

    /** The index of the last entry; {@code firstIndex() - 1} if there is none. */
    public long lastIndex() {
        return lastIndex;
    }

    /** The term of the last entry; that of the entry before the first if there is none. */
    public long lastTerm() {
        return runs == 0 ? precedingTerm : terms[runs - 1];
    }

    /**
     * The term of the entry at {@code index}, from {@code firstIndex() - 1} to {@code lastIndex()}.
     *
     * @throws IndexOutOfBoundsException outside that range. A term that is not known is never answered with 0: a
     *     compacted
     *     entry whose term reads as 0 would match by accident.
     */
    public long termAt(long index) {
        if (index == firstIndex - 1) {
            return precedingTerm;
        }
        if (!contains(index)) {
            throw new IndexOutOfBoundsException("found index " + index + ", expected " + (firstIndex - 1) + " to "
                + lastIndex);
        }
        return terms[runOf(index)];
    }

    /** Whether there is an entry at {@code index}. */
    public boolean contains(long index) {
        return index >= firstIndex && index <= lastIndex;
    }

    /** Whether there is an entry at {@code index} of {@code term}; also for the place before the first entry. */
    public boolean matches(long index, long term) {
        return index >= firstIndex - 1 && index <= lastIndex && termAt(index) == term;
    }

    /**
     * Appends one entry.
     *
     * @throws IllegalArgumentException unless {@code index} is the next one and {@code term} is not below the last
     *     term: in
     *     a log terms never decrease (thesis §3.5)
     */
    public void append(long index, long term) {
        append(index, index, term);
    }

    /** Appends the entries {@code from} to {@code toInclusive}, all of {@code term}; conditions as for one. */
    public void append(long from, long toInclusive, long term) {
        if (from != lastIndex + 1 || toInclusive < from || term < lastTerm() || term < 1) {
            throw new IllegalArgumentException("found entries " + from + " to " + toInclusive + " of term " + term
                + ", expected " + (lastIndex + 1) + " and on, of term " + Math.max(1, lastTerm()) + " or more");
        }
        if (runs == 0 || terms[runs - 1] != term) {
            if (runs == starts.length) {
                starts = Arrays.copyOf(starts, runs * 2);
                terms = Arrays.copyOf(terms, runs * 2);
            }
            starts[runs] = from;
            terms[runs] = term;
            runs++;
        }
        lastIndex = toInclusive;
    }

    /**
     * Removes the entries from {@code index} on; no effect if there are none.
     *
     * @throws IllegalArgumentException if {@code index} is before the first
     */
    public void truncateFrom(long index) {
        if (index < firstIndex) {
            throw new IllegalArgumentException("found index " + index + ", expected " + firstIndex + " or more");
        }
        if (index > lastIndex) {
            return;
        }
        lastIndex = index - 1;
        while (runs > 0 && starts[runs - 1] > lastIndex) {
            runs--;
        }
    }

    /**
     * Forgets the entries up to {@code index}; the term of that one stays known. No effect if they are gone already.
     *
     * @throws IndexOutOfBoundsException if {@code index} is behind the last
     */
    public void releaseUntil(long index) {
        if (index < firstIndex) {
            return;
        }
        long term = termAt(index);
        int gone = runOf(index);
        if (gone == runs - 1 ? index == lastIndex : starts[gone + 1] == index + 1) {
            gone++;
        }
        runs -= gone;
        System.arraycopy(starts, gone, starts, 0, runs);
        System.arraycopy(terms, gone, terms, 0, runs);
        firstIndex = index + 1;
        precedingTerm = term;
        if (runs > 0) {
            starts[0] = firstIndex;
        }
    }

    /**
     * The first entry of the run that holds {@code index}: where a conflicting term begins (thesis §3.5, last part).
     */
    public long firstIndexOfTermAt(long index) {
        if (!contains(index)) {
            throw new IndexOutOfBoundsException("found index " + index + ", expected " + firstIndex + " to "
                + lastIndex);
        }
        return starts[runOf(index)];
    }

    /**
     * The last entry, at or before {@code index}, whose term is at most {@code term}; {@code firstIndex() - 1} if
     * there is none. What a leader skips to after a follower reported a conflict, and the other way round.
     */
    public long lastIndexAtOrBelowTerm(long index, long term) {
        long at = Math.min(index, lastIndex);
        if (at < firstIndex) {
            return firstIndex - 1;
        }
        int run = runOf(at);
        while (run >= 0 && terms[run] > term) {
            run--;
            at = run < 0 ? firstIndex - 1 : starts[run + 1] - 1;
        }
        return at;
    }

    private int runOf(long index) {
        if (index >= starts[runs - 1]) {
            return runs - 1; // Nearly every question is about the newest term.
        }
        int found = Arrays.binarySearch(starts, 0, runs, index);
        return found >= 0 ? found : -found - 2;
    }

    @Override
    public String toString() {
        return "TermIndex[" + firstIndex + ".." + lastIndex + ", last term " + lastTerm() + ", " + runs + " runs]";
    }
}
