package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.quorate.spi.storage.Disk;
import io.quorate.testing.disk.PowerLossException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The power fails at every operation that the store does to the disk, with any part of what was not synced
 * surviving; or the process is killed there. Whatever was promised before must be there afterwards, and nothing that
 * was never appended.
 */
final class CrashTest {

    private static final int STEPS = 26;
    private static final int MOST_PAYLOAD_BYTES = 150;

    @Test
    void runs_in_its_module() {
        assertTrue(getClass().getModule().isNamed());
    }

    /** A random sequence of operations, and what has been promised so far. */
    private static final class Run {

        private final Random random;
        private List<LogEntry> log = new ArrayList<>();
        /** Entries up to here must survive. */
        private int durable;
        /** Nothing beyond these may be found: the log with the operation under way, or without. */
        private List<LogEntry> possible = List.of();
        private HardState saved = HardState.INITIAL;
        private HardState saving = HardState.INITIAL;
        private FileLogStore store;

        Run(long seed) {
            random = new Random(seed);
        }

        void open(Disk disk) throws IOException {
            store = Stores.open(disk);
        }

        void steps(Disk disk, int count) throws IOException {
            for (int i = 0; i < count; i++) {
                step(disk);
            }
        }

        private void step(Disk disk) throws IOException {
            int dice = random.nextInt(100);
            if (dice < 45) {
                append();
            } else if (dice < 70) {
                store.sync();
                durable = log.size();
            } else if (dice < 80) {
                long term = saved.term().value();
                boolean vote = saved.votedFor().isEmpty() && random.nextBoolean();
                save(vote ? Stores.state(Math.max(1, term), "n2") : Stores.state(term + 1, null));
            } else if (dice < 92) {
                truncate();
            } else if (dice < 97) {
                store.settle();
            } else {
                store.close();
                durable = log.size();
                open(disk);
            }
        }

        private void append() throws IOException {
            if (saved.term().value() == 0) {
                save(Stores.state(1, null));
            }
            List<LogEntry> batch = new ArrayList<>();
            int count = 1 + random.nextInt(4);
            for (int i = 0; i < count; i++) {
                batch.add(Stores.entry(saved.term().value(), log.size() + i + 1L, random.nextInt(MOST_PAYLOAD_BYTES)));
            }
            List<LogEntry> next = new ArrayList<>(log);
            next.addAll(batch);
            possible = next;
            store.append(batch);
            log = next;
        }

        private void truncate() throws IOException {
            if (log.isEmpty()) {
                return;
            }
            int keep = Math.max(0, log.size() - 1 - random.nextInt(12));
            // As Raft does: a leader of a newer term has found a conflict.
            save(Stores.state(saved.term().value() + 1, null));
            durable = Math.min(durable, keep);
            store.truncateFrom(keep + 1);
            log = new ArrayList<>(log.subList(0, keep));
            possible = log;
            durable = keep;
        }

        private void save(HardState next) throws IOException {
            saving = next;
            store.saveHardState(next);
            saved = next;
        }

        /** Checks a store opened after the crash; from then on what it has found is what counts. */
        void check(FileLogStore found, String where) throws IOException {
            assertTrue(found.lastIndex() >= durable, () -> where + ": found " + found.lastIndex()
                + " entries, expected " + durable + " or more");
            assertTrue(found.lastIndex() <= possible.size(), () -> where + ": found " + found.lastIndex()
                + " entries, expected " + possible.size() + " at most");
            assertEquals(possible.subList(0, (int) found.lastIndex()), Stores.readAll(found), where);
            assertTrue(found.hardState().equals(saved) || found.hardState().equals(saving),
                () -> where + ": found " + found.hardState() + ", expected " + saved + " or " + saving);
            for (LogEntry entry : possible.subList(0, (int) found.lastIndex())) {
                assertEquals(entry.term(), found.termAt(entry.index()), where);
            }
            assertEquals(Stores.BOOTSTRAP, found.bootstrap(), where);
        }

        /** Takes a recovered store as the new truth, and goes on with it. */
        Run adopt(FileLogStore found) throws IOException {
            Run next = new Run(random.nextLong());
            next.store = found;
            next.log = Stores.readAll(found);
            next.possible = next.log;
            next.durable = next.log.size();
            next.saved = found.hardState();
            next.saving = next.saved;
            return next;
        }
    }

    private static long operationsOf(long seed) throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        Run run = new Run(seed);
        run.open(disk);
        run.steps(disk, STEPS);
        return disk.operations();
    }

    private static Run runUntil(SimulatedDisk disk, long seed) throws IOException {
        Run run = new Run(seed);
        try {
            run.open(disk);
            run.steps(disk, STEPS);
        } catch (PowerLossException expected) {
            return run;
        }
        return disk.dead() ? run : fail("no crash in " + disk.operations() + " operations");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void everything_synced_survives_a_power_failure_at_every_operation(long seed) throws IOException {
        long operations = operationsOf(seed);
        for (long at = 1; at <= operations; at++) {
            SimulatedDisk disk = Stores.newDisk().crashAt(at);
            Run run = runUntil(disk, seed);
            for (int variant = 0; variant < 4; variant++) {
                Random random = new Random(seed * 1_000_003 + at * 31 + variant);
                String where = "seed " + seed + ", operation " + at + ", variant " + variant;
                SimulatedDisk left = disk.afterPowerLoss(random);
                SimulatedDisk again = left.afterKill();
                SimulatedDisk third = left.afterKill();
                FileLogStore found = open(left, where);
                run.check(found, where);
                goOn(run.adopt(found), left, random, where);
                crashInRecovery(run, again, random, where);
                killInRecovery(run, third, random, where);
            }
        }
    }

    /** A recovered store works, and what it does next survives too: nothing stale shows up behind it. */
    private static void goOn(Run run, SimulatedDisk disk, Random random, String where) throws IOException {
        run.steps(disk, 5);
        FileLogStore found = open(disk.afterPowerLoss(random), where + ", second crash");
        run.check(found, where + ", second crash");
        found.close();
    }

    /** Recovery writes too, and may be interrupted anywhere. */
    private static void crashInRecovery(Run run, SimulatedDisk disk, Random random, String where) throws IOException {
        disk.crashAt(1 + random.nextInt(12));
        FileLogStore found;
        try {
            found = Stores.open(disk);
            assertFalse(disk.dead(), where);
        } catch (PowerLossException expected) {
            found = open(disk.afterPowerLoss(random), where + ", crash in recovery");
        }
        run.check(found, where + ", crash in recovery");
    }

    /**
     * The process is killed within a recovery, started again, and then the power fails: what the second recovery has
     * found must be on the disk and not in the kernel's memory alone.
     */
    private static void killInRecovery(Run run, SimulatedDisk disk, Random random, String where) throws IOException {
        disk.crashAt(1 + random.nextInt(12));
        FileLogStore found;
        SimulatedDisk alive = disk;
        try {
            found = Stores.open(disk);
        } catch (PowerLossException expected) {
            alive = disk.afterKill();
            found = open(alive, where + ", killed in recovery");
        }
        run.check(found, where + ", killed in recovery");
        Run next = run.adopt(found);
        next.check(open(alive.afterPowerLoss(random), where + ", then power failure"), where + ", then power failure");
    }

    private static FileLogStore open(SimulatedDisk disk, String where) {
        try {
            return Stores.open(disk);
        } catch (IOException e) {
            return fail(where + ": " + e.getMessage(), e);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void everything_written_survives_the_death_of_the_process_at_every_operation(long seed) throws IOException {
        long operations = operationsOf(seed);
        for (long at = 1; at <= operations; at++) {
            SimulatedDisk disk = Stores.newDisk().crashAt(at);
            Run run = runUntil(disk, seed);
            String where = "seed " + seed + ", operation " + at;
            for (int variant = 0; variant < 12; variant++) {
                Random random = new Random(seed * 1_000_003 + at * 31 + variant);
                crashInRecovery(run, disk.afterKill(), random, where + ", killed, variant " + variant);
            }
            SimulatedDisk alive = disk.afterKill();
            FileLogStore found = open(alive, where);
            run.check(found, where);
            // What was recovered counts as durable, so a power failure right after must not take it back.
            Run next = run.adopt(found);
            FileLogStore later = open(alive.afterPowerLoss(new Random(seed + at)), where + ", then power failure");
            next.check(later, where + ", then power failure");
        }
    }

    /** The kernel reports the failure once and then takes the pages for clean, though they never reached the disk. */
    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33, 34, 35, 36})
    void nothing_is_built_on_what_a_failed_fsync_left_in_memory(long seed) throws IOException {
        long operations = operationsOf(seed);
        for (long at = 1; at <= operations; at++) {
            SimulatedDisk disk = Stores.newDisk().failForceAt(at);
            Run run = new Run(seed);
            try {
                run.open(disk);
                run.steps(disk, STEPS);
                run.store.close();
                run.durable = run.log.size();
            } catch (IOException e) {
                assertTrue(e.toString().contains("Input/output error"), e.toString());
            }
            String where = "seed " + seed + ", failed fsync " + at;
            SimulatedDisk restarted = disk.afterKill();
            FileLogStore found = open(restarted, where);
            run.check(found, where);
            Run next = run.adopt(found);
            for (int variant = 0; variant < 4; variant++) {
                Random random = new Random(seed * 1_000_003 + at * 31 + variant);
                next.check(open(restarted.afterPowerLoss(random), where + ", then power failure"), where);
            }
        }
    }

    /** Entries of one size: an old one behind the cut would stand just where the successor of a new one would. */
    @Test
    void a_torn_tail_whose_cut_did_not_reach_the_disk_never_becomes_part_of_a_later_log() throws IOException {
        for (int operation = 1; operation <= 12; operation++) {
            SimulatedDisk before = Stores.newDisk();
            FileLogStore store = Stores.open(before);
            store.saveHardState(Stores.state(1, null));
            store.append(Stores.entries(1, 1, 2, 20));
            store.sync();
            store.settle();
            store.append(Stores.entries(1, 3, 3, 20));
            SimulatedDisk disk = before.afterPowerLossKeepingUpTo(Integer.MAX_VALUE).failForceAt(operation);
            int third = SegmentHeader.BYTES + 2 * (EntryCodec.HEADER_BYTES + 20);
            disk.flipBit(Stores.ROOT.resolve(DataFiles.LOG).resolve(DataFiles.segmentName(1)), third + 30, 0);
            try {
                assertEquals(2, Stores.open(disk).lastIndex());
            } catch (IOException e) {
                assertTrue(e.toString().contains("Input/output error"), e.toString());
            }
            SimulatedDisk restarted = disk.afterKill();
            FileLogStore next = Stores.open(restarted);
            assertEquals(2, next.lastIndex());
            next.append(Stores.entries(1, 3, 1, 20));
            next.sync();
            FileLogStore later = Stores.open(restarted.afterPowerLossKeepingUpTo(0));
            assertEquals(Stores.entries(1, 1, 3, 20), Stores.readAll(later), "failed fsync " + operation);
        }
    }

    @Test
    void a_write_torn_at_any_byte_leaves_whole_entries() throws IOException {
        List<LogEntry> first = Stores.entries(1, 1, 2, 20);
        List<LogEntry> second = Stores.entries(1, 3, 3, 20);
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(1, null));
        store.append(first);
        store.sync();
        store.append(second);
        int begin = SegmentHeader.BYTES + 2 * first.get(0).encoded().length() + SegmentMark.BYTES;
        int size = second.get(0).encoded().length();
        for (int end = SegmentHeader.BYTES; end <= begin + 3 * size; end++) {
            FileLogStore found = Stores.open(disk.afterPowerLossKeepingUpTo(end));
            assertEquals(2 + Math.max(0, (end - begin) / size), found.lastIndex(), "torn at " + end);
        }
    }

    @Test
    void after_a_failed_fsync_the_next_start_writes_again_what_the_kernel_forgot() throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(1, null));
        store.append(Stores.entries(1, 1, 3, 20));
        disk.failForceAt(disk.operations() + 1);
        IOException failure = assertThrows(IOException.class, store::sync);
        assertEquals(failure, assertThrows(IOException.class, store::sync));
        assertEquals(failure, assertThrows(IOException.class,
            () -> store.append(Stores.entries(1, 4, 1, 20))));
        store.close();

        SimulatedDisk restarted = disk.afterKill();
        FileLogStore next = Stores.open(restarted);
        assertEquals(3, next.lastIndex());
        FileLogStore later = Stores.open(restarted.afterPowerLossKeepingUpTo(0));
        assertEquals(3, later.lastIndex());
    }
}
