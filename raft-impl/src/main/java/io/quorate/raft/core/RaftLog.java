package io.quorate.raft.core;

import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.TermIndex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The log as the core sees it: the terms of all entries, the newest entries themselves, what is durable, what is
 * committed, and what waits to be handed to the disk at the end of the turn.
 *
 * <p>Durability is tracked write by write. When entries are dropped, every write under way loses its claim on them at
 * once. So a write of an entry that was dropped never counts for whatever stands at its index afterwards, not even
 * for the very same entry that came back (ABA): between the two writes the disk may hold neither.
 */
final class RaftLog {

    /** A write that was handed out: up to which index it makes the log durable, and which hard state. */
    private static final class Write {
        private final long sequence;
        private final long hardVersion;
        private long lastIndex;

        Write(long sequence, long hardVersion, long lastIndex) {
            this.sequence = sequence;
            this.hardVersion = hardVersion;
            this.lastIndex = lastIndex;
        }
    }

    private TermIndex terms;
    private EntryWindow window;
    private final long windowBytes;
    private final LogVolume volume;
    private final ArrayDeque<Write> writes = new ArrayDeque<>();
    private List<LogEntry> unsaved = new ArrayList<>();
    private long truncateFrom;
    private long handedOut;
    private long durableIndex;
    private long commitIndex;
    private long uncommittedBytes;
    private long nextSequence = 1;
    private long completedHardVersion;

    /**
     * @param recovered the terms of all entries that are durable at start-up; taken over
     * @param snapshotIndex up to where a snapshot stands for the entries, which are thereby known to be committed
     * @param windowBytes what the entries in memory may cost
     * @param volumeStepBytes how exactly {@link #indexBehind} is known
     */
    RaftLog(TermIndex recovered, long snapshotIndex, long windowBytes, long volumeStepBytes) {
        if (snapshotIndex < recovered.firstIndex() - 1 || snapshotIndex > recovered.lastIndex()) {
            throw new BrokenInvariantException("found a snapshot of index " + snapshotIndex + " and the log "
                + recovered + ", expected a log that begins at or before what follows it, and reaches it");
        }
        this.terms = recovered;
        this.window = new EntryWindow(recovered.lastIndex() + 1);
        this.windowBytes = windowBytes;
        this.volume = new LogVolume(recovered.lastIndex(), volumeStepBytes);
        this.durableIndex = recovered.lastIndex();
        this.handedOut = recovered.lastIndex();
        this.commitIndex = snapshotIndex;
    }

    /** The first entry that the log has, or the one it will have; a snapshot stands for those before it. */
    long firstIndex() {
        return terms.firstIndex();
    }

    long lastIndex() {
        return terms.lastIndex();
    }

    long lastTerm() {
        return terms.lastTerm();
    }

    long durableIndex() {
        return durableIndex;
    }

    long commitIndex() {
        return commitIndex;
    }

    /**
     * Whether a leader must let nothing more be proposed until more is committed. The sum also counts what entries cost
     * beside their bytes: small ones cost several times those, and a small heap would be full before the bound.
     */
    boolean isUncommittedFull() {
        return uncommittedBytes >= windowBytes / RaftLimits.UNCOMMITTED_PART
            || lastIndex() - commitIndex >= RaftLimits.MAX_UNCOMMITTED_ENTRIES;
    }

    /** The same while what is committed by others waits for this node's own disk. */
    boolean isUndurableFull() {
        return window.bytes() >= windowBytes + windowBytes / RaftLimits.UNCOMMITTED_PART
            || lastIndex() - durableIndex >= RaftLimits.MAX_UNCOMMITTED_ENTRIES;
    }

    long termAt(long index) {
        return terms.termAt(index);
    }

    boolean matches(long index, long term) {
        return terms.matches(index, term);
    }

    /**
     * Whether the log has had this entry of the leader's. Of one that it has released no term is known; but it is
     * committed, and every leader's log has the committed entries (thesis §3.6.3).
     */
    boolean has(long index, long term) {
        return index < firstIndex() - 1 || matches(index, term);
    }

    /**
     * Whether this log needs no snapshot up to that committed entry: it has it already.
     *
     * @throws BrokenInvariantException if another one is committed here
     */
    boolean covers(long index, long term) {
        if (index <= commitIndex && !has(index, term)) {
            throw new BrokenInvariantException("found a snapshot up to entry " + index + " of term " + term
                + ", expected term " + termAt(index) + ": it is committed here (commit index " + commitIndex + ")");
        }
        return has(index, term);
    }

    /** Forgets the entries up to {@code index}, which are committed and durable; a snapshot stands for them. */
    void releaseUntil(long index) {
        if (index > Math.min(commitIndex, durableIndex)) {
            throw new BrokenInvariantException("found a release of the log up to " + index + ", expected at most "
                + Math.min(commitIndex, durableIndex));
        }
        terms.releaseUntil(index);
        window.releaseUntil(index);
        volume.releasedUntil(index);
    }

    /**
     * Drops the whole log for a durable snapshot that it does not reach, or contradicts. What is under way to the disk
     * loses its claim; nothing of it counts for what comes behind the snapshot.
     */
    void reset(long index, long term) {
        terms = new TermIndex(index + 1, term);
        window = new EntryWindow(index + 1);
        volume.reset(index);
        unsaved = new ArrayList<>();
        truncateFrom = 0;
        uncommittedBytes = 0;
        handedOut = index;
        durableIndex = index;
        commitIndex = index;
        writes.forEach(write -> write.lastIndex = 0);
    }

    /** See {@link LogVolume#indexBehind}. */
    long indexBehind(long newest, long leastBytes) {
        return volume.indexBehind(newest, leastBytes);
    }

    /** See {@link TermIndex#lastIndexAtOrBelowTerm}. */
    long lastIndexAtOrBelowTerm(long index, long term) {
        return terms.lastIndexAtOrBelowTerm(index, term);
    }

    /** Whether a log that ends with this entry is at least as good as this one (thesis §3.6.1). */
    boolean isUpToDate(long otherLastTerm, long otherLastIndex) {
        return otherLastTerm > lastTerm() || otherLastTerm == lastTerm() && otherLastIndex >= lastIndex();
    }

    /** The first entry that is in memory; older ones are on disk. */
    long firstInMemory() {
        return window.firstIndex();
    }

    /** The entry, or null if it is not in memory. */
    LogEntry entry(long index) {
        return window.get(index);
    }

    void append(LogEntry entry) {
        terms.append(entry.index(), entry.term());
        window.append(entry);
        volume.appended(entry.index(), entry.encoded().length());
        unsaved.add(entry);
        uncommittedBytes += EntryWindow.cost(entry);
    }

    /** Drops the entry at {@code index} and all after it. */
    void truncateFrom(long index) {
        if (index <= commitIndex) {
            throw new BrokenInvariantException("found a conflict at index " + index
                + ", which is committed (commit index "
                + commitIndex + "); expected committed entries to stay as they are");
        }
        for (long i = Math.max(index, window.firstIndex()); i <= lastIndex(); i++) {
            uncommittedBytes -= EntryWindow.cost(window.get(i));
        }
        terms.truncateFrom(index);
        window.truncateFrom(index);
        volume.truncatedFrom(index);
        durableIndex = Math.min(durableIndex, index - 1);
        for (Write write : writes) {
            write.lastIndex = Math.min(write.lastIndex, index - 1);
        }
        while (!unsaved.isEmpty() && unsaved.getLast().index() >= index) {
            unsaved.removeLast();
        }
        if (index <= handedOut) {
            truncateFrom = index;
            handedOut = index - 1;
        }
    }

    /** @return whether this is news */
    boolean commitTo(long index) {
        if (index <= commitIndex) {
            return false;
        }
        if (index > lastIndex()) {
            throw new BrokenInvariantException("found commit index " + index + ", but this node's log ends at "
                + lastIndex() + ". The leader counts on entries that this node had acknowledged: its log was lost or "
                + "set back. Expected a log that keeps what it has acknowledged; remove this node from the cluster and "
                + "let it join as a new one");
        }
        for (long i = Math.max(commitIndex + 1, window.firstIndex()); i <= index; i++) {
            uncommittedBytes -= EntryWindow.cost(window.get(i));
        }
        commitIndex = index;
        evict();
        return true;
    }

    /** Whether something waits to be handed to the disk. */
    boolean hasUnsaved() {
        return truncateFrom != 0 || !unsaved.isEmpty();
    }

    /**
     * Hands out what waits.
     *
     * @param hard the hard state if it waits too
     */
    Effect.Persist takeUnsaved(Optional<HardState> hard, long hardVersion) {
        List<LogEntry> entries = unsaved;
        if (!entries.isEmpty()) {
            handedOut = entries.getLast().index();
            unsaved = new ArrayList<>(entries.size());
        } else {
            entries = List.of();
        }
        Effect.Persist write = new Effect.Persist(nextSequence++, hard, hardVersion, truncateFrom, entries);
        truncateFrom = 0;
        writes.add(new Write(write.sequence(), hardVersion, handedOut));
        return write;
    }

    /** All writes up to and with {@code sequence} are durable. */
    void completed(long sequence) {
        if (sequence >= nextSequence) {
            throw new BrokenInvariantException("found write " + sequence + " completed, expected at most "
                + (nextSequence - 1));
        }
        while (!writes.isEmpty() && writes.peek().sequence <= sequence) {
            Write write = writes.poll();
            durableIndex = Math.max(durableIndex, write.lastIndex);
            completedHardVersion = Math.max(completedHardVersion, write.hardVersion);
        }
        evict();
    }

    /** The newest hard state that is durable because its write completed. */
    long completedHardVersion() {
        return completedHardVersion;
    }

    /** A fresh list of the entries in memory from {@code from} on, at most {@code maxBytes} but at least one. */
    List<LogEntry> slice(long from, long maxBytes, int maxEntries) {
        List<LogEntry> entries = new ArrayList<>();
        long size = 0;
        for (long i = from; i <= lastIndex() && entries.size() < maxEntries; i++) {
            LogEntry entry = window.get(i);
            size += entry.encoded().length();
            if (size > maxBytes && !entries.isEmpty()) {
                break;
            }
            entries.add(entry);
        }
        return entries;
    }

    /** What is not durable or not committed stays in memory: it cannot be read back, or it is about to be needed. */
    private void evict() {
        window.evict(Math.min(durableIndex, commitIndex), windowBytes);
    }
}
