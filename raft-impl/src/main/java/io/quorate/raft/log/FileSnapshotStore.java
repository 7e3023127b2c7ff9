package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongSupplier;

/**
 * Snapshots as files of one directory; the format is in {@link SnapshotFormat} and {@code docs/storage.md}.
 *
 * <p>For threads, durability and failures see {@link SnapshotStore}. Its own lock guards what it knows, and is never
 * held while the disk works: the node loop asks what there is, and must not wait for a slow rename or fsync. Whoever
 * changes names of whole snapshots holds {@link #names} first.
 */
final class FileSnapshotStore implements SnapshotStore {

    static final String SUFFIX = ".snap";
    static final String PART_SUFFIX = ".part";
    static final String DAMAGED_SUFFIX = ".damaged";
    static final String TAKING = "taking.tmp";

    private static final Comparator<Stored> OLDEST_FIRST = Comparator.<Stored>comparingLong(it -> it.meta.index())
        .thenComparingLong(it -> it.meta.term()).thenComparingLong(it -> it.meta.id());

    /** A snapshot that is whole. */
    record Stored(SnapshotMeta meta, SnapshotFormat.Head head) {
    }

    /** How far a transfer was that this process has closed; it need not be verified, nor written again. */
    record Resumable(SnapshotMeta meta, long received) {
    }

    /** What opening needs to know. */
    record Settings(int seed, int kept, int chunkBytes, long numbersSeed, LongSupplier savedTerm) {
    }

    private final Disk disk;
    private final Path directory;
    private final Settings settings;
    private final Random ids;
    private final Object names = new Object();

    // Guarded by this.
    private final List<Stored> stored;
    private final Map<Stored, Integer> holds = new HashMap<>();
    private boolean taking;
    private boolean receiving;
    private Resumable resumable;

    /** @param stored what is there, the oldest first */
    FileSnapshotStore(Disk disk, Path directory, Settings settings, List<Stored> stored) {
        this.disk = disk;
        this.directory = directory;
        this.settings = settings;
        this.ids = new Random(settings.numbersSeed);
        this.stored = new ArrayList<>(stored);
    }

    /** The name of a file; the order of names is the order of indexes. */
    static String nameOf(long index, long term, long id, String suffix) {
        return String.format("%020d-%020d-%016x%s", index, term, id, suffix);
    }

    private Path pathOf(SnapshotMeta meta) {
        return directory.resolve(nameOf(meta.index(), meta.term(), meta.id(), SUFFIX));
    }

    private Path partOf(SnapshotMeta meta) {
        return directory.resolve(nameOf(meta.index(), meta.term(), meta.id(), PART_SUFFIX));
    }

    @Override
    public synchronized Optional<SnapshotMeta> newest() {
        return stored.isEmpty() ? Optional.empty() : Optional.of(stored.getLast().meta);
    }

    @Override
    public synchronized List<SnapshotMeta> list() {
        return stored.stream().map(Stored::meta).toList();
    }

    @Override
    public SnapshotWriter begin(long index, long term, long membershipIndex, Membership membership)
        throws IOException {
        SnapshotFormat.Head head;
        synchronized (this) {
            if (taking) {
                throw new IllegalStateException("found a snapshot that is being taken, expected one at a time");
            }
            head = new SnapshotFormat.Head(index, term, membershipIndex, membership, ids.nextLong(),
                settings.chunkBytes, SnapshotFormat.headBytes(membership));
            head.meta(1); // Its conditions.
            taking = true;
        }
        try {
            makeDirectory();
            Path path = directory.resolve(TAKING);
            disk.delete(path);
            Disk.File file = disk.create(path);
            try {
                return new SnapshotTaker(this, settings.seed, head, path, file);
            } catch (IOException | RuntimeException e) {
                file.close();
                disk.delete(path);
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            takerEnded();
            throw e;
        }
    }

    /** With the first snapshot: a directory of an older version, or of a node that needs none, has it not. */
    private void makeDirectory() throws IOException {
        if (!disk.exists(directory)) {
            disk.createDirectory(directory);
            disk.syncDirectory(directory.getParent());
        }
    }

    @Override
    public IncomingSnapshot receive(SnapshotMeta meta) throws IOException {
        Resumable known;
        synchronized (this) {
            if (receiving) {
                throw new IllegalStateException("found a snapshot that is being received, expected one at a time");
            }
            receiving = true;
            known = resumable;
            resumable = null;
        }
        try {
            makeDirectory();
            Path path = partOf(meta);
            for (String name : disk.list(directory)) {
                if (name.endsWith(PART_SUFFIX) && !directory.resolve(name).equals(path)) {
                    disk.delete(directory.resolve(name));
                }
            }
            long received = 0;
            if (disk.exists(path)) {
                received = known != null && known.meta.equals(meta) ? known.received : rewriteWhole(path, meta);
            }
            long usable = disk.usableBytes(directory);
            if (usable < meta.bytes() - received) {
                throw new StorageFullException(directory + ": found " + usable + " bytes free, expected "
                    + (meta.bytes() - received) + " for a snapshot of the leader. Free some; the node goes on by "
                    + "itself.");
            }
            if (received == 0) {
                disk.delete(path);
            }
            return new SnapshotReceiver(this, meta, path, received == 0 ? disk.create(path) : disk.open(path),
                received);
        } catch (IOException | RuntimeException e) {
            receiverEnded(null);
            throw e;
        }
    }

    @Override
    public long deleteReceived(long index) throws IOException {
        synchronized (this) {
            if (receiving) {
                throw new IllegalStateException("found a snapshot that is being received, expected none");
            }
        }
        long left = Long.MAX_VALUE;
        if (disk.exists(directory)) {
            for (String name : disk.list(directory)) {
                if (name.endsWith(PART_SUFFIX)) {
                    long part = indexOf(name);
                    if (part <= index) {
                        disk.delete(directory.resolve(name));
                    } else {
                        left = Math.min(left, part);
                    }
                }
            }
        }
        return left;
    }

    /** What {@link #nameOf} has begun a name with; 0 if it was not that. */
    private static long indexOf(String name) {
        String digits = name.substring(0, Math.max(0, name.indexOf('-')));
        return digits.matches("0[0-8][0-9]{18}") ? Long.parseLong(digits) : 0;
    }

    /**
     * What is whole of a file that another process has left; written again. It may be in the kernel's memory alone, and
     * after a failed fsync the kernel takes it for clean: the fsync of the commit would skip it, and the next power
     * failure would tear a snapshot that has its name.
     */
    private long rewriteWhole(Path path, SnapshotMeta meta) throws IOException {
        long whole;
        try (SnapshotFileReader reader = SnapshotFileReader.open(disk, path, settings.seed, meta.bytes());
            Disk.File file = disk.open(path)) {
            whole = reader.head().isOf(meta) ? reader.wholePrefix(file.size()) : 0;
            long at = 0;
            while (at < whole) {
                int size = (int) Math.min(settings.chunkBytes, whole - at);
                file.write(reader.read(at, size), at);
                at += size;
            }
        } catch (DamagedSnapshotException notEvenItsHead) {
            return 0;
        }
        return whole;
    }

    @Override
    public Bytes read(SnapshotMeta meta, long offset, int maxBytes) throws IOException {
        if (offset < 0 || offset >= meta.bytes() || maxBytes < 1) {
            throw new IllegalArgumentException("found offset " + offset + " and " + maxBytes + " bytes at most, "
                + "expected 0 to before " + meta.bytes() + ", and 1 or more");
        }
        try (SnapshotFileReader reader = reader(meta)) {
            return reader.part(offset, maxBytes);
        }
    }

    private SnapshotFileReader reader(SnapshotMeta meta) throws IOException {
        SnapshotFileReader reader = SnapshotFileReader.open(disk, pathOf(meta), settings.seed, meta.bytes());
        if (!reader.head().isOf(meta)) {
            reader.close();
            throw SnapshotFormat.damaged(pathOf(meta), 0, reader.head().toString(), meta.toString());
        }
        return reader;
    }

    @Override
    public synchronized Optional<Closeable> hold(SnapshotMeta meta) {
        Stored found = stored.stream().filter(it -> it.meta.equals(meta)).findFirst().orElse(null);
        if (found == null) {
            return Optional.empty();
        }
        holds.merge(found, 1, Integer::sum);
        boolean[] released = new boolean[1];
        return Optional.of(() -> release(found, released));
    }

    private void release(Stored held, boolean[] released) throws IOException {
        synchronized (this) {
            if (released[0]) {
                return;
            }
            released[0] = true;
            holds.compute(held, (it, count) -> count == 1 ? null : Integer.valueOf(count - 1));
        }
        synchronized (names) {
            deleteOld();
        }
    }

    @Override
    public InputStream open(SnapshotMeta meta) throws IOException {
        Closeable hold = hold(meta).orElseThrow(() -> new FileNotFoundException(pathOf(meta)
            + ": found no such snapshot, expected one that is kept"));
        SnapshotFileReader reader = null;
        try {
            reader = reader(meta);
            return new SnapshotContent(reader, hold);
        } catch (IOException | RuntimeException e) {
            try (hold) {
                if (reader != null) {
                    reader.close();
                }
            }
            throw e;
        }
    }

    // For those who write

    /** @throws IllegalStateException if a snapshot of this term is ahead of the saved one */
    void requireTerm(long term) {
        long saved = settings.savedTerm.getAsLong();
        if (term > saved) {
            throw new IllegalStateException("found a snapshot of term " + term + ", expected none above the saved term "
                + saved);
        }
    }

    /** Verifies a file as a whole. */
    Stored examine(Path path, long bytes) throws IOException {
        try (SnapshotFileReader reader = SnapshotFileReader.open(disk, path, settings.seed, bytes)) {
            reader.verify();
            return new Stored(reader.meta(), reader.head());
        }
    }

    /** Gives a file its name, durably. Its content is durable already: a name never speaks for what may be torn. */
    void adopt(Path path, Stored snapshot) throws IOException {
        synchronized (names) {
            disk.rename(path, pathOf(snapshot.meta));
            disk.syncDirectory(directory);
            synchronized (this) {
                stored.remove(snapshot);
                stored.add(snapshot);
                stored.sort(OLDEST_FIRST);
            }
            deleteOld();
        }
    }

    /**
     * With {@link #names}. The names of those that go need not be durably gone: they are as good as ever, and go
     * another time. From here on nobody can hold one of them any more.
     */
    private void deleteOld() throws IOException {
        List<Stored> old = new ArrayList<>();
        boolean enough;
        synchronized (this) {
            for (int i = stored.size() - settings.kept - 1; i >= 0; i--) {
                if (!holds.containsKey(stored.get(i))) {
                    old.add(stored.remove(i));
                }
            }
            enough = stored.size() >= settings.kept;
        }
        for (Stored one : old) {
            disk.delete(pathOf(one.meta));
        }
        for (String name : disk.list(directory)) {
            if (name.endsWith(DAMAGED_SUFFIX) && enough) {
                disk.delete(directory.resolve(name));
            }
        }
    }

    void delete(Path path) throws IOException {
        disk.delete(path);
    }

    synchronized void takerEnded() {
        taking = false;
    }

    synchronized void receiverEnded(Resumable left) {
        receiving = false;
        resumable = left;
    }
}
