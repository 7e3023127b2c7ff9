package io.quorate.raft.driver;

import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.LogStore;
import io.quorate.raft.log.TermIndex;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.StorageFullException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A log store without files that keeps its contract, counts what is asked of it, and fails on demand. */
final class MemoryLogStore implements LogStore {

    private final Membership bootstrap;
    private final List<LogEntry> entries = new ArrayList<>();
    private final List<String> operations = new ArrayList<>();
    private HardState hard = HardState.INITIAL;
    private int durable;
    private boolean full;
    private int appendsUntilFull = Integer.MAX_VALUE;
    private boolean failSync;
    private boolean failRead;
    private boolean closed;

    MemoryLogStore(Membership bootstrap) {
        this.bootstrap = bootstrap;
    }

    /** What a process that starts after a loss of power finds. */
    MemoryLogStore afterPowerLoss() {
        MemoryLogStore next = new MemoryLogStore(bootstrap);
        next.entries.addAll(entries.subList(0, durable));
        next.durable = durable;
        next.hard = hard;
        return next;
    }

    List<String> operations() {
        return operations;
    }

    void full(boolean nowFull) {
        full = nowFull;
    }

    /** So many appends succeed, then the disk is full. */
    void fullAfterAppends(int appends) {
        appendsUntilFull = appends;
    }

    void failSync() {
        failSync = true;
    }

    void failRead() {
        failRead = true;
    }

    boolean isClosed() {
        return closed;
    }

    int durableEntries() {
        return durable;
    }

    @Override
    public long firstIndex() {
        return 1;
    }

    @Override
    public long lastIndex() {
        return entries.size();
    }

    @Override
    public long termAt(long index) {
        return index == 0 ? 0 : entries.get((int) index - 1).term();
    }

    @Override
    public TermIndex terms() {
        TermIndex terms = new TermIndex();
        entries.forEach(entry -> terms.append(entry.index(), entry.term()));
        return terms;
    }

    @Override
    public HardState hardState() {
        return hard;
    }

    @Override
    public Membership bootstrap() {
        return bootstrap;
    }

    @Override
    public List<LogEntry> configurations() {
        return entries.stream().filter(entry -> entry.type() == EntryType.CONFIGURATION).toList();
    }

    @Override
    public void append(List<LogEntry> more) throws IOException {
        if (full || appendsUntilFull == 0) {
            throw new StorageFullException("no room");
        }
        appendsUntilFull--;
        for (LogEntry entry : more) {
            if (entry.index() != entries.size() + 1 || entry.term() > hard.term().value()) {
                throw new IllegalArgumentException("found " + entry + " after " + entries.size() + " entries in "
                    + hard);
            }
            entries.add(entry);
        }
        operations.add("append " + more.size());
    }

    @Override
    public void truncateFrom(long index) {
        while (entries.size() >= index) {
            entries.removeLast();
        }
        durable = Math.min(durable, entries.size());
        operations.add("truncate " + index);
    }

    @Override
    public void saveHardState(HardState state) {
        if (!hard.mayBecome(state)) {
            throw new IllegalArgumentException("found " + state + " to follow " + hard);
        }
        hard = state;
        operations.add("hard " + state.term());
    }

    @Override
    public void sync() throws IOException {
        if (failSync) {
            throw new IOException("fsync failed: I/O error");
        }
        durable = entries.size();
        operations.add("sync");
    }

    @Override
    public void settle() {
        operations.add("settle");
    }

    @Override
    public List<LogEntry> read(long from, long toInclusive, int maxBytes) throws IOException {
        if (failRead) {
            throw new IOException("damaged");
        }
        if (from < 1 || toInclusive > entries.size()) {
            throw new IndexOutOfBoundsException("found " + from + " to " + toInclusive);
        }
        List<LogEntry> read = new ArrayList<>();
        long bytes = 0;
        for (LogEntry entry : entries.subList((int) from - 1, (int) toInclusive)) {
            bytes += entry.encoded().length();
            if (bytes > maxBytes && !read.isEmpty()) {
                break;
            }
            read.add(entry);
        }
        operations.add("read " + from + ".." + (from + read.size() - 1));
        return read;
    }

    @Override
    public void close() {
        closed = true;
    }
}
