package io.quorate.raft.log;

import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes or opens a data directory: lock, version, hard state, bootstrap configuration, snapshots, log, in this order.
 * All is read and judged before anything is changed.
 *
 * @param lock held until it is closed
 * @param version whose directory it is
 * @param snapshots those that are whole
 * @param recovery what the log was found to be
 */
record DataDirectory(
    EntryCodec codec,
    Closeable lock,
    VersionFile version,
    StateFile state,
    Membership bootstrap,
    LogRecovery recovery,
    SnapshotScan snapshots,
    RecoveryReport report) {

    static DataDirectory open(Disk disk, StorageOptions options) throws IOException {
        Path directory = options.directory();
        boolean existed = disk.exists(directory);
        disk.createDirectory(directory);
        if (!existed && directory.toAbsolutePath().getParent() != null) {
            disk.syncDirectory(directory.toAbsolutePath().getParent());
        }
        Closeable lock = disk.lock(directory.resolve(DataFiles.LOCK));
        try {
            return open(disk, options, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static DataDirectory open(Disk disk, StorageOptions options, Closeable lock) throws IOException {
        Path directory = options.directory();
        Path version = directory.resolve(DataFiles.VERSION);
        EntryCodec codec = new EntryCodec(options.cluster());
        boolean created = !disk.exists(version);
        if (created) {
            requireNoData(disk, directory, codec.seed());
            make(disk, options, codec);
        }
        VersionFile found = VersionFile.read(disk, version);
        found.requireOf(version, options.cluster(), options.node());
        Membership bootstrap = BootstrapFile.read(disk, directory.resolve(DataFiles.BOOTSTRAP), codec.seed());
        StateFile state = StateFile.open(disk, directory, codec.seed());
        try {
            // The name VERSION may be in the kernel's memory alone: it was just given, or by a process that was killed.
            disk.syncDirectory(directory);
            if (disk.exists(directory.resolve(DataFiles.MAKING))) {
                // Only now: a crash that kept this deletion and lost the name VERSION would look like a loss of files.
                disk.delete(directory.resolve(DataFiles.MAKING));
                disk.syncDirectory(directory);
            }
            LogRecovery recovery = new LogRecovery(disk, codec, directory.resolve(DataFiles.LOG), state.current());
            SnapshotScan snapshots = SnapshotScan.read(disk, directory.resolve(DataFiles.SNAPSHOTS), codec.seed());
            recovery.read();
            if (snapshots.replaces(recovery.terms(), state.current())) {
                recovery.replace(state, snapshots.newest().orElseThrow(), options.firstSegmentBytes());
            } else {
                recovery.repair(state);
            }
            List<String> repairs = new ArrayList<>(recovery.repairs());
            repairs.addAll(snapshots.setAside(disk));
            tidy(disk, snapshots.directory());
            if (state.repaired()) {
                repairs.add(directory + ": restored one copy of term and vote from the other");
            }
            long last = recovery.terms().lastIndex();
            if (state.current().durableIndex() != last || state.current().cutFrom() != 0) {
                state.save(state.current().with(last, 0));
            }
            return new DataDirectory(codec, lock, found, state, bootstrap, recovery, snapshots,
                new RecoveryReport(created, recovery.tornTailBytes(), repairs));
        } catch (IOException | RuntimeException e) {
            state.close();
            throw e;
        }
    }

    /**
     * Makes the names of snapshots durable, since they may be in the kernel's memory alone, and deletes what a snapshot
     * that was being taken has left. One that was being received stays, to go on from.
     */
    private static void tidy(Disk disk, Path directory) throws IOException {
        if (disk.exists(directory)) {
            disk.delete(directory.resolve(FileSnapshotStore.TAKING));
            disk.syncDirectory(directory);
        }
    }

    /** Gives up what was opened. */
    void release() throws IOException {
        try (lock) {
            state.close();
        }
    }

    /**
     * Without {@code VERSION} a directory is empty, or its making was interrupted: then {@code MAKING} is there, which
     * comes first and goes last. Anything that says otherwise means that files were lost, and making the directory anew
     * would forget votes and entries.
     */
    private static void requireNoData(Disk disk, Path directory, int seed) throws IOException {
        String used = null;
        if (!disk.exists(directory.resolve(DataFiles.MAKING))) {
            for (String name : List.of(DataFiles.STATE_A, DataFiles.STATE_B, DataFiles.BOOTSTRAP, DataFiles.LOG)) {
                used = disk.exists(directory.resolve(name)) ? name : used;
            }
        }
        if (disk.exists(directory.resolve(DataFiles.SNAPSHOTS))) {
            used = DataFiles.SNAPSHOTS;
        }
        for (String name : List.of(DataFiles.STATE_A, DataFiles.STATE_B)) {
            StateFile.State found = StateFile.peek(disk, directory.resolve(name), seed);
            if (found != null && found.sequence() > StateFile.State.INITIAL.sequence()) {
                used = name + " with term " + found.hardState().term();
            }
        }
        Path log = directory.resolve(DataFiles.LOG);
        if (disk.exists(log)) {
            for (String name : disk.list(log)) {
                if (DataFiles.baseIndexOf(name) > 1
                    || DataFiles.baseIndexOf(name) == 1 && hasRecord(disk, log.resolve(name))) {
                    used = DataFiles.LOG + "/" + name + " with entries";
                }
            }
        }
        if (used != null) {
            throw StorageRefusedException.damaged(directory.resolve(DataFiles.VERSION).toString(), "no such file, but "
                + used, "this file, which is there from the first start on");
        }
    }

    private static boolean hasRecord(Disk disk, Path segment) throws IOException {
        try (Disk.File file = disk.open(segment)) {
            ByteBuffer first = ByteBuffer.allocate(EntryCodec.HEADER_BYTES);
            file.read(first, SegmentHeader.BYTES);
            return first.flip().mismatch(ByteBuffer.allocate(first.limit())) >= 0;
        }
    }

    private static void make(Disk disk, StorageOptions options, EntryCodec codec) throws IOException {
        Path directory = options.directory();
        Path log = directory.resolve(DataFiles.LOG);
        Path segment = log.resolve(DataFiles.segmentName(1));
        Path temporary = directory.resolve(DataFiles.VERSION_TEMPORARY);
        if (!disk.exists(directory.resolve(DataFiles.MAKING))) {
            DataFiles.create(disk, directory.resolve(DataFiles.MAKING), new byte[0]);
        }
        // Durable before all else: while it is there, what else there is has never been used.
        disk.syncDirectory(directory);
        disk.createDirectory(log);
        for (Path path : List.of(directory.resolve(DataFiles.STATE_A), directory.resolve(DataFiles.STATE_B),
            directory.resolve(DataFiles.BOOTSTRAP), temporary, segment)) {
            disk.delete(path);
        }
        DataFiles.create(disk, directory.resolve(DataFiles.STATE_A), StateFile.initial(codec.seed()));
        DataFiles.create(disk, directory.resolve(DataFiles.STATE_B), StateFile.initial(codec.seed()));
        DataFiles.create(disk, directory.resolve(DataFiles.BOOTSTRAP),
            BootstrapFile.encode(codec.seed(), options.bootstrap()));
        try (Disk.File file = disk.create(segment)) {
            DataFiles.zero(file, 0, options.firstSegmentBytes());
            file.write(new SegmentHeader(1, 0).encode(codec.seed()), 0);
            file.force();
        }
        disk.syncDirectory(log);
        DataFiles.create(disk, temporary, new VersionFile(options.cluster(), options.node(),
            options.numbers().getAsLong(), options.now()).encode());
        // Everything that VERSION vouches for has its name durably before VERSION has.
        disk.syncDirectory(directory);
        disk.rename(temporary, directory.resolve(DataFiles.VERSION));
    }
}
