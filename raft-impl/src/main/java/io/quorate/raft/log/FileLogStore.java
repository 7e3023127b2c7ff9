package io.quorate.raft.log;

import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log and hard state in files of one directory; the formats and what survives what are in {@code docs/storage.md}.
 *
 * <p>For threads, durability and failures see {@link LogStore}.
 */
public final class FileLogStore implements LogStore {

    /** Prepares segments ahead of their use, on a thread for that moment. */
    public static final Executor ALLOCATOR = task ->
        Thread.ofPlatform().daemon().name("quorate-log-allocator").start(task);

    /** A batch above this is a mistake of the caller: it would have to lie in one segment. */
    public static final int MAX_BATCH_BYTES = 256 * 1024 * 1024;

    private static final int GROWTH = 4;
    private static final Logger LOG = LoggerFactory.getLogger(FileLogStore.class);

    private final Disk disk;
    private final StorageOptions options;
    private final EntryCodec codec;
    private final Closeable lock;
    private final StateFile state;
    private final long storeNumber;
    private final FileSnapshotStore snapshots;
    private final Membership bootstrap;
    private final RecoveryReport report;
    private final Path directory;
    private final SegmentAllocator allocator;
    private final LogReader reader;
    private final ByteBuffer buffer;
    private final List<LogEntry> configurations;

    private TermIndex terms;
    private ActiveSegment active;
    private long durableIndex;

    /** Copied on write: readers on other threads see one state or the other. */
    private volatile Segment[] segments;
    private volatile long firstIndex;
    private volatile long lastIndex;
    private volatile IOException failure;
    private volatile boolean closed;

    private interface Operation {
        void run() throws IOException;
    }

    private FileLogStore(Disk disk, StorageOptions options, Executor background, DataDirectory data)
        throws IOException {
        this.disk = disk;
        this.options = options;
        this.codec = data.codec();
        this.lock = data.lock();
        this.state = data.state();
        this.storeNumber = data.version().store();
        this.snapshots = new FileSnapshotStore(disk, options.directory().resolve(DataFiles.SNAPSHOTS),
            new FileSnapshotStore.Settings(codec.seed(), options.keptSnapshots(), options.snapshotChunkBytes(),
                options.numbers().getAsLong(), () -> state.current().hardState().term().value()),
            data.snapshots().whole());
        this.bootstrap = data.bootstrap();
        this.report = data.report();
        this.directory = options.directory().resolve(DataFiles.LOG);
        this.allocator = new SegmentAllocator(disk, directory, background);
        this.reader = new LogReader(disk, codec);
        this.buffer = ByteBuffer.allocateDirect(Math.min(ActiveSegment.MAX_BUFFER_BYTES, options.firstSegmentBytes()));
        this.terms = data.recovery().terms();
        this.configurations = data.recovery().configurations();
        this.segments = data.recovery().segments().toArray(Segment[]::new);
        this.firstIndex = terms.firstIndex();
        this.lastIndex = terms.lastIndex();
        this.durableIndex = lastIndex;
        Segment last = segments[segments.length - 1];
        this.active = new ActiveSegment(codec, last, disk.open(last.path()), buffer);
    }

    /**
     * Opens a directory on the real disk, making it if there is none yet. Blocks while the log is read and verified.
     *
     * @throws StorageRefusedException if it must not be opened; the message is for the operator
     * @throws StorageFullException if there is no room to make it
     */
    public static FileLogStore open(StorageOptions options) throws IOException {
        return open(SystemDisk.INSTANCE, options, ALLOCATOR);
    }

    /**
     * Opens a directory on {@code disk}.
     *
     * @param background prepares segment files ahead of their use; may run them at once
     */
    public static FileLogStore open(Disk disk, StorageOptions options, Executor background) throws IOException {
        DataDirectory data = DataDirectory.open(disk, options);
        try {
            FileLogStore store = new FileLogStore(disk, options, background, data);
            data.report().repairs().forEach(repair -> LOG.warn("{}", repair));
            LOG.info("opened {}: {}, term {}, entries {} to {}", options.directory(),
                data.report().created() ? "new" : "recovered", store.hardState().term(), store.firstIndex(),
                store.lastIndex());
            return store;
        } catch (IOException | RuntimeException e) {
            data.release();
            throw e;
        }
    }

    /** What opening the directory found and did. */
    public RecoveryReport report() {
        return report;
    }

    @Override
    public long firstIndex() {
        return firstIndex;
    }

    @Override
    public long lastIndex() {
        return lastIndex;
    }

    @Override
    public long termAt(long index) {
        return terms.termAt(index);
    }

    @Override
    public TermIndex terms() {
        return terms.copy();
    }

    @Override
    public HardState hardState() {
        return state.current().hardState();
    }

    @Override
    public long storeNumber() {
        return storeNumber;
    }

    @Override
    public SnapshotStore snapshots() {
        return snapshots;
    }

    @Override
    public Membership bootstrap() {
        return bootstrap;
    }

    @Override
    public List<LogEntry> configurations() {
        return List.copyOf(configurations);
    }

    @Override
    public void append(List<LogEntry> entries) throws IOException {
        requireUsable();
        if (entries.isEmpty()) {
            return;
        }
        long bytes = check(entries);
        guarded("append", () -> {
            if (!active.fits(bytes)) {
                rotate(bytes);
            }
            try {
                active.append(entries, bytes, terms.termAt(durableIndex), durableIndex);
            } catch (StorageFullException e) {
                takeBack(bytes, e);
                throw e;
            }
            prepareNext();
        });
        for (int i = 0; i < entries.size(); i++) {
            LogEntry entry = entries.get(i);
            terms.append(entry.index(), entry.term());
            if (entry.type() == EntryType.CONFIGURATION) {
                configurations.add(entry.copied());
            }
        }
        lastIndex = terms.lastIndex();
    }

    /**
     * Removes what a failed append has left behind the end. An exception that is thrown here is final: what was
     * written may come back. Preallocated space runs full only on file systems that move what they overwrite.
     */
    private void takeBack(long batchBytes, StorageFullException cause) throws IOException {
        try {
            state.save(state.current().with(state.current().durableIndex(), lastIndex + 1));
            active.erase(batchBytes);
            state.save(state.current().with(state.current().durableIndex(), 0));
        } catch (IOException e) {
            e.addSuppressed(cause);
            throw new IOException("no room, and what was written could not be taken back: " + e.getMessage(), e);
        }
    }

    /** Refuses what no correct core hands over; returns the size of all entries. */
    private long check(List<LogEntry> entries) {
        long index = terms.lastIndex();
        long term = terms.lastTerm();
        long bytes = 0;
        for (int i = 0; i < entries.size(); i++) {
            LogEntry entry = entries.get(i);
            if (entry.index() != index + 1 || entry.term() < term) {
                throw new IllegalArgumentException("found " + entry + ", expected entry " + (index + 1) + " of "
                    + "term " + term
                    + " or more");
            }
            index = entry.index();
            term = entry.term();
            bytes += entry.encoded().length();
        }
        if (term > hardState().term().value()) {
            throw new IllegalArgumentException("found entries of term " + term + ", expected none above the saved term "
                + hardState().term());
        }
        if (bytes > MAX_BATCH_BYTES) {
            throw new IllegalArgumentException("found a batch of " + bytes + " bytes, expected at most "
                + MAX_BATCH_BYTES);
        }
        return bytes;
    }

    /**
     * Goes on in a new segment, which is large enough for {@code batchBytes}.
     *
     * <p>The order is what recovery relies on. The old segment is synced before the new one has its name: so a torn
     * write can only be in the last segment. The new one's head and zeros are durable before its name, and its name
     * before the first entry in it can be synced: so no durable entry can be in a file that a crash takes away.
     */
    private void rotate(long batchBytes) throws IOException {
        syncActive();
        int need = (int) (SegmentHeader.BYTES + batchBytes);
        int wanted = Math.max(need, nextSegmentBytes());
        int least = Math.min(wanted, Math.max(need, options.firstSegmentBytes()));
        SegmentAllocator.Prepared prepared = allocator.take(wanted, least);
        SegmentHeader header = new SegmentHeader(terms.lastIndex() + 1, terms.lastTerm());
        Path path = directory.resolve(DataFiles.segmentName(header.baseIndex()));
        Disk.File file = disk.open(prepared.path());
        try {
            file.write(header.encode(codec.seed()), 0);
            file.force();
            disk.rename(prepared.path(), path);
        } catch (IOException e) {
            file.close();
            if (e instanceof StorageFullException) {
                allocator.giveBack(prepared);
            }
            throw e;
        }
        Segment segment = new Segment(path, header, prepared.fileBytes());
        ActiveSegment old = active;
        active = new ActiveSegment(codec, segment, file, buffer);
        old.close();
        disk.syncDirectory(directory);
        // An empty one, too small for this batch, has given its name to the new one: counted twice it would be deleted
        // as the one before.
        int kept = old.segment().baseIndex() == header.baseIndex() ? segments.length - 1 : segments.length;
        Segment[] more = Arrays.copyOf(segments, kept + 1);
        more[kept] = segment;
        segments = more;
    }

    private int nextSegmentBytes() {
        return (int) Math.min(options.maxSegmentBytes(), (long) GROWTH * active.segment().fileBytes());
    }

    /** From the middle of a segment on the next one is made, so that it waits when it is needed. */
    private void prepareNext() {
        if (active.segment().end() > active.segment().fileBytes() / 2) {
            allocator.prepare(nextSegmentBytes());
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Cutting takes several writes, in more than one file perhaps, and a crash may leave any part of them. So the
     * intention is made durable first, and withdrawn last; recovery finishes what it finds intended. Without it, a
     * page of zeros followed by a page of whole old records would look like damage, and a log whose later segment
     * was deleted first would look like one that had lost entries.
     */
    @Override
    public void truncateFrom(long index) throws IOException {
        requireUsable();
        if (index < firstIndex()) {
            throw new IllegalArgumentException("found index " + index + ", expected " + firstIndex() + " or more");
        }
        if (index > lastIndex) {
            return;
        }
        int[] offset = new int[1];
        guarded("save the intention to truncate", () -> {
            offset[0] = offsetOf(index);
            state.save(state.current().with(Math.min(state.current().durableIndex(), index - 1), index));
        });
        guarded("truncate", () -> {
            try {
                cut(index, offset[0]);
                state.save(state.current().with(index - 1, 0));
            } catch (StorageFullException e) {
                // Not a state to go on from: it is half done, and the intention stands.
                throw new IOException("no room to finish a truncation", e);
            }
        });
    }

    private int offsetOf(long index) throws IOException {
        Segment target = segments[segmentOf(segments, index)];
        try (Disk.File file = disk.open(target.path())) {
            return reader.offsetOf(target, file, index);
        }
    }

    private void cut(long index, int offset) throws IOException {
        int keep = segmentOf(segments, index) + 1;
        Segment target = segments[keep - 1];
        Segment[] gone = Arrays.copyOfRange(segments, keep, segments.length);
        lastIndex = index - 1;
        segments = Arrays.copyOf(segments, keep);
        if (gone.length > 0) {
            active.close();
            for (Segment segment : gone) {
                disk.delete(segment.path());
            }
            disk.syncDirectory(directory);
            active = new ActiveSegment(codec, target, disk.open(target.path()), buffer);
        }
        active.cut(index, offset);
        terms.truncateFrom(index);
        configurations.removeIf(entry -> entry.index() >= index);
        // The segments before were synced when they were left, and this one just now.
        durableIndex = index - 1;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Where the log begins is noted first, and recovery deletes what lies before: a crash may keep the deletion of a
     * later segment and lose that of an earlier one.
     */
    @Override
    public void releaseUntil(long index) throws IOException {
        requireUsable();
        long covered = snapshots.newest().map(SnapshotMeta::index).orElse(0L);
        if (index > covered) {
            throw new IllegalArgumentException("found index " + index + " to release, expected " + covered
                + " at most, which the newest snapshot stands for");
        }
        int gone = 0;
        while (gone + 1 < segments.length && segments[gone + 1].baseIndex() - 1 <= index) {
            gone++;
        }
        if (gone == 0) {
            return;
        }
        Segment[] old = segments;
        Segment[] kept = Arrays.copyOfRange(old, gone, old.length);
        long first = kept[0].baseIndex();
        guarded("release the log up to " + (first - 1), () -> {
            state.save(state.current().released(first));
            firstIndex = first;
            segments = kept;
            terms.releaseUntil(first - 1);
            configurations.removeIf(entry -> entry.index() < first);
            for (int i = 0; i < old.length - kept.length; i++) {
                disk.delete(old[i].path());
            }
            disk.syncDirectory(directory);
        });
    }

    @Override
    public void resetTo(long index, long term) throws IOException {
        requireUsable();
        SnapshotMeta snapshot = snapshots.newest().orElse(null);
        if (snapshot == null || snapshot.index() != index || snapshot.term() != term) {
            throw new IllegalArgumentException("found entry " + index + " of term " + term + ", expected that of the "
                + "newest snapshot, " + snapshot);
        }
        LogReset reset = new LogReset(disk, codec, directory, state);
        guarded("save the intention to replace the log by a snapshot", () -> reset.intend(snapshot));
        guarded("replace the log by a snapshot", () -> {
            active.close();
            Segment segment;
            try {
                segment = reset.run(snapshot,
                    () -> allocator.take(options.firstSegmentBytes(), options.firstSegmentBytes()));
            } catch (StorageFullException e) {
                // Somebody else took what the old log has left. There is no log to go on with; a restart finishes this.
                throw new IOException("no room for an empty log in place of the old one: " + e.getMessage(), e);
            }
            terms = new TermIndex(index + 1, term);
            configurations.clear();
            durableIndex = index;
            segments = new Segment[] {segment};
            firstIndex = index + 1;
            lastIndex = index;
            active = new ActiveSegment(codec, segment, disk.open(segment.path()), buffer);
        });
    }

    @Override
    public void saveHardState(HardState next) throws IOException {
        requireUsable();
        if (!hardState().mayBecome(next)) {
            throw new IllegalArgumentException("found " + next + " after " + hardState()
                + ", expected no lower term, and no other vote in the same term");
        }
        guarded("save term and vote", () -> {
            state.save(state.current().with(next).with(durableIndex, 0));
            active.noted();
        });
    }

    @Override
    public void sync() throws IOException {
        requireUsable();
        guarded("sync", this::syncActive);
    }

    private void syncActive() throws IOException {
        active.sync();
        durableIndex = lastIndex;
    }

    @Override
    public void settle() throws IOException {
        requireUsable();
        if (state.current().durableIndex() < durableIndex) {
            guarded("note how far the log is durable", () -> {
                state.save(state.current().with(durableIndex, 0));
                active.noted();
            });
        }
    }

    @Override
    public List<LogEntry> read(long from, long toInclusive, int maxBytes) throws IOException {
        requireUsable();
        long last = lastIndex;
        long first = firstIndex;
        if (from < first || toInclusive < from || toInclusive > last) {
            throw new IndexOutOfBoundsException("found entries " + from + " to " + toInclusive + ", expected some of "
                + first + " to " + last);
        }
        Segment[] now = segments;
        return reader.read(now[segmentOf(now, from)], from, toInclusive, maxBytes);
    }

    private static int segmentOf(Segment[] segments, long index) {
        int low = 0;
        int high = segments.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (segments[middle].baseIndex() <= index) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private void requireUsable() throws IOException {
        IOException failed = failure;
        if (failed != null) {
            throw failed;
        }
        if (closed) {
            throw new IllegalStateException("the log store of " + options.directory() + " is closed");
        }
    }

    private void guarded(String what, Operation operation) throws IOException {
        try {
            operation.run();
        } catch (StorageFullException e) {
            throw e;
        } catch (IOException e) {
            failure = new IOException(options.directory() + ": could not " + what + ": " + e.getMessage()
                + ". Nothing is written any more, since what is on the disk is not known; check the disk and "
                + "restart the "
                + "node.", e);
            throw failure;
        } catch (RuntimeException | Error e) {
            failure = new IOException(options.directory() + ": could not " + what + ": " + e, e);
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        try (lock; state) { // Released last, and the lock after the files.
            try {
                if (failure == null) {
                    sync();
                    settle();
                }
            } finally {
                closed = true;
                try {
                    active.close();
                } finally {
                    allocator.close();
                }
            }
        }
    }
}
