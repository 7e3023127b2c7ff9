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
 * Makes or opens a data directory: lock, version, hard state, bootstrap configuration, log, in this order.
 *
 * @param lock held until it is closed
 * @param recovery what the log was found to be
 */
record DataDirectory(
    EntryCodec codec,
    Closeable lock,
    StateFile state,
    Membership bootstrap,
    LogRecovery recovery,
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
        } else {
            VersionFile.check(disk, version, options.cluster(), options.node());
        }
        Membership bootstrap = BootstrapFile.read(disk, directory.resolve(DataFiles.BOOTSTRAP), codec.seed());
        StateFile state = StateFile.open(disk, directory, codec.seed());
        try {
            // The name VERSION may be in the kernel's memory alone: it was just given, or by a process that was killed.
            disk.syncDirectory(directory);
            LogRecovery recovery = new LogRecovery(disk, codec, directory.resolve(DataFiles.LOG), state);
            recovery.run();
            List<String> repairs = new ArrayList<>(recovery.repairs());
            if (state.repaired()) {
                repairs.add(directory + ": restored one copy of term and vote from the other");
            }
            long last = recovery.terms().lastIndex();
            if (state.current().durableIndex() != last || state.current().cutFrom() != 0) {
                state.save(state.current().with(last, 0));
            }
            return new DataDirectory(codec, lock, state, bootstrap, recovery,
                new RecoveryReport(created, recovery.tornTailBytes(), repairs));
        } catch (IOException | RuntimeException e) {
            state.close();
            throw e;
        }
    }

    /** Gives up what was opened. */
    void release() throws IOException {
        try (lock) {
            state.close();
        }
    }

    /**
     * Without {@code VERSION} a directory is empty, or its making was interrupted: that file comes last, and nothing is
     * stored before. Anything that says otherwise means that the file was lost, and making the directory anew would
     * forget votes and entries.
     */
    private static void requireNoData(Disk disk, Path directory, int seed) throws IOException {
        String used = null;
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
        disk.createDirectory(log);
        for (Path path : List.of(directory.resolve(DataFiles.STATE_A), directory.resolve(DataFiles.STATE_B),
            directory.resolve(DataFiles.BOOTSTRAP), directory.resolve(DataFiles.VERSION_TEMPORARY), segment)) {
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
        Path temporary = directory.resolve(DataFiles.VERSION_TEMPORARY);
        DataFiles.create(disk, temporary, VersionFile.encode(options.cluster(), options.node(), options.now()));
        // Everything that VERSION vouches for has its name durably before VERSION has.
        disk.syncDirectory(directory);
        disk.rename(temporary, directory.resolve(DataFiles.VERSION));
    }
}
