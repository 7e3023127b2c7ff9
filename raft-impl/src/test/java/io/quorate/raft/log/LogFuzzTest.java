package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.Reached;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/**
 * A data directory that was written by some series of operations, left by a close, a kill or a power failure, and then
 * damaged, or forged with right checksums. Opening it gives a prefix of what was written that holds everything known
 * to be durable, or {@link StorageRefusedException}, and nothing else ever.
 */
public final class LogFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final int FATE_BYTES = 24;
    private static final Path LOG = Stores.ROOT.resolve(DataFiles.LOG);

    /** What was written, and up to where it must survive. */
    private static final class Written {
        private final SimulatedDisk disk = Stores.newDisk();
        private final List<LogEntry> log = new ArrayList<>();
        private HardState hardState = HardState.INITIAL;
        /** Survives any crash. */
        private long synced;
        /** Survives any damage, or the damage is noticed. */
        private long settled;
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 500, LogFuzzTest::fuzzerTestOneInput);
        REACHED.require(25, "crashed and recovered", "damaged and recovered", "damaged and refused",
            "forged and opened", "forged and refused");
        REACHED.require(1, "torn tail", "shortened");
        REACHED.require(10, "forged record", "forged head", "forged state", "forged bootstrap");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        // What becomes of the directory is decided first: at the end of an input every decision is the plain one.
        FuzzInput all = new FuzzInput(data);
        FuzzInput in = new FuzzInput(all.exactly(FATE_BYTES).toByteArray());
        Written written = write(all, in.oneIn(2));
        SimulatedDisk left = in.oneIn(2) ? written.disk.afterKill()
            : written.disk.afterPowerLoss(new Random(in.u16()));
        switch (in.below(5)) {
            case 0 -> {
                opened(left, written, written.synced);
                REACHED.count("crashed and recovered");
            }
            case 1, 2 -> {
                for (int i = 1 + in.below(2); i > 0; i--) {
                    damage(in, left);
                }
                try {
                    opened(left, written, written.settled);
                    REACHED.count("damaged and recovered");
                } catch (StorageRefusedException e) {
                    explained(e);
                    REACHED.count("damaged and refused");
                }
            }
            default -> {
                forge(in, left);
                try {
                    goesOn(left);
                    REACHED.count("forged and opened");
                } catch (StorageRefusedException e) {
                    explained(e);
                    REACHED.count("forged and refused");
                }
            }
        }
    }

    private static void explained(StorageRefusedException e) {
        assertTrue(e.reason() != null && e.getMessage().contains("found") && e.getMessage().contains("expected"),
            e.getMessage());
    }

    private static Written write(FuzzInput in, boolean closed) throws IOException {
        Written written = new Written();
        FileLogStore store = Stores.open(written.disk);
        save(written, store, 1 + in.below(3), "n2");
        for (int i = in.below(16); i > 0; i--) {
            switch (in.below(8)) {
                case 0 -> {
                    store.sync();
                    written.synced = store.lastIndex();
                }
                case 1 -> {
                    store.settle();
                    written.settled = written.synced;
                }
                case 2 -> save(written, store, written.hardState.term().value() + 1, in.oneIn(2) ? "n3" : null);
                case 3 -> truncate(written, store, 1 + in.below(12));
                default -> append(in, written, store);
            }
        }
        if (closed) {
            store.close();
            written.synced = written.log.size();
            written.settled = written.log.size();
        }
        return written;
    }

    private static void save(Written written, FileLogStore store, long term, String vote) throws IOException {
        written.hardState = Stores.state(term, vote);
        store.saveHardState(written.hardState);
    }

    private static void append(FuzzInput in, Written written, FileLogStore store) throws IOException {
        List<LogEntry> batch = new ArrayList<>();
        long term = written.hardState.term().value();
        for (int i = 1 + in.below(4); i > 0; i--) {
            batch.add(Stores.CODEC.encode(term, written.log.size() + batch.size() + 1L, in.pick(EntryType.values()),
                List.of(in.exactly(in.below(80)))));
        }
        store.append(batch);
        written.log.addAll(batch);
    }

    private static void truncate(Written written, FileLogStore store, int from) throws IOException {
        if (from <= written.log.size()) {
            store.truncateFrom(from);
            written.log.subList(from - 1, written.log.size()).clear();
            written.synced = from - 1L;
            written.settled = from - 1L;
        }
    }

    private static void opened(SimulatedDisk disk, Written written, long atLeast) throws IOException {
        try (FileLogStore found = Stores.open(disk)) {
            assertTrue(found.lastIndex() >= atLeast, "lost entries " + (found.lastIndex() + 1) + " to " + atLeast);
            assertTrue(found.lastIndex() <= written.log.size(), "found more than was written");
            assertEquals(written.log.subList(0, (int) found.lastIndex()), Stores.readAll(found));
            assertEquals(written.hardState, found.hardState());
            assertEquals(Stores.BOOTSTRAP, found.bootstrap());
            if (found.report().tornTailBytes() > 0) {
                REACHED.count("torn tail");
            }
            if (found.lastIndex() < written.log.size()) {
                REACHED.count("shortened");
            }
        }
    }

    /** Whatever was believed, the store works: it reads, appends, and finds the same again. */
    private static void goesOn(SimulatedDisk disk) throws IOException {
        List<LogEntry> all = new ArrayList<>();
        try (FileLogStore store = Stores.open(disk)) {
            for (long next = 1; next <= store.lastIndex(); next = all.size() + 1L) {
                all.addAll(store.read(next, store.lastIndex(), 300));
            }
            long term = store.hardState().term().value();
            if (term > 0) {
                LogEntry more = Stores.CODEC.encode(term, store.lastIndex() + 1, EntryType.NO_OP, List.of());
                store.append(List.of(more));
                store.sync();
                all.add(more);
            }
        }
        try (FileLogStore again = Stores.open(disk)) {
            assertEquals(all, Stores.readAll(again));
        }
    }

    private static void damage(FuzzInput in, SimulatedDisk disk) throws IOException {
        boolean log = in.oneIn(2);
        Path path = in.pick(log && !segments(disk).isEmpty() ? segments(disk) : disk.files());
        byte[] content = disk.content(path);
        switch (in.below(8)) {
            // The rest of a file, with every trace of what had been there: only what is noted elsewhere tells of it.
            case 3, 4 -> Arrays.fill(content, Math.min(content.length, SegmentHeader.BYTES + in.u8()), content.length,
                (byte) 0);
            case 5 -> replace(disk, path, Arrays.copyOf(content, in.below(content.length + 1)));
            case 6 -> {
                byte[] more = in.bytes(60);
                byte[] longer = Arrays.copyOf(content, content.length + more.length);
                System.arraycopy(more, 0, longer, content.length, more.length);
                replace(disk, path, longer);
            }
            case 7 -> disk.delete(path);
            default -> in.damage(content, 0, content.length);
        }
    }

    private static void replace(SimulatedDisk disk, Path path, byte[] content) throws IOException {
        disk.delete(path);
        DataFiles.create(disk, path, content);
        disk.syncDirectory(path.getParent());
    }

    /** Changes fields and gives the whole a right checksum: what only a defect, or an attacker, could have written. */
    private static void forge(FuzzInput in, SimulatedDisk disk) {
        switch (in.below(4)) {
            case 0 -> forgeState(in, disk);
            case 1 -> forgeHead(in, disk.content(in.pick(segments(disk))));
            case 2 -> forgeBootstrap(in, disk.content(Stores.ROOT.resolve(DataFiles.BOOTSTRAP)));
            default -> forgeRecord(in, disk.content(in.pick(segments(disk))));
        }
    }

    private static List<Path> segments(SimulatedDisk disk) {
        return disk.list(LOG).stream().filter(name -> DataFiles.baseIndexOf(name) > 0).map(LOG::resolve).toList();
    }

    private static void forgeRecord(FuzzInput in, byte[] segment) {
        List<Integer> places = new ArrayList<>();
        int at = SegmentHeader.BYTES;
        while (segment.length - at >= EntryCodec.HEADER_BYTES && EntryCodec.lengthAt(segment, at) > 0) {
            places.add(at);
            at += EntryCodec.lengthAt(segment, at) + EntryCodec.BODY_AT;
        }
        if (in.oneIn(3) && segment.length - at >= SegmentMark.BYTES) {
            // One more mark, behind everything, that speaks of a sync to wherever.
            System.arraycopy(SegmentMark.encode(Stores.CODEC, in.number(), in.number(), (int) in.number()), 0, segment,
                at, SegmentMark.BYTES);
            places.add(at);
        }
        if (places.isEmpty()) {
            return;
        }
        int place = in.pick(places);
        byte[] record = Arrays.copyOfRange(segment, place,
            Math.min(segment.length, place + EntryCodec.lengthAt(segment, place) + EntryCodec.BODY_AT));
        if (record.length < EntryCodec.HEADER_BYTES) {
            return;
        }
        if (SegmentMark.isAt(record, 0, record.length) && in.oneIn(2)) {
            ByteBuffer.wrap(record).putLong(EntryCodec.HEADER_BYTES, in.number());
        }
        in.damage(record, EntryCodec.HEADER_BYTES, record.length);
        long term = in.oneIn(2) ? EntryCodec.termAt(record, 0) : in.number();
        long index = in.oneIn(2) ? EntryCodec.indexAt(record, 0) : in.number();
        int type = in.oneIn(2) ? EntryCodec.typeAt(record, 0) : in.pick(1, 2, 3, 4, 255, in.u8());
        Stores.CODEC.putHeader(record, term, index, type);
        System.arraycopy(record, 0, segment, place, record.length);
        REACHED.count("forged record");
    }

    private static void forgeHead(FuzzInput in, byte[] segment) {
        ByteBuffer head = ByteBuffer.wrap(segment);
        switch (in.below(4)) {
            case 0 -> head.putLong(16, in.number());
            case 1 -> head.putLong(24, in.number());
            case 2 -> head.putInt(8, (int) in.number());
            default -> in.damage(segment, 0, SegmentHeader.BYTES - 4);
        }
        head.putInt(SegmentHeader.BYTES - 4, crc(segment, SegmentHeader.BYTES - 4));
        REACHED.count("forged head");
    }

    private static void forgeState(FuzzInput in, SimulatedDisk disk) {
        byte[] slot = disk.content(Stores.ROOT.resolve(DataFiles.STATE_A));
        ByteBuffer state = ByteBuffer.wrap(slot);
        for (int i = in.below(3); i >= 0; i--) {
            switch (in.below(6)) {
                case 0 -> state.putLong(16, in.number());
                case 1 -> state.putLong(24, in.number());
                case 2 -> state.putLong(32, in.number());
                case 3 -> state.putLong(40, in.number());
                case 4 -> state.put(48, (byte) in.u8());
                default -> in.damage(slot, 49, StateFile.SLOT_BYTES - 4);
            }
        }
        state.putInt(StateFile.SLOT_BYTES - 4, crc(slot, StateFile.SLOT_BYTES - 4));
        if (in.oneIn(2)) {
            byte[] other = disk.content(Stores.ROOT.resolve(DataFiles.STATE_B));
            System.arraycopy(slot, 0, other, 0, StateFile.SLOT_BYTES);
        }
        REACHED.count("forged state");
    }

    private static void forgeBootstrap(FuzzInput in, byte[] file) {
        in.damage(file, 12, file.length - 4);
        ByteBuffer.wrap(file).putInt(file.length - 4, crc(file, file.length - 4));
        REACHED.count("forged bootstrap");
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
