package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A damaged snapshot is never restored and never sent; a full disk costs nothing that is there. */
final class SnapshotDamageTest {

    private static final int ENTRIES = 60;

    private final SimulatedDisk disk = Stores.newDisk();
    private FileLogStore store;
    private SnapshotMeta older;
    private SnapshotMeta newer;

    @BeforeEach
    void fill() throws IOException {
        store = Stores.open(disk);
        store.saveHardState(Stores.state(2, null));
        for (int i = 1; i <= ENTRIES; i++) {
            store.append(Stores.entries(2, i, 1, 60));
        }
        store.sync();
        older = Snapshots.take(store, 20, 2);
        newer = Snapshots.take(store, 50, 2);
    }

    private static Path pathOf(SnapshotMeta meta) {
        return Snapshots.DIRECTORY.resolve(FileSnapshotStore.nameOf(meta.index(), meta.term(), meta.id(), ".snap"));
    }

    private static StorageRefusedException refused(SimulatedDisk disk) {
        StorageRefusedException refusal = assertThrows(StorageRefusedException.class, () -> Stores.open(disk));
        assertEquals(Reason.DAMAGED, refusal.reason());
        return refusal;
    }

    @Test
    void no_flipped_bit_of_a_snapshot_is_restored_or_sent() {
        for (int at = 0; at < newer.bytes(); at++) {
            disk.flipBit(pathOf(newer), at, at % 8);
            assertThrows(IOException.class, () -> Snapshots.contentOf(store, newer), "read though damaged at " + at);
            if (at < newer.bytes() - 4) { // The checksum of all is what the receiver checks.
                assertThrows(IOException.class, () -> Snapshots.pieces(store.snapshots(), newer, 77), "sent at " + at);
            }
            disk.flipBit(pathOf(newer), at, at % 8);
        }
    }

    /** A disk may write the right bytes to the wrong place. */
    @Test
    void a_chunk_at_the_place_of_another_is_damaged() {
        byte[] file = disk.content(pathOf(newer));
        int stride = Stores.SNAPSHOT_CHUNK_BYTES + SnapshotFormat.CHUNK_HEAD_BYTES;
        int first = SnapshotFormat.headBytes(Stores.BOOTSTRAP);
        System.arraycopy(file, first, file, first + stride, stride);
        assertThrows(IOException.class, () -> Snapshots.pieces(store.snapshots(), newer, 77));
        byte[] other = disk.content(pathOf(older));
        System.arraycopy(other, first + stride, file, first + stride, stride);
        assertThrows(IOException.class, () -> Snapshots.pieces(store.snapshots(), newer, 77));
    }

    @Test
    void a_bit_that_flips_while_it_is_read_is_noticed() throws IOException {
        long before = disk.reads();
        Snapshots.contentOf(store, newer);
        long after = disk.reads();
        for (long read = 1; read <= after - before; read++) {
            disk.flipBitAtRead(disk.reads() + read);
            assertThrows(IOException.class, () -> Snapshots.contentOf(store, newer), "read " + read);
        }
        assertArrayEquals(Snapshots.content(50), Snapshots.contentOf(store, newer));
    }

    @Test
    void a_node_falls_back_to_the_older_snapshot_while_the_log_goes_on_from_there() throws IOException {
        store.releaseUntil(20);
        List<LogEntry> log = store.read(21, ENTRIES, 1 << 20);
        store.close();
        for (int at = 0; at < newer.bytes(); at += 3) {
            SimulatedDisk damaged = disk.afterKill();
            damaged.flipBit(pathOf(newer), at, at % 8);
            try (FileLogStore found = Stores.open(damaged)) {
                assertEquals(Optional.of(older), found.snapshots().newest());
                assertArrayEquals(Snapshots.content(20), Snapshots.contentOf(found, older));
                assertEquals(log.getFirst(), found.read(21, 21, 1).getFirst());
                assertEquals(1, found.report().repairs().size());
                assertTrue(found.report().repairs().getFirst().contains(pathOf(newer).toString()),
                    found.report().repairs().toString());
                SnapshotMeta next = Snapshots.take(found, 55, 2);
                assertEquals(List.of(older, next), found.snapshots().list());
                assertEquals(2, damaged.list(Snapshots.DIRECTORY).size(), "the damaged one is not cleared away");
            }
        }
    }

    @Test
    void without_the_log_from_there_a_node_with_a_damaged_snapshot_refuses() throws IOException {
        store.releaseUntil(50);
        assertTrue(store.firstIndex() > 21);
        store.close();
        for (int at = 0; at < newer.bytes(); at++) {
            SimulatedDisk damaged = disk.afterKill();
            damaged.flipBit(pathOf(newer), at, at % 8);
            StorageRefusedException refusal = refused(damaged);
            assertTrue(refusal.getMessage().contains(pathOf(newer) + " at offset "), refusal.getMessage());
            assertTrue(refusal.getMessage().contains("found") && refusal.getMessage().contains("expected"),
                refusal.getMessage());
            assertEquals(disk.afterKill().files(), damaged.files(), "nothing is changed");
        }
        disk.delete(pathOf(newer));
        assertTrue(refused(disk.afterKill()).getMessage().contains("a snapshot of all up to entry "));
    }

    @Test
    void a_damaged_snapshot_that_was_received_is_not_passed_over() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        Snapshots.receive(store.snapshots(), leader.snapshots(), meta, 100);
        disk.flipBit(pathOf(meta), 300, 1);
        // Whether the log was replaced before the last stop or not: what it stood for may have been acknowledged.
        refused(disk.afterKill());
        store.resetTo(90, 2);
        refused(disk.afterKill());
    }

    @Test
    void a_snapshot_under_another_name_or_cut_short_is_damaged() throws IOException {
        store.releaseUntil(50);
        store.close();
        SimulatedDisk renamed = disk.afterKill();
        renamed.rename(pathOf(newer), pathOf(new SnapshotMeta(51, 2, 0, Stores.BOOTSTRAP, 1, 7)));
        refused(renamed);
        SimulatedDisk extended = disk.afterKill();
        try (Disk.File file = extended.open(pathOf(newer))) {
            file.write(Bytes.utf8("x").asByteBuffer(), newer.bytes());
        }
        refused(extended);
    }

    @Test
    void a_hard_state_older_than_the_snapshot_is_refused() throws IOException {
        SimulatedDisk other = Stores.newDisk();
        FileLogStore follower = Stores.open(other);
        follower.saveHardState(Stores.state(1, null));
        follower.append(Stores.entries(1, 1, 3, 10));
        follower.saveHardState(Stores.state(2, null));
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        Snapshots.receive(follower.snapshots(), leader.snapshots(), leader.snapshots().newest().orElseThrow(), 100);
        follower.close();
        for (String name : List.of(DataFiles.STATE_A, DataFiles.STATE_B)) {
            ByteBuffer slot = ByteBuffer.wrap(other.content(Stores.ROOT.resolve(name)));
            CRC32C crc = new CRC32C();
            crc.update(slot.putLong(24, 1).array(), 0, StateFile.SLOT_BYTES - Integer.BYTES);
            slot.putInt(StateFile.SLOT_BYTES - Integer.BYTES, (int) crc.getValue());
        }
        assertTrue(refused(other).getMessage().contains("older than the snapshot"));
    }

    @Test
    void a_directory_that_has_lost_version_and_state_is_not_made_anew_though_its_log_is_empty() throws IOException {
        for (boolean withBootstrap : new boolean[] {true, false}) {
            SimulatedDisk empty = Stores.newDisk();
            Stores.open(empty).close();
            empty.delete(Stores.ROOT.resolve(DataFiles.VERSION));
            empty.delete(Stores.ROOT.resolve(DataFiles.STATE_A));
            empty.delete(Stores.ROOT.resolve(DataFiles.STATE_B));
            if (!withBootstrap) {
                empty.delete(Stores.ROOT.resolve(DataFiles.BOOTSTRAP));
            }
            assertTrue(refused(empty.afterKill()).getMessage().contains("VERSION"));
        }
    }

    @Test
    void a_snapshot_that_finds_no_room_leaves_everything_as_it_was() throws IOException {
        long used = disk.usedBytes();
        long needed = newer.bytes();
        for (long room = 0; room < needed; room += 20) {
            disk.capacity(used + room);
            assertThrows(StorageFullException.class, () -> Snapshots.take(store, 55, 2));
            assertEquals(used, disk.usedBytes(), "something is left");
            assertEquals(Optional.of(newer), store.snapshots().newest());
        }
        store.saveHardState(Stores.state(3, "n3"));
        disk.capacity(Long.MAX_VALUE);
        SnapshotMeta taken = Snapshots.take(store, 55, 2);
        assertEquals(Optional.of(taken), Stores.open(disk.afterPowerLossKeepingUpTo(0)).snapshots().newest());
    }

    @Test
    void receiving_waits_for_room_and_goes_on_where_it_stood() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        disk.capacity(disk.usedBytes() + 100);
        StorageFullException full = assertThrows(StorageFullException.class, () -> store.snapshots().receive(meta));
        assertTrue(full.getMessage().contains("expected " + meta.bytes()), full.getMessage());
        disk.capacity(Long.MAX_VALUE);
        try (IncomingSnapshot incoming = store.snapshots().receive(meta)) {
            disk.capacity(disk.usedBytes() + 150);
            incoming.write(0, leader.snapshots().read(meta, 0, 100));
            assertThrows(StorageFullException.class,
                () -> incoming.write(100, leader.snapshots().read(meta, 100, 100)));
            assertEquals(100, incoming.received());
            disk.capacity(Long.MAX_VALUE);
            incoming.write(100, leader.snapshots().read(meta, 100, (int) meta.bytes()));
            incoming.commit();
        }
        assertArrayEquals(Snapshots.content(90), Snapshots.contentOf(store, meta));
    }

    @Test
    void a_log_that_finds_no_room_to_be_replaced_is_as_it_was() throws IOException {
        SimulatedDisk small = Stores.newDisk();
        FileLogStore follower = Stores.open(small);
        follower.saveHardState(Stores.state(2, null));
        follower.append(Stores.entries(2, 1, 1, 10));
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        Snapshots.receive(follower.snapshots(), leader.snapshots(), leader.snapshots().newest().orElseThrow(), 100);
        small.overwritesNeedRoom(true);
        small.capacity(small.usedBytes());
        assertThrows(StorageFullException.class, () -> follower.resetTo(90, 2));
        assertEquals(1, follower.lastIndex());
        small.noMoreFaults();
        follower.append(Stores.entries(2, 2, 1, 10));
        follower.sync();
        assertEquals(2, follower.lastIndex());
        follower.resetTo(90, 2);
        assertEquals(90, follower.lastIndex());
    }

    @Test
    void a_useless_log_makes_the_room_for_the_one_that_replaces_it() throws IOException {
        SimulatedDisk small = Stores.newDisk();
        FileLogStore follower = Stores.open(small);
        follower.saveHardState(Stores.state(2, null));
        follower.append(Stores.entries(2, 1, 1, 10));
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        Snapshots.receive(follower.snapshots(), leader.snapshots(), leader.snapshots().newest().orElseThrow(), 100);
        small.capacity(small.usedBytes());
        follower.resetTo(90, 2);
        assertEquals(90, follower.lastIndex());
        follower.append(Stores.entries(2, 91, 1, 10));
        follower.sync();
        assertEquals(91, Stores.open(small.afterPowerLossKeepingUpTo(0)).lastIndex());
    }

    @Test
    void when_another_takes_that_room_the_node_stops_and_a_restart_with_room_finishes_it() throws IOException {
        int stopped = 0;
        for (int at = 1; at <= 12; at++) {
            SimulatedDisk small = Stores.newDisk();
            FileLogStore follower = Stores.open(small);
            follower.saveHardState(Stores.state(2, null));
            follower.append(Stores.entries(2, 1, 1, 10));
            FileLogStore leader = Snapshots.leaderWith(90, 2);
            Snapshots.receive(follower.snapshots(), leader.snapshots(), leader.snapshots().newest().orElseThrow(), 100);
            small.fullAt(small.operations() + at, 5);
            try {
                follower.resetTo(90, 2);
            } catch (StorageFullException e) {
                assertEquals(1, follower.lastIndex(), "the intention found no room: the log is as it was");
                follower.append(Stores.entries(2, 2, 1, 10));
                follower.resetTo(90, 2);
            } catch (IOException e) {
                assertSame(e, assertThrows(IOException.class, follower::sync));
                stopped++;
            }
            assertEquals(90, Stores.open(small.afterKill().noMoreFaults()).lastIndex());
        }
        assertTrue(stopped >= 2, "the zeros of the new log and its head: " + stopped);
    }

    @Test
    void after_a_failed_write_or_fsync_a_snapshot_does_not_exist() throws IOException {
        long begin = disk.operations();
        Snapshots.take(store, 55, 2);
        long operations = disk.operations() - begin;
        for (long at = 1; at <= operations; at++) {
            for (boolean write : new boolean[] {true, false}) {
                SimulatedDisk failing = disk.afterKill();
                FileLogStore open = Stores.open(failing);
                SnapshotMeta before = open.snapshots().newest().orElseThrow();
                long next = failing.operations() + at;
                if (write) {
                    failing.failWriteAt(next);
                } else {
                    failing.failForceAt(next);
                }
                try {
                    Snapshots.take(open, 58, 2);
                } catch (IOException e) {
                    assertTrue(e.getMessage().contains("Input/output error"), e.toString());
                    assertEquals(Optional.of(before), open.snapshots().newest());
                    assertArrayEquals(Snapshots.content(55), Snapshots.contentOf(open, before));
                }
            }
        }
    }

    /** The kernel takes the pages of a failed fsync for clean: the next one would skip them, and report success. */
    @Test
    void a_transfer_that_goes_on_after_a_failed_fsync_reaches_the_disk() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        try (IncomingSnapshot incoming = store.snapshots().receive(meta)) {
            incoming.write(0, leader.snapshots().read(meta, 0, (int) meta.bytes()));
            disk.failNextForce();
            assertThrows(IOException.class, incoming::commit);
        }
        SimulatedDisk restarted = disk.afterKill();
        FileLogStore next = Stores.open(restarted);
        try (IncomingSnapshot incoming = next.snapshots().receive(meta)) {
            long there = incoming.received();
            assertTrue(there > 0, "it does not go on");
            incoming.write(there, leader.snapshots().read(meta, there, (int) meta.bytes()));
            incoming.commit();
        }
        FileLogStore found = Stores.open(restarted.afterPowerLossKeepingUpTo(0));
        assertEquals(Optional.of(meta), found.snapshots().newest());
        assertArrayEquals(Snapshots.content(90), Snapshots.contentOf(found, meta));
    }

    @Test
    void a_failed_release_or_reset_is_final() throws IOException {
        disk.failForceAt(disk.operations() + 2);
        IOException failure = assertThrows(IOException.class, () -> store.releaseUntil(50));
        assertSame(failure, assertThrows(IOException.class, () -> store.releaseUntil(50)));
        assertSame(failure, assertThrows(IOException.class, () -> store.resetTo(50, 2)));
        try (FileLogStore next = Stores.open(disk.afterKill())) {
            assertEquals(ENTRIES, next.lastIndex());
        }
    }
}
