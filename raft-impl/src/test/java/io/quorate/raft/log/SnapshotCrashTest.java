package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.quorate.spi.storage.Disk;
import io.quorate.testing.disk.PowerLossException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The power fails, or the process dies, at every operation of taking, receiving and installing snapshots, and of
 * releasing the log behind them. A snapshot whose commit has returned is there, whole, and the log goes on from it.
 */
final class SnapshotCrashTest {

    private static final int STEPS = 30;
    private static final int PAYLOAD_BYTES = 70;

    /** A random sequence of operations, and what has been promised so far. */
    private static final class Run {

        private final Random random;
        private FileLogStore store;
        /** The log from {@code base + 1} on, with the entry before of {@code baseTerm}. */
        private long base;
        private long baseTerm;
        private List<LogEntry> log = new ArrayList<>();
        private List<LogEntry> possible = log;
        private int durable;
        private long term = 1;
        private Optional<SnapshotMeta> newest = Optional.empty();
        private SnapshotMeta committing;
        private SnapshotMeta installing;
        private final Set<String> done = new HashSet<>();

        Run(long seed) {
            random = new Random(seed);
        }

        void open(Disk disk) throws IOException {
            store = Stores.open(disk);
        }

        private long last() {
            return base + log.size();
        }

        void steps(int count) throws IOException {
            if (store.hardState().term().value() < term) {
                store.saveHardState(Stores.state(term, null));
            }
            for (int i = 0; i < count; i++) {
                step(random.nextInt(100));
            }
        }

        private void step(int dice) throws IOException {
            if (dice < 40) {
                append(1 + random.nextInt(5));
            } else if (dice < 60) {
                store.sync();
                durable = log.size();
            } else if (dice < 75) {
                take();
            } else if (dice < 88) {
                release();
            } else {
                install();
            }
        }

        private void append(int count) throws IOException {
            List<LogEntry> batch = Stores.entries(term, last() + 1, count, PAYLOAD_BYTES);
            possible = new ArrayList<>(log);
            possible.addAll(batch);
            store.append(batch);
            log = possible;
        }

        private void take() throws IOException {
            long least = newest.map(SnapshotMeta::index).orElse(0L);
            if (last() <= least) {
                return;
            }
            long index = least + 1 + random.nextInt((int) (last() - least));
            try (SnapshotWriter writer = store.snapshots().begin(index, termAt(index), 0, Stores.BOOTSTRAP)) {
                writer.write(Snapshots.content(index));
                if (random.nextInt(4) == 0) {
                    done.add("gave one up");
                    return;
                }
                committing = new SnapshotMeta(index, termAt(index), 0, Stores.BOOTSTRAP, 1, 0);
                newest = Optional.of(writer.commit());
                committing = null;
                done.add("took");
            }
        }

        private long termAt(long index) {
            return index == base ? baseTerm : log.get((int) (index - base - 1)).term();
        }

        private void release() throws IOException {
            if (newest.isPresent()) {
                long first = store.firstIndex();
                store.releaseUntil(newest.get().index() - random.nextInt(3));
                if (store.firstIndex() > first) {
                    done.add("released");
                }
            }
        }

        /** A leader of a newer term has gone on far beyond. */
        private void install() throws IOException {
            term++;
            store.saveHardState(Stores.state(term, null));
            FileLogStore leader = Snapshots.leaderWith(last() + 1 + random.nextInt(30), term);
            SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
            if (random.nextInt(3) == 0) {
                try (IncomingSnapshot part = store.snapshots().receive(meta)) {
                    part.write(0, leader.snapshots().read(meta, 0, 200));
                }
                done.add("resumed");
            }
            committing = meta;
            installing = meta;
            Snapshots.receive(store.snapshots(), leader.snapshots(), meta, 150);
            newest = Optional.of(meta);
            committing = null;
            store.resetTo(meta.index(), meta.term());
            base = meta.index();
            baseTerm = meta.term();
            log = new ArrayList<>();
            possible = log;
            durable = 0;
            installing = null;
            done.add("installed");
        }

        private static boolean same(SnapshotMeta one, SnapshotMeta other) {
            return one != null && other != null && one.index() == other.index() && one.term() == other.term();
        }

        /** Checks a store that was opened after the crash, and goes on with what it has found. */
        Run check(FileLogStore found, String where) throws IOException {
            SnapshotMeta snapshot = found.snapshots().newest().orElse(null);
            if (!Optional.ofNullable(snapshot).equals(newest)) {
                assertTrue(same(snapshot, committing), () -> where + ": found " + snapshot + ", expected " + newest
                    + " or " + committing);
            }
            if (snapshot != null) {
                assertArrayEquals(Snapshots.content(snapshot.index()), Snapshots.contentOf(found, snapshot), where);
                assertTrue(found.firstIndex() <= snapshot.index() + 1, where);
                assertEquals(snapshot.term(), found.termAt(Math.max(snapshot.index(), found.firstIndex() - 1)), where);
            } else {
                assertEquals(1, found.firstIndex(), where);
            }
            if (same(snapshot, installing)) {
                assertEquals(snapshot.index() + 1, found.firstIndex(), where);
                assertEquals(snapshot.index(), found.lastIndex(), where);
            } else {
                checkLog(found, where);
            }
            return adopted(found);
        }

        private void checkLog(FileLogStore found, String where) throws IOException {
            assertTrue(found.firstIndex() > base, where);
            assertTrue(found.lastIndex() >= base + durable, () -> where + ": found " + found.lastIndex()
                + " entries, expected " + (base + durable) + " or more");
            for (long at = found.firstIndex(); at <= found.lastIndex(); at++) {
                assertEquals(possible.get((int) (at - base - 1)), found.read(at, at, 1).getFirst(), where);
            }
        }

        private Run adopted(FileLogStore found) throws IOException {
            Run next = new Run(random.nextLong());
            next.store = found;
            next.base = found.firstIndex() - 1;
            next.baseTerm = found.termAt(next.base);
            for (long at = found.firstIndex(); at <= found.lastIndex(); at++) {
                next.log.addAll(found.read(at, at, 1));
            }
            next.durable = next.log.size();
            next.term = Math.max(1, found.hardState().term().value());
            next.newest = found.snapshots().newest();
            return next;
        }
    }

    private static long operationsOf(long seed) throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        Run run = new Run(seed);
        run.open(disk);
        run.steps(STEPS);
        return disk.operations();
    }

    private static Run runUntil(SimulatedDisk disk, long seed) throws IOException {
        Run run = new Run(seed);
        try {
            run.open(disk);
            run.steps(STEPS);
        } catch (PowerLossException expected) {
            return run;
        }
        return disk.dead() ? run : fail("no crash in " + disk.operations() + " operations");
    }

    private static FileLogStore open(SimulatedDisk disk, String where) {
        try {
            return Stores.open(disk);
        } catch (IOException e) {
            return fail(where + ": " + e.getMessage(), e);
        }
    }

    @Test
    void the_runs_do_all_that_they_are_for() throws IOException {
        Set<String> done = new HashSet<>();
        for (long seed = 1; seed <= 8; seed++) {
            Run run = new Run(seed);
            run.open(Stores.newDisk());
            run.steps(STEPS);
            done.addAll(run.done);
        }
        assertEquals(Set.of("took", "gave one up", "released", "installed", "resumed"), done);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void a_power_failure_at_any_operation_leaves_a_whole_snapshot_and_the_log_after_it(long seed) throws IOException {
        long operations = operationsOf(seed);
        for (long at = 1; at <= operations; at++) {
            SimulatedDisk disk = Stores.newDisk().crashAt(at);
            Run run = runUntil(disk, seed);
            for (int variant = 0; variant < 3; variant++) {
                Random random = new Random(seed * 1_000_003 + at * 31 + variant);
                String where = "seed " + seed + ", operation " + at + ", variant " + variant;
                SimulatedDisk left = disk.afterPowerLoss(random);
                crashInRecovery(run, left.afterKill(), random, where);
                Run next = run.check(open(left, where), where);
                next.steps(4);
                next.check(open(left.afterPowerLoss(random), where + ", again"), where + ", again").store.close();
            }
        }
    }

    /** Recovery writes too, and may be interrupted anywhere, by a loss of power or by the death of the process. */
    private static void crashInRecovery(Run run, SimulatedDisk disk, Random random, String where) throws IOException {
        boolean killed = random.nextBoolean();
        String then = where + (killed ? ", killed in recovery" : ", power lost in recovery");
        disk.crashAt(1 + random.nextInt(16));
        SimulatedDisk left = disk;
        FileLogStore found;
        try {
            found = Stores.open(disk);
            assertFalse(disk.dead(), then);
            disk.crashAt(Long.MAX_VALUE);
        } catch (PowerLossException expected) {
            left = killed ? disk.afterKill() : disk.afterPowerLoss(random);
            found = open(left, then);
        }
        Run next = run.check(found, then);
        if (!left.dead()) {
            String later = then + ", then power lost";
            next.check(open(left.afterPowerLoss(random), later), later);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void the_death_of_the_process_at_any_operation_leaves_a_whole_snapshot_too(long seed) throws IOException {
        long operations = operationsOf(seed);
        for (long at = 1; at <= operations; at++) {
            SimulatedDisk disk = Stores.newDisk().crashAt(at);
            Run run = runUntil(disk, seed);
            String where = "seed " + seed + ", operation " + at + ", killed";
            SimulatedDisk alive = disk.afterKill();
            Run next = run.check(open(alive, where), where);
            next.check(open(alive.afterPowerLoss(new Random(seed + at)), where + ", then power lost"), where);
            next.steps(4);
        }
    }

    /** The kernel reports the failure once; what it has in memory is not what is on the disk. */
    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void nothing_is_built_on_a_failed_fsync(long seed) throws IOException {
        long operations = operationsOf(seed);
        for (long at = 1; at <= operations; at++) {
            SimulatedDisk disk = Stores.newDisk().failForceAt(at);
            Run run = new Run(seed);
            try {
                run.open(disk);
                run.steps(STEPS);
            } catch (IOException e) {
                assertTrue(e.toString().contains("Input/output error"), e.toString());
            }
            String where = "seed " + seed + ", failed fsync " + at;
            SimulatedDisk restarted = disk.afterKill();
            Run next = run.check(open(restarted, where), where);
            next.check(open(restarted.afterPowerLoss(new Random(seed + at)), where + ", then power lost"), where);
        }
    }
}
