package io.quorate.raft.log;

import io.quorate.raft.log.FileSnapshotStore.Stored;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The snapshots that are found when the directory is opened, and whether the log goes on from them. Changes nothing.
 *
 * @param directory where they are
 * @param whole those that can be used, the oldest first; of the newest one every byte was verified, of the others the
 *     head
 * @param damaged those that cannot
 */
record SnapshotScan(Path directory, List<Stored> whole, List<Damaged> damaged) {

    /** @param index what its name says that it stands for */
    record Damaged(String name, long index, DamagedSnapshotException problem) {
    }

    private static final int INDEX_DIGITS = 20;

    SnapshotScan {
        whole = List.copyOf(whole);
        damaged = List.copyOf(damaged);
    }

    static SnapshotScan read(Disk disk, Path directory, int seed) throws IOException {
        List<Stored> whole = new ArrayList<>();
        List<Damaged> damaged = new ArrayList<>();
        List<String> names = disk.exists(directory) ? disk.list(directory) : List.of();
        for (String name : names.reversed()) {
            if (!name.endsWith(FileSnapshotStore.SUFFIX)) {
                continue;
            }
            try {
                whole.addFirst(read(disk, directory.resolve(name), seed, whole.isEmpty()));
            } catch (DamagedSnapshotException e) {
                damaged.add(new Damaged(name, indexOf(name), e));
            }
        }
        return new SnapshotScan(directory, whole, damaged);
    }

    /** @param entirely whether to read all of it, and not its head alone */
    static Stored read(Disk disk, Path path, int seed, boolean entirely) throws IOException {
        try (SnapshotFileReader reader = SnapshotFileReader.open(disk, path, seed, 0)) {
            if (entirely) {
                reader.verify();
            }
            SnapshotMeta meta = reader.meta();
            String expected = FileSnapshotStore.nameOf(meta.index(), meta.term(), meta.id(),
                FileSnapshotStore.SUFFIX);
            if (!path.getFileName().toString().equals(expected)) {
                throw SnapshotFormat.damaged(path, 0, "the snapshot " + expected, "the one that its name says");
            }
            return new Stored(meta, reader.head());
        }
    }

    private static long indexOf(String name) {
        try {
            return Long.parseLong(name, 0, Math.min(INDEX_DIGITS, name.length()), 10);
        } catch (NumberFormatException notOurs) {
            return Long.MAX_VALUE; // Whatever it stood for, the log does not reach it.
        }
    }

    Optional<SnapshotMeta> newest() {
        return whole.isEmpty() ? Optional.empty() : Optional.of(whole.getLast().meta());
    }

    /** Where the log must begin at the latest. */
    private long reaches() {
        return newest().map(SnapshotMeta::index).orElse(0L);
    }

    private List<Damaged> damagedNewest() {
        return damaged.stream().filter(it -> it.index > reaches()).toList();
    }

    /**
     * Refuses what does not fit together. A node may fall back to an older snapshot only with a log that reaches from
     * there to where the damaged one stood: then nothing is missing.
     *
     * @return whether the newest snapshot replaces the log: it was received, and the last stop came before that
     */
    boolean replaces(TermIndex terms, StateFile.State state) throws IOException {
        Path log = directory.resolveSibling(DataFiles.LOG);
        for (Damaged each : damagedNewest()) {
            if (state.resetting() || terms.firstIndex() > reaches() + 1 || terms.lastIndex() < each.index) {
                throw each.problem.refused();
            }
        }
        if (newest().isEmpty() || newest().get().index() < state.firstIndex() - 1) {
            if (state.firstIndex() > 1) {
                throw StorageRefusedException.damaged(log.toString(), "entries from " + state.firstIndex()
                    + " on, and " + (newest().isEmpty() ? "no snapshot" : "no snapshot after entry " + reaches()),
                    "a snapshot of all up to entry " + (state.firstIndex() - 1) + " or later");
            }
            return false;
        }
        SnapshotMeta snapshot = newest().get();
        if (snapshot.term() > state.hardState().term().value()) {
            throw StorageRefusedException.damaged(directory.toString(), "a snapshot of term " + snapshot.term(),
                "no term above " + state.hardState().term() + ", the one in " + DataFiles.STATE_A + " and "
                    + DataFiles.STATE_B + ", which are older than the snapshot");
        }
        if (state.resetting() || terms.lastIndex() < snapshot.index()) {
            return true;
        }
        long term = terms.termAt(snapshot.index());
        if (term != snapshot.term() && snapshot.index() == terms.firstIndex() - 1) {
            throw StorageRefusedException.damaged(log.toString(), "a log that begins after an entry of term " + term,
                "after one of term " + snapshot.term() + ", as the snapshot of entry " + snapshot.index() + " says");
        }
        return term != snapshot.term();
    }

    /** Puts damaged ones out of the way, so that nobody reads them again. */
    List<String> setAside(Disk disk) throws IOException {
        List<String> repairs = new ArrayList<>();
        for (Damaged each : damaged) {
            disk.rename(directory.resolve(each.name), directory.resolve(each.name + FileSnapshotStore.DAMAGED_SUFFIX));
            repairs.add("set a damaged snapshot aside, since " + (newest().isEmpty() ? "the log is whole"
                : "the log goes on from the one of entry " + reaches()) + ": " + each.problem.problem());
        }
        return repairs;
    }
}
