package io.quorate.testing.disk;

import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A disk in memory that behaves as badly as a real one may. It knows what is visible (the kernel's page cache) and
 * what is durable; a crash keeps an arbitrary part of the difference: any bytes of the writes that were not synced, and
 * any of the names that were not, whatever came first.
 *
 * <p>Deterministic: faults come at counted operations, and randomness from the generator that is passed in.
 */
public final class SimulatedDisk implements Disk {

    /** What a crash leaves of unsynced writes is decided piece by piece; real disks have 512 or 4096. */
    private static final int[] PIECE_BYTES = {1, 7, 64, 512, 4096};

    private static final double[] KEEP_CHANCES = {0, 0.1, 0.5, 0.9, 1};

    private record Write(int at, byte[] bytes) {
    }

    private static final class Inode {
        private final boolean directory;
        private byte[] visible = new byte[0];
        private byte[] durable = new byte[0];
        private List<Write> unsynced = new ArrayList<>();
        /** What the last fsync has made durable. */
        private List<Write> lastSynced = List.of();

        Inode(boolean directory) {
            this.directory = directory;
        }
    }

    /** One change of names: {@code from} null creates, {@code to} null deletes, else renames. */
    private record Change(Path from, Path to, Inode inode) {

        Path directory() {
            return (to != null ? to : from).getParent();
        }

        void applyTo(Map<Path, Inode> names) {
            if (from != null) {
                names.remove(from);
            }
            if (to != null) {
                names.put(to, inode);
            }
        }
    }

    private final TreeMap<Path, Inode> visible = new TreeMap<>();
    private final TreeMap<Path, Inode> durable = new TreeMap<>();
    private final List<Change> changes = new ArrayList<>();
    private final Set<Path> locks = new HashSet<>();
    private final Path root;

    private long operations;
    private long crashAt = Long.MAX_VALUE;
    private long failForceAt = Long.MAX_VALUE;
    private long failWriteAt = Long.MAX_VALUE;
    private long reads;
    private long flipBitAtRead = Long.MAX_VALUE;
    private long capacityBytes = Long.MAX_VALUE;
    private boolean overwritesNeedRoom;
    private long fullAt = Long.MAX_VALUE;
    private int fullAfterBytes;
    private boolean dead;
    private boolean failNextForce;
    private String fullAtForceOf;
    private boolean failNextWrite;
    private Path failed;

    /** A disk with one empty directory. */
    public SimulatedDisk(Path root) {
        this.root = root;
        Inode inode = new Inode(true);
        visible.put(root, inode);
        durable.put(root, inode);
    }

    /**
     * Whether the power has failed; the failure may have struck a background task, whose exception nobody has seen yet.
     */
    public boolean dead() {
        return dead;
    }

    /** How many operations that change something there were so far. */
    public long operations() {
        return operations;
    }

    /** The power fails within operation number {@code operation}. */
    public SimulatedDisk crashAt(long operation) {
        crashAt = operation;
        return this;
    }

    /**
     * The fsync that is operation number {@code operation} fails. If it is one of a file, the kernel forgets that pages
     * were dirty; if it is one of a directory, its names are as durable as before.
     */
    public SimulatedDisk failForceAt(long operation) {
        failForceAt = operation;
        return this;
    }

    /** The write that is operation number {@code operation} fails after half of it. */
    public SimulatedDisk failWriteAt(long operation) {
        failWriteAt = operation;
        return this;
    }

    /** The next fsync of a file fails, and the kernel forgets that pages were dirty. */
    public SimulatedDisk failNextForce() {
        failNextForce = true;
        return this;
    }

    /** The next fsync of a file whose name ends with {@code suffix} finds no room, as with delayed allocation. */
    public SimulatedDisk fullAtForceOf(String suffix) {
        fullAtForceOf = suffix;
        return this;
    }

    /** The next write fails after half of it. */
    public SimulatedDisk failNextWrite() {
        failNextWrite = true;
        return this;
    }

    /** It is a good disk from now on: no fault that was asked for comes any more, and there is room. */
    public SimulatedDisk noMoreFaults() {
        crashAt = Long.MAX_VALUE;
        failForceAt = Long.MAX_VALUE;
        failWriteAt = Long.MAX_VALUE;
        fullAt = Long.MAX_VALUE;
        capacityBytes = Long.MAX_VALUE;
        overwritesNeedRoom = false;
        failNextForce = false;
        fullAtForceOf = null;
        failNextWrite = false;
        flipBitAtRead = Long.MAX_VALUE;
        return this;
    }

    /** The file or directory whose write or fsync has failed most recently, if any has. */
    public Optional<Path> failed() {
        return Optional.ofNullable(failed);
    }

    /** How many reads there were so far. */
    public long reads() {
        return reads;
    }

    /** Read number {@code read} returns one flipped bit, in the middle; what is stored stays as it is. */
    public SimulatedDisk flipBitAtRead(long read) {
        flipBitAtRead = read;
        return this;
    }

    /** So much room there is; may change at any time. */
    public SimulatedDisk capacity(long bytes) {
        capacityBytes = bytes;
        return this;
    }

    /** As a file system that never overwrites in place: every write needs room, and a full disk may tear one. */
    public SimulatedDisk overwritesNeedRoom(boolean need) {
        overwritesNeedRoom = need;
        return this;
    }

    /**
     * The write that is operation number {@code operation} runs full after some bytes, and the next one has room again.
     */
    public SimulatedDisk fullAt(long operation, int afterBytes) {
        fullAt = operation;
        fullAfterBytes = afterBytes;
        return this;
    }

    public long usedBytes() {
        return visible.values().stream().mapToLong(inode -> inode.visible.length).sum();
    }

    /** The disk after a power failure; this one is left as it is. */
    public SimulatedDisk afterPowerLoss(Random random) {
        int piece = PIECE_BYTES[random.nextInt(PIECE_BYTES.length)];
        double keep = KEEP_CHANCES[random.nextInt(KEEP_CHANCES.length)];
        return copy(random, (at, size) -> random.nextDouble() < keep, piece);
    }

    /**
     * The disk after a power failure that kept of every unsynced write exactly the bytes before file offset {@code
     * end}.
     */
    public SimulatedDisk afterPowerLossKeepingUpTo(int end) {
        return copy(null, (at, size) -> at < end, 1);
    }

    private interface Keeper {
        boolean keeps(int at, int size);
    }

    private SimulatedDisk copy(Random random, Keeper keeper, int pieceBytes) {
        TreeMap<Path, Inode> names = new TreeMap<>(durable);
        double keepChange = random == null ? 1 : KEEP_CHANCES[random.nextInt(KEEP_CHANCES.length)];
        for (Change change : changes) {
            if (random == null || random.nextDouble() < keepChange) {
                change.applyTo(names);
            }
        }
        names.keySet().removeIf(path -> !path.equals(root) && !names.containsKey(path.getParent()));
        SimulatedDisk next = new SimulatedDisk(root);
        names.forEach((path, inode) -> {
            Inode kept = new Inode(inode.directory);
            kept.durable = inode.durable.clone();
            for (Write write : inode.unsynced) {
                keep(kept, write, keeper, pieceBytes);
            }
            kept.lastSynced = new ArrayList<>(inode.lastSynced);
            kept.lastSynced.addAll(inode.unsynced);
            kept.visible = kept.durable.clone();
            next.visible.put(path, kept);
            next.durable.put(path, kept);
        });
        return next;
    }

    private static void keep(Inode inode, Write write, Keeper keeper, int pieceBytes) {
        int at = write.at;
        int end = write.at + write.bytes.length;
        while (at < end) {
            int size = Math.min(end - at, pieceBytes - at % pieceBytes);
            if (keeper.keeps(at, size)) {
                inode.durable = grown(inode.durable, at + size);
                System.arraycopy(write.bytes, at - write.at, inode.durable, at, size);
            }
            at += size;
        }
    }

    /** The disk after the process was killed: the kernel still has everything; locks are gone, faults too. */
    public SimulatedDisk afterKill() {
        SimulatedDisk next = new SimulatedDisk(root);
        Map<Inode, Inode> copies = new IdentityHashMap<>();
        next.visible.clear();
        next.durable.clear();
        visible.forEach((path, inode) -> next.visible.put(path, copies.computeIfAbsent(inode, SimulatedDisk::copyOf)));
        durable.forEach((path, inode) -> next.durable.put(path, copies.computeIfAbsent(inode, SimulatedDisk::copyOf)));
        for (Change change : changes) {
            next.changes.add(new Change(change.from, change.to, change.inode == null ? null
                : copies.computeIfAbsent(change.inode, SimulatedDisk::copyOf)));
        }
        return next;
    }

    private static Inode copyOf(Inode inode) {
        Inode copy = new Inode(inode.directory);
        copy.visible = inode.visible.clone();
        copy.durable = inode.durable.clone();
        copy.unsynced = new ArrayList<>(inode.unsynced);
        copy.lastSynced = inode.lastSynced;
        return copy;
    }

    /** All files, for tests that damage them. */
    public List<Path> files() {
        return visible.entrySet().stream().filter(entry -> !entry.getValue().directory).map(Map.Entry::getKey).toList();
    }

    /** The bytes of a file; writing to them is damage that no fsync notices. */
    public byte[] content(Path path) {
        return visible.get(path).visible;
    }

    /** The files that a power failure at this moment would surely leave, under these names. */
    public List<Path> durableFiles() {
        return durable.entrySet().stream().filter(entry -> !entry.getValue().directory).map(Map.Entry::getKey).toList();
    }

    /** What a power failure at this moment would surely leave in one of {@link #durableFiles}; not to be changed. */
    public byte[] durableContent(Path path) {
        return durable.get(path).durable;
    }

    /**
     * Whether the byte at {@code at} was durable before the last fsync that had something to do, and was not written
     * since. Of what the very last one has made durable, nothing that was written later can say that it was.
     */
    public boolean isOlderThanLastSync(Path path, int at) {
        Inode inode = visible.get(path);
        return Stream.concat(inode.lastSynced.stream(), inode.unsynced.stream())
            .noneMatch(write -> write.at <= at && at < write.at + write.bytes.length);
    }

    public void flipBit(Path path, int at, int bit) {
        Inode inode = visible.get(path);
        inode.visible[at] ^= (byte) (1 << bit);
        if (at < inode.durable.length) {
            inode.durable[at] ^= (byte) (1 << bit);
        }
    }

    private void count(String what) {
        if (dead) {
            throw new PowerLossException("no power: " + what);
        }
        operations++;
        if (operations == crashAt) {
            dead = true;
        }
    }

    private void dieIfDue(String what) {
        if (dead) {
            throw new PowerLossException("power failed in operation " + operations + ": " + what);
        }
    }

    private void change(Change change) {
        change.applyTo(visible);
        changes.add(change);
    }

    @Override
    public boolean exists(Path path) {
        return visible.containsKey(path);
    }

    @Override
    public List<String> list(Path directory) {
        return visible.keySet().stream().filter(path -> directory.equals(path.getParent()))
            .map(path -> path.getFileName().toString()).sorted().toList();
    }

    @Override
    public void createDirectory(Path directory) {
        if (!exists(directory)) {
            count("create " + directory);
            change(new Change(null, directory, new Inode(true)));
            dieIfDue("create " + directory);
        }
    }

    @Override
    public File create(Path path) throws IOException {
        if (exists(path)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        count("create " + path);
        Inode inode = new Inode(false);
        change(new Change(null, path, inode));
        dieIfDue("create " + path);
        return new SimulatedFile(path, inode);
    }

    @Override
    public File open(Path path) throws IOException {
        Inode inode = visible.get(path);
        if (inode == null) {
            throw new FileNotFoundException(path.toString());
        }
        return new SimulatedFile(path, inode);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Inode inode = visible.get(from);
        if (inode == null) {
            throw new FileNotFoundException(from.toString());
        }
        count("rename to " + to);
        change(new Change(from, to, inode));
        dieIfDue("rename to " + to);
    }

    @Override
    public void delete(Path path) {
        if (exists(path)) {
            count("delete " + path);
            change(new Change(path, null, null));
            dieIfDue("delete " + path);
        }
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        count("sync " + directory);
        if (operations == failForceAt) {
            failed = directory;
            throw new IOException("Input/output error");
        }
        dieIfDue("sync " + directory);
        for (Change change : changes) {
            if (change.directory().equals(directory)) {
                change.applyTo(durable);
            }
        }
        changes.removeIf(change -> change.directory().equals(directory));
    }

    @Override
    public long usableBytes(Path directory) {
        return Math.max(0, capacityBytes - usedBytes());
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        if (!locks.add(path)) {
            throw new StorageRefusedException(Reason.IN_USE, path + ": in use");
        }
        return () -> locks.remove(path);
    }

    @Override
    public Optional<String> holder(Path path) {
        return locks.contains(path) ? Optional.of("somebody") : Optional.empty();
    }

    private static byte[] grown(byte[] array, int size) {
        return array.length >= size ? array : Arrays.copyOf(array, size);
    }

    private final class SimulatedFile implements File {

        private final Path path;
        private final Inode inode;
        private boolean closed;

        SimulatedFile(Path path, Inode inode) {
            this.path = path;
            this.inode = inode;
        }

        private void requireOpen() throws IOException {
            if (closed) {
                throw new IOException(path + ": closed");
            }
        }

        @Override
        public void write(ByteBuffer source, long at) throws IOException {
            requireOpen();
            count("write " + path);
            byte[] bytes = new byte[source.remaining()];
            source.get(bytes);
            if (operations == failWriteAt || failNextWrite) {
                failNextWrite = false;
                failed = path;
                put(Arrays.copyOf(bytes, bytes.length / 2), (int) at);
                throw new IOException("Input/output error");
            }
            if (operations == fullAt) {
                put(Arrays.copyOf(bytes, Math.min(bytes.length, fullAfterBytes)), (int) at);
                throw new StorageFullException(path + ": no space left");
            }
            long more = Math.max(0, at + bytes.length - inode.visible.length);
            long needed = overwritesNeedRoom ? bytes.length : more;
            long room = capacityBytes - usedBytes();
            if (needed > room) {
                put(Arrays.copyOf(bytes, (int) Math.max(0, bytes.length - (needed - room))), (int) at);
                throw new StorageFullException(path + ": no space left");
            }
            put(bytes, (int) at);
            dieIfDue("write " + path);
        }

        private void put(byte[] bytes, int at) {
            inode.visible = grown(inode.visible, at + bytes.length);
            System.arraycopy(bytes, 0, inode.visible, at, bytes.length);
            inode.unsynced.add(new Write(at, bytes));
        }

        @Override
        public int read(ByteBuffer target, long at) throws IOException {
            requireOpen();
            int size = (int) Math.max(0, Math.min(target.remaining(), inode.visible.length - at));
            reads++;
            if (size > 0) {
                int begin = target.position();
                target.put(inode.visible, (int) at, size);
                if (reads == flipBitAtRead) {
                    int middle = begin + size / 2;
                    target.put(middle, (byte) (target.get(middle) ^ 1));
                }
            }
            return size;
        }

        @Override
        public void force() throws IOException {
            requireOpen();
            count("fsync " + path);
            if (operations == failForceAt || failNextForce) {
                failNextForce = false;
                failed = path;
                // Linux marks the pages clean: they stay visible, and no later fsync will write them.
                inode.unsynced = new ArrayList<>();
                throw new IOException("Input/output error");
            }
            if (fullAtForceOf != null && path.toString().endsWith(fullAtForceOf)) {
                fullAtForceOf = null;
                throw new StorageFullException(path + ": no space left");
            }
            dieIfDue("fsync " + path);
            for (Write write : inode.unsynced) {
                keep(inode, write, (offset, size) -> true, Integer.MAX_VALUE);
            }
            if (!inode.unsynced.isEmpty()) {
                inode.lastSynced = inode.unsynced;
            }
            inode.unsynced = new ArrayList<>();
        }

        @Override
        public long size() throws IOException {
            requireOpen();
            return inode.visible.length;
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
