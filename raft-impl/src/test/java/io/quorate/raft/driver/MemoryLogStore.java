package io.quorate.raft.driver;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.raft.log.FileLogStore;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.LogStore;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.raft.log.SnapshotStore;
import io.quorate.raft.log.StorageOptions;
import io.quorate.raft.log.TermIndex;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.StorageFullException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A log store whose log is no file, that keeps its contract, counts what is asked of it, and fails on demand. Snapshots
 * are those of a real store on a disk in memory.
 */
final class MemoryLogStore implements LogStore {

    private static final Path ROOT = Path.of("/data");
    private static final int FIRST_SEGMENT_BYTES = 512;
    private static final int MAX_SEGMENT_BYTES = 1024;

    private final Membership bootstrap;
    private final SimulatedDisk disk;
    private final FileLogStore files;
    private final List<LogEntry> entries = new ArrayList<>();
    private long precedingIndex;
    private long precedingTerm;
    private final List<String> operations = new ArrayList<>();
    private HardState hard = HardState.INITIAL;
    private int durable;
    private boolean full;
    private int appendsUntilFull = Integer.MAX_VALUE;
    private boolean failSync;
    private boolean failRead;
    private boolean closed;

    MemoryLogStore(Membership bootstrap) {
        this(bootstrap, new SimulatedDisk(ROOT));
    }

    private MemoryLogStore(Membership bootstrap, SimulatedDisk disk) {
        this.bootstrap = bootstrap;
        this.disk = disk;
        try {
            this.files = FileLogStore.open(disk, new StorageOptions(ROOT, new ClusterId("demo"), new NodeId("n1"),
                bootstrap, Instant.EPOCH, FIRST_SEGMENT_BYTES, MAX_SEGMENT_BYTES, new Random(1)::nextLong),
                Runnable::run);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a process that starts after a loss of power finds. */
    MemoryLogStore afterPowerLoss() {
        MemoryLogStore next = new MemoryLogStore(bootstrap, disk.afterPowerLossKeepingUpTo(0));
        next.entries.addAll(entries.subList(0, durable));
        next.precedingIndex = precedingIndex;
        next.precedingTerm = precedingTerm;
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
        return precedingIndex + 1;
    }

    @Override
    public long lastIndex() {
        return precedingIndex + entries.size();
    }

    private int at(long index) {
        return (int) (index - precedingIndex - 1);
    }

    @Override
    public long termAt(long index) {
        return index == precedingIndex ? precedingTerm : entries.get(at(index)).term();
    }

    @Override
    public long storeNumber() {
        return files.storeNumber();
    }

    @Override
    public SnapshotStore snapshots() {
        return files.snapshots();
    }

    @Override
    public void releaseUntil(long index) {
        if (index > snapshots().newest().map(SnapshotMeta::index).orElse(0L)) {
            throw new IllegalArgumentException("found " + index + " to release without a snapshot of it");
        }
        int gone = Math.max(0, at(index) + 1);
        if (gone > 0) {
            precedingTerm = termAt(index);
            precedingIndex = index;
            entries.subList(0, gone).clear();
            durable -= gone;
        }
        operations.add("release " + index);
    }

    @Override
    public void resetTo(long index, long term) {
        entries.clear();
        durable = 0;
        precedingIndex = index;
        precedingTerm = term;
        operations.add("reset " + index);
    }

    @Override
    public TermIndex terms() {
        TermIndex terms = new TermIndex(precedingIndex + 1, precedingTerm);
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
            if (entry.index() != lastIndex() + 1 || entry.term() > hard.term().value()) {
                throw new IllegalArgumentException("found " + entry + " after " + entries.size() + " entries in "
                    + hard);
            }
            entries.add(entry);
        }
        operations.add("append " + more.size());
    }

    @Override
    public void truncateFrom(long index) {
        while (lastIndex() >= index) {
            entries.removeLast();
        }
        durable = Math.min(durable, entries.size());
        operations.add("truncate " + index);
    }

    @Override
    public void saveHardState(HardState state) throws IOException {
        if (!hard.mayBecome(state)) {
            throw new IllegalArgumentException("found " + state + " to follow " + hard);
        }
        files.saveHardState(state);
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
        if (from < firstIndex() || toInclusive > lastIndex()) {
            throw new IndexOutOfBoundsException("found " + from + " to " + toInclusive);
        }
        List<LogEntry> read = new ArrayList<>();
        long bytes = 0;
        for (LogEntry entry : entries.subList(at(from), at(toInclusive) + 1)) {
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
