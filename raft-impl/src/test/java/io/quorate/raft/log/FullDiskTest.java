package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.StorageFullException;
import io.quorate.testing.disk.PowerLossException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A full disk rejects what has no room and loses nothing; any other failure is final. */
final class FullDiskTest {

    @Test
    void appends_fail_while_the_disk_is_full_and_go_on_when_there_is_room() throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(1, null));
        disk.capacity(disk.usedBytes() + 100);
        List<LogEntry> log = new ArrayList<>();
        StorageFullException full = null;
        while (full == null) {
            List<LogEntry> batch = Stores.entries(1, log.size() + 1, 2, 50);
            try {
                store.append(batch);
                log.addAll(batch);
            } catch (StorageFullException e) {
                full = e;
            }
            assertTrue(log.size() < 100, "never full");
        }
        assertTrue(full.getMessage().contains("bytes free"), full.getMessage());
        assertEquals(log.size(), store.lastIndex());
        assertThrows(StorageFullException.class, () -> store.append(Stores.entries(1, log.size() + 1, 9, 50)));
        store.sync();
        store.saveHardState(Stores.state(2, "n3"));
        assertEquals(log, Stores.readAll(store));

        disk.capacity(Long.MAX_VALUE);
        List<LogEntry> more = Stores.entries(2, log.size() + 1, 9, 50);
        store.append(more);
        store.sync();
        log.addAll(more);
        FileLogStore found = Stores.open(disk.afterPowerLossKeepingUpTo(0));
        assertEquals(log, Stores.readAll(found));
        assertEquals(Stores.state(2, "n3"), found.hardState());
    }

    @Test
    void a_smaller_segment_does_when_there_is_no_room_for_a_large_one() throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(1, null));
        disk.capacity(disk.usedBytes() + Stores.FIRST_SEGMENT_BYTES);
        for (int i = 0; i < 10; i++) {
            store.append(Stores.entries(1, i + 1, 1, 50));
        }
        assertEquals(10, Stores.readAll(store).size());
    }

    /** On a file system that never overwrites in place even prepared space can run full, in the middle of a write. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void what_a_failed_append_has_written_never_comes_back(long seed) throws IOException {
        Random random = new Random(seed);
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(1, null));
        List<LogEntry> log = Stores.entries(1, 1, 2, 30);
        store.append(log);
        store.sync();
        List<LogEntry> given = Stores.entries(1, 3, 3, 31);
        disk.fullAt(disk.operations() + 1, random.nextInt(220));
        assertThrows(StorageFullException.class, () -> store.append(given));
        for (int i = 0; i < 50; i++) {
            assertEquals(2, Stores.open(disk.afterPowerLoss(random)).lastIndex());
        }
        // The same index and term with other content, as a leader may do that has told the first caller "nothing
        // happened".
        List<LogEntry> other = Stores.entries(1, 3, 3, 12);
        store.append(other);
        for (int i = 0; i < 50; i++) {
            List<LogEntry> found = Stores.readAll(Stores.open(disk.afterPowerLoss(random)));
            for (LogEntry entry : found.subList(2, found.size())) {
                assertTrue(other.contains(entry), "found " + entry);
            }
        }
    }

    @Test
    void a_kill_while_an_append_is_taken_back_leaves_nothing_that_comes_and_goes() throws IOException {
        Random random = new Random(7);
        for (int operation = 1; operation <= 10; operation++) {
            SimulatedDisk disk = Stores.newDisk();
            FileLogStore store = Stores.open(disk);
            store.saveHardState(Stores.state(1, null));
            disk.fullAt(disk.operations() + 1, 150);
            disk.crashAt(disk.operations() + 1 + operation);
            assertThrows(PowerLossException.class, () -> {
                store.append(Stores.entries(1, 1, 3, 31));
                store.saveHardState(Stores.state(1, "n2"));
            });
            SimulatedDisk alive = disk.afterKill();
            List<LogEntry> found = Stores.readAll(Stores.open(alive));
            for (int i = 0; i < 20; i++) {
                assertEquals(found, Stores.readAll(Stores.open(alive.afterPowerLoss(random))));
            }
        }
    }

    @Test
    void a_failed_append_that_cannot_be_taken_back_is_final() throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(1, null));
        disk.overwritesNeedRoom(true).capacity(disk.usedBytes() + 100);
        IOException failure = assertThrows(IOException.class, () -> store.append(Stores.entries(1, 1, 3, 60)));
        assertFalse(failure instanceof StorageFullException);
        assertSame(failure, assertThrows(IOException.class, store::sync));
    }

    @Test
    void a_failed_write_is_final_and_nothing_before_it_is_lost() throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        store.saveHardState(Stores.state(1, null));
        store.append(Stores.entries(1, 1, 2, 30));
        store.sync();
        disk.failWriteAt(disk.operations() + 1);
        IOException failure = assertThrows(IOException.class, () -> store.append(Stores.entries(1, 3, 2, 30)));
        assertNotNull(failure.getCause());
        assertTrue(failure.getMessage().contains("restart the node"), failure.getMessage());
        assertSame(failure, assertThrows(IOException.class, () -> store.saveHardState(Stores.state(2, null))));
        assertSame(failure, assertThrows(IOException.class, () -> store.read(1, 1, 10)));
        store.close();
        assertTrue(Stores.open(disk).lastIndex() >= 2);
    }

    @Test
    void a_failed_fsync_of_the_vote_is_final() throws IOException {
        SimulatedDisk disk = Stores.newDisk();
        FileLogStore store = Stores.open(disk);
        disk.failForceAt(disk.operations() + 2);
        assertThrows(IOException.class, () -> store.saveHardState(Stores.state(1, "n2")));
        assertEquals(HardState.INITIAL, store.hardState());
        assertThrows(IOException.class, () -> store.saveHardState(Stores.state(1, "n3")));
    }
}
