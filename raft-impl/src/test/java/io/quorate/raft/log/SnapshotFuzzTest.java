package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.Reached;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Snapshots that were taken and partly received, and then damaged: flipped, cut, longer, zeroed, garbage, gone, or
 * under another's name. Opening the directory gives a newest snapshot that is what was written, with the log that goes
 * on from it, or {@link StorageRefusedException}; an older one is right or refused when it is read; and nothing else
 * ever.
 */
public final class SnapshotFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final int ENTRIES = 40;
    private static final int RECEIVED_INDEX = 60;
    private static final long TERM = 2;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 400, SnapshotFuzzTest::fuzzerTestOneInput);
        REACHED.require(10, "whole", "damaged and opened", "damaged and refused", "an older one is refused when read",
            "set aside", "went on receiving", "a piece is refused when sent");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore leader = Snapshots.leaderWith(RECEIVED_INDEX, TERM);
        SnapshotMeta offered = leader.snapshots().newest().orElseThrow();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(TERM, null));
        List<LogEntry> log = Stores.entries(TERM, 1, ENTRIES, 60);
        for (int i = 0; i < ENTRIES; i += 4) {
            store.append(log.subList(i, i + 4));
            store.sync();
        }
        TreeMap<SnapshotMeta, byte[]> taken = new TreeMap<>(Comparator.comparingLong(SnapshotMeta::index));
        for (int index = 5 + in.below(10); index <= ENTRIES && taken.size() < 3; index += 1 + in.below(15)) {
            SnapshotMeta meta = Snapshots.take(store, index, TERM);
            taken.put(meta, joined(Snapshots.pieces(store.snapshots(), meta, 200)));
        }
        if (in.oneIn(2)) {
            store.releaseUntil(in.below((int) store.snapshots().list().getFirst().index() + 1));
        }
        if (in.oneIn(2)) {
            receivePart(store, leader.snapshots(), offered, in.below((int) offered.bytes()));
        }
        store.close();
        SimulatedDisk left = disk.afterKill();
        int damages = in.below(4);
        for (int i = 0; i < damages; i++) {
            damage(in, left);
        }
        try (FileLogStore found = Stores.open(left)) {
            opened(found, log, taken);
            try {
                Snapshots.receive(found.snapshots(), leader.snapshots(), offered, 77);
            } catch (SnapshotRejectedException e) {
                // What had arrived was longer than the whole, say: it is gone now.
                REACHED.count("begun anew");
                Snapshots.receive(found.snapshots(), leader.snapshots(), offered, 77);
            }
            assertArrayEquals(Snapshots.content(RECEIVED_INDEX), Snapshots.contentOf(found, offered));
            REACHED.count("went on receiving");
            REACHED.count(damages == 0 ? "whole" : "damaged and opened");
        } catch (StorageRefusedException e) {
            assertTrue(damages > 0, e.getMessage());
            assertTrue(e.getMessage().contains("found") && e.getMessage().contains("expected"), e.getMessage());
            REACHED.count("damaged and refused");
        }
    }

    private static void receivePart(FileLogStore store, SnapshotStore leader, SnapshotMeta meta, int bytes)
        throws IOException {
        try (IncomingSnapshot incoming = store.snapshots().receive(meta)) {
            if (bytes > 0) {
                incoming.write(0, leader.read(meta, 0, bytes));
            }
        }
    }

    private static void opened(FileLogStore found, List<LogEntry> log,
        TreeMap<SnapshotMeta, byte[]> taken) throws IOException {
        assertEquals(Stores.state(TERM, null), found.hardState());
        assertEquals(ENTRIES, found.lastIndex());
        Optional<SnapshotMeta> newest = found.snapshots().newest();
        long from = newest.map(SnapshotMeta::index).orElse(0L) + 1;
        List<LogEntry> read = new ArrayList<>();
        while (from + read.size() <= ENTRIES) {
            read.addAll(found.read(from + read.size(), ENTRIES, 300));
        }
        assertEquals(log.subList((int) from - 1, ENTRIES), read, "the log goes on from what is restored");
        if (!found.report().repairs().isEmpty()) {
            REACHED.count("set aside");
        }
        for (SnapshotMeta meta : found.snapshots().list()) {
            // The size of an older one is that of its file, until it is read.
            SnapshotMeta origin = taken.ceilingKey(meta);
            assertTrue(origin != null && origin.index() == meta.index() && origin.id() == meta.id(),
                meta + " was never taken");
            sent(found.snapshots(), meta, taken.get(origin));
            try {
                assertArrayEquals(Snapshots.content(meta.index()), Snapshots.contentOf(found, meta));
            } catch (IOException e) {
                assertTrue(!newest.get().equals(meta), "the newest one is verified when the directory is opened: "
                    + e.getMessage());
                assertTrue(e.getMessage().contains("found") && e.getMessage().contains("expected"), e.getMessage());
                REACHED.count("an older one is refused when read");
            }
        }
    }

    /** What is sent of one, in pieces, is what was written, or it is refused: the receiver finds out too late. */
    private static void sent(SnapshotStore store, SnapshotMeta meta, byte[] whole) {
        for (int at = 0; at < meta.bytes(); at += 77) {
            try {
                byte[] piece = store.read(meta, at, 77).toByteArray();
                // The last checksum speaks of the whole file; a piece does not show whether it is right.
                int sure = Math.min(at + piece.length, whole.length - Integer.BYTES);
                assertArrayEquals(Arrays.copyOfRange(whole, at, Math.max(at, sure)),
                    Arrays.copyOf(piece, Math.max(0, sure - at)), "sent from " + at);
            } catch (IOException e) {
                assertTrue(e.getMessage().contains("found") && e.getMessage().contains("expected"), e.getMessage());
                REACHED.count("a piece is refused when sent");
            }
        }
    }

    private static byte[] joined(List<Bytes> pieces) {
        BytesWriter whole = new BytesWriter(1_024);
        pieces.forEach(whole::raw);
        return whole.toBytes().toByteArray();
    }

    private static void damage(FuzzInput in, SimulatedDisk disk) throws IOException {
        List<Path> files = disk.list(Snapshots.DIRECTORY).stream().map(Snapshots.DIRECTORY::resolve).toList();
        if (files.isEmpty()) {
            return;
        }
        Path path = in.pick(files);
        byte[] content = disk.content(path);
        switch (in.below(8)) {
            case 2 -> replace(disk, path, Arrays.copyOf(content, in.below(content.length + 1)));
            case 3 -> {
                byte[] longer = Arrays.copyOf(content, content.length + 1 + in.u8());
                longer[longer.length - 1] = (byte) in.u8();
                replace(disk, path, longer);
            }
            case 4 -> Arrays.fill(content, in.below(content.length + 1), content.length, (byte) 0);
            case 5 -> replace(disk, path, in.bytes(200));
            case 6 -> disk.delete(path);
            case 7 -> replace(disk, Snapshots.DIRECTORY.resolve(FileSnapshotStore.nameOf(1 + in.below(80), TERM,
                in.u16(), in.oneIn(4) ? FileSnapshotStore.PART_SUFFIX : FileSnapshotStore.SUFFIX)), content.clone());
            default -> in.damage(content, 0, content.length);
        }
    }

    private static void replace(SimulatedDisk disk, Path path, byte[] content) throws IOException {
        disk.delete(path);
        DataFiles.create(disk, path, content);
        disk.syncDirectory(path.getParent());
    }
}
