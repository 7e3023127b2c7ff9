package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.storage.Disk;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Taking, sending, receiving and restoring snapshots, and the log behind them. */
final class SnapshotStoreTest {

    private static final int ENTRIES = 40;

    private final SimulatedDisk disk = Stores.newDisk();
    private FileLogStore store;

    @BeforeEach
    void fill() throws IOException {
        store = Stores.open(disk);
        store.saveHardState(Stores.state(2, null));
        for (int i = 1; i <= ENTRIES; i++) {
            store.append(Stores.entries(i < 20 ? 1 : 2, i, 1, 60));
        }
        store.sync();
    }

    private List<String> names(String suffix) {
        return disk.list(Snapshots.DIRECTORY).stream().filter(name -> name.endsWith(suffix)).toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 128, 1000})
    void what_was_written_is_what_is_restored(int bytes) throws IOException {
        byte[] content = Arrays.copyOf(new byte[] {1, 2, 3}, bytes);
        SnapshotMeta meta;
        try (SnapshotWriter writer = store.snapshots().begin(30, 2, 7, Stores.BOOTSTRAP)) {
            for (int i = 0; i < bytes; i++) {
                writer.write(content[i]);
            }
            meta = writer.commit();
        }
        assertEquals(new SnapshotMeta(30, 2, 7, Stores.BOOTSTRAP, meta.bytes(), meta.id()), meta);
        assertEquals(Optional.of(meta), store.snapshots().newest());
        assertArrayEquals(content, Snapshots.contentOf(store, meta));
        assertEquals(disk.content(Snapshots.DIRECTORY.resolve(names(".snap").getFirst())).length, meta.bytes());

        FileLogStore next = Stores.open(disk.afterPowerLossKeepingUpTo(0));
        assertEquals(Optional.of(meta), next.snapshots().newest());
        assertArrayEquals(content, Snapshots.contentOf(next, meta));
        assertEquals(ENTRIES, next.lastIndex());
    }

    @Test
    void what_has_arrived_in_part_is_deleted_once_the_log_has_the_entries() throws IOException {
        assertEquals(Long.MAX_VALUE, store.snapshots().deleteReceived(100), "there is not even a directory");
        FileLogStore leader = Snapshots.leaderWith(30, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        IncomingSnapshot incoming = store.snapshots().receive(meta);
        incoming.write(0, leader.snapshots().read(meta, 0, 300));
        assertThrows(IllegalStateException.class, () -> store.snapshots().deleteReceived(30));
        incoming.close();
        FileLogStore next = Stores.open(disk.afterKill());
        assertEquals(30, next.snapshots().deleteReceived(29));
        try (IncomingSnapshot again = next.snapshots().receive(meta)) {
            assertTrue(again.received() > 0, "it goes on where it was");
        }
        assertEquals(Long.MAX_VALUE, next.snapshots().deleteReceived(30));
        try (IncomingSnapshot anew = next.snapshots().receive(meta)) {
            assertEquals(0, anew.received());
        }
    }

    /** The node loop asks what there is; a slow disk must not hold it up. */
    @ParameterizedTest
    @ValueSource(strings = {"rename", "syncDirectory", "delete"})
    void nobody_who_only_asks_waits_for_the_disk(String stalling) throws Exception {
        Executor ownThread = task -> new Thread(task).start(); // The common pool may have a single one.
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        boolean[] stalls = new boolean[1];
        Disk slow = (Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(), new Class<?>[] {Disk.class},
            (proxy, method, arguments) -> {
                // The rename is of the temporary file; before that, what an earlier attempt has left of it is deleted.
                boolean before = stalling.equals("delete") && arguments[0].toString().endsWith(".tmp");
                if (stalls[0] && method.getName().equals(stalling) && !before) {
                    reached.countDown();
                    goOn.await();
                }
                try {
                    return method.invoke(disk, arguments);
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
            });
        store.close();
        store = Stores.open(slow);
        SnapshotMeta first = Snapshots.take(store, 10, 1);
        SnapshotMeta second = Snapshots.take(store, 20, 2);
        stalls[0] = true;
        CompletableFuture<SnapshotMeta> third = CompletableFuture.supplyAsync(() -> {
            try {
                return Snapshots.take(store, 30, 2);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, ownThread);
        assertTrue(reached.await(10, TimeUnit.SECONDS));
        List<SnapshotMeta> there = CompletableFuture.supplyAsync(() -> {
            assertTrue(store.snapshots().newest().isPresent());
            assertTrue(store.snapshots().hold(second).isPresent());
            return store.snapshots().list();
        }, ownThread).get(10, TimeUnit.SECONDS);
        assertTrue(there.contains(second), there.toString());
        assertFalse(third.isDone());
        stalls[0] = false;
        goOn.countDown();
        assertEquals(List.of(second, third.get(10, TimeUnit.SECONDS)), store.snapshots().list());
        assertEquals(Optional.empty(), store.snapshots().hold(first));
        assertEquals(2, names(".snap").size());
    }

    @Test
    void one_that_is_not_committed_is_none_and_leaves_nothing() throws IOException {
        try (SnapshotWriter writer = store.snapshots().begin(30, 2, 0, Stores.BOOTSTRAP)) {
            writer.write(Snapshots.content(30));
            assertThrows(IllegalStateException.class, () -> store.snapshots().begin(31, 2, 0, Stores.BOOTSTRAP));
            assertEquals(Optional.empty(), store.snapshots().newest());
        }
        assertEquals(List.of(), disk.list(Snapshots.DIRECTORY));
        Snapshots.take(store, 30, 2);
        SnapshotWriter left = store.snapshots().begin(31, 2, 0, Stores.BOOTSTRAP);
        left.write(Snapshots.content(31));
        FileLogStore next = Stores.open(disk.afterKill());
        assertEquals(30, next.snapshots().newest().orElseThrow().index());
    }

    @Test
    void a_snapshot_ahead_of_the_saved_term_is_a_mistake() throws IOException {
        try (SnapshotWriter writer = store.snapshots().begin(30, 3, 0, Stores.BOOTSTRAP)) {
            assertThrows(IllegalStateException.class, writer::commit);
        }
        FileLogStore leader = Snapshots.leaderWith(90, 3);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        assertThrows(IllegalStateException.class,
            () -> Snapshots.receive(store.snapshots(), leader.snapshots(), meta, 100));
        store.saveHardState(Stores.state(3, null));
        Snapshots.receive(store.snapshots(), leader.snapshots(), meta, 100);
        assertEquals(Optional.of(meta), store.snapshots().newest());
    }

    @Test
    void two_at_one_index_are_two() throws IOException {
        SnapshotMeta one = Snapshots.take(store, 30, 2);
        SnapshotMeta other = Snapshots.take(store, 30, 2);
        assertNotEquals(one, other);
        assertEquals(2, names(".snap").size());
        FileLogStore reopened = Stores.open(disk.afterKill());
        SnapshotMeta third = Snapshots.take(reopened, 30, 2);
        assertFalse(List.of(one.id(), other.id()).contains(third.id()), "a number was drawn again");
    }

    @Test
    void as_many_are_kept_as_is_said_and_those_that_are_held() throws IOException {
        SnapshotMeta first = Snapshots.take(store, 10, 1);
        Closeable hold = store.snapshots().hold(first).orElseThrow();
        Closeable again = store.snapshots().hold(first).orElseThrow();
        SnapshotMeta second = Snapshots.take(store, 20, 2);
        InputStream reading = store.snapshots().open(second);
        SnapshotMeta third = Snapshots.take(store, 30, 2);
        SnapshotMeta fourth = Snapshots.take(store, 40, 2);
        assertEquals(List.of(first, second, third, fourth), store.snapshots().list());
        hold.close();
        hold.close();
        assertEquals(first.bytes(), Snapshots.pieces(store.snapshots(), first, 50).stream()
            .mapToInt(Bytes::length).sum());
        again.close();
        assertEquals(List.of(second, third, fourth), store.snapshots().list());
        assertArrayEquals(Snapshots.content(20), reading.readAllBytes());
        reading.close();
        assertEquals(List.of(third, fourth), store.snapshots().list());
        assertEquals(2, names(".snap").size());
        assertEquals(Optional.empty(), store.snapshots().hold(first));
        assertThrows(IOException.class, () -> store.snapshots().open(first));
        assertThrows(IOException.class, () -> store.snapshots().read(first, 0, 10));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 100, 1000, 100_000})
    void what_is_sent_is_what_is_received(int pieceBytes) throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        try (IncomingSnapshot incoming = store.snapshots().receive(meta)) {
            for (Bytes piece : Snapshots.pieces(leader.snapshots(), meta, pieceBytes)) {
                long at = incoming.received();
                incoming.write(at, piece);
                incoming.write(at, piece); // As a repeated call does.
                assertEquals(at + piece.length(), incoming.received());
            }
            assertThrows(IllegalArgumentException.class, () -> incoming.write(meta.bytes() + 1, Bytes.empty()));
            assertThrows(IllegalArgumentException.class, () -> incoming.write(meta.bytes(), Bytes.utf8("x")));
            incoming.commit();
        }
        assertEquals(Optional.of(meta), store.snapshots().newest());
        assertArrayEquals(Snapshots.content(90), Snapshots.contentOf(store, meta));
        assertEquals(List.of(), names(".part"));
    }

    @Test
    void nothing_is_left_out() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        try (IncomingSnapshot incoming = store.snapshots().receive(meta)) {
            incoming.write(0, leader.snapshots().read(meta, 0, 10));
            assertThrows(IllegalArgumentException.class,
                () -> incoming.write(11, leader.snapshots().read(meta, 11, 10)));
            incoming.write(5, leader.snapshots().read(meta, 5, 10));
            assertEquals(15, incoming.received(), "what was there counts once");
            assertThrows(IllegalStateException.class, incoming::commit);
            assertThrows(IllegalStateException.class, () -> store.snapshots().receive(meta));
        }
        assertEquals(Optional.empty(), store.snapshots().newest());
    }

    @Test
    void a_transfer_goes_on_where_it_was_left_if_the_snapshot_is_the_same() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        try (IncomingSnapshot incoming = store.snapshots().receive(meta)) {
            incoming.write(0, leader.snapshots().read(meta, 0, 250));
        }
        try (IncomingSnapshot again = store.snapshots().receive(meta)) {
            assertEquals(250, again.received());
        }
        FileLogStore restarted = Stores.open(disk.afterKill());
        try (IncomingSnapshot again = restarted.snapshots().receive(meta)) {
            assertTrue(again.received() > 100 && again.received() <= 250, "found " + again.received());
        }
        Snapshots.receive(restarted.snapshots(), leader.snapshots(), meta, 60);
        assertArrayEquals(Snapshots.content(90), Snapshots.contentOf(restarted, meta));

        SnapshotMeta other = Snapshots.take(leader, 91, 2);
        try (IncomingSnapshot different = store.snapshots().receive(other)) {
            assertEquals(0, different.received());
            assertEquals(1, names(".part").size());
            different.abort();
        }
        assertEquals(List.of(), names(".part"));
    }

    @Test
    void what_is_not_the_announced_snapshot_is_rejected_and_received_anew() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        SnapshotMeta other = Snapshots.take(leader, 90, 2);
        for (int at = 0; at < meta.bytes(); at += 5) {
            IncomingSnapshot incoming = store.snapshots().receive(meta);
            byte[] whole = leader.snapshots().read(meta, 0, (int) meta.bytes()).toByteArray();
            whole[at] ^= 4;
            incoming.write(0, Bytes.wrap(whole));
            SnapshotRejectedException rejected =
                assertThrows(SnapshotRejectedException.class, incoming::commit, "at " + at);
            assertTrue(rejected.getMessage().contains("found"), rejected.getMessage());
            incoming.close();
        }
        IncomingSnapshot incoming = store.snapshots().receive(meta);
        incoming.write(0, leader.snapshots().read(other, 0, (int) other.bytes()));
        assertThrows(SnapshotRejectedException.class, incoming::commit);
        assertEquals(Optional.empty(), store.snapshots().newest());
        assertEquals(List.of(), disk.list(Snapshots.DIRECTORY));
        Snapshots.receive(store.snapshots(), leader.snapshots(), meta, 100);
        assertEquals(Optional.of(meta), store.snapshots().newest());
    }

    @Test
    void whole_segments_behind_a_snapshot_are_released_and_the_terms_stay_known() throws IOException {
        List<LogEntry> log = Stores.readAll(store);
        long used = disk.usedBytes();
        assertThrows(IllegalArgumentException.class, () -> store.releaseUntil(5));
        Snapshots.take(store, 30, 2);
        assertThrows(IllegalArgumentException.class, () -> store.releaseUntil(31));
        store.releaseUntil(30);
        long first = store.firstIndex();
        assertTrue(first > 20 && first <= 31, "found " + first);
        assertTrue(disk.usedBytes() < used);
        assertEquals(2, store.termAt(first - 1));
        assertThrows(IndexOutOfBoundsException.class, () -> store.termAt(first - 2));
        assertThrows(IndexOutOfBoundsException.class, () -> store.read(first - 1, 40, 100));
        assertEquals(log.get((int) first - 1), store.read(first, 40, 1).getFirst());
        store.releaseUntil(30);
        store.releaseUntil(first - 1);
        assertEquals(first, store.firstIndex());

        store.truncateFrom(first);
        store.append(Stores.entries(2, first, 3, 60));
        store.sync();
        store.close();
        FileLogStore next = Stores.open(disk.afterKill());
        assertEquals(first, next.firstIndex());
        assertEquals(first + 2, next.lastIndex());
        assertEquals(2, next.terms().termAt(first - 1));
        assertEquals(Stores.entries(2, first, 3, 60), next.read(first, first + 2, 1000));
    }

    @Test
    void configurations_that_a_snapshot_stands_for_go_with_their_entries() throws IOException {
        LogEntry early = configuration(41);
        LogEntry late = configuration(60);
        store.append(List.of(early));
        store.append(Stores.entries(2, 42, 18, 60));
        store.append(List.of(late));
        assertEquals(List.of(early, late), store.configurations());
        Snapshots.take(store, 58, 2);
        store.releaseUntil(58);
        assertEquals(List.of(late), store.configurations());
        assertEquals(List.of(late), reopened().configurations());
    }

    private static LogEntry configuration(long index) {
        return Stores.CODEC.encode(2, index, EntryType.CONFIGURATION, List.of(Stores.BOOTSTRAP.encode()));
    }

    private FileLogStore reopened() throws IOException {
        store.close();
        store = Stores.open(disk);
        return store;
    }

    @Test
    void a_snapshot_replaces_the_log() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(90, 2);
        SnapshotMeta meta = leader.snapshots().newest().orElseThrow();
        assertThrows(IllegalArgumentException.class, () -> store.resetTo(90, 2));
        Snapshots.receive(store.snapshots(), leader.snapshots(), meta, 100);
        assertThrows(IllegalArgumentException.class, () -> store.resetTo(90, 1));
        store.resetTo(90, 2);
        for (int i = 0; i < 2; i++) {
            assertEquals(91, store.firstIndex());
            assertEquals(90, store.lastIndex());
            assertEquals(2, store.termAt(90));
            assertTrue(store.terms().matches(90, 2));
            assertEquals(List.of(), store.configurations());
            assertThrows(IndexOutOfBoundsException.class, () -> store.read(90, 90, 100));
            reopened();
        }
        store.append(Stores.entries(2, 91, 5, 60));
        store.sync();
        assertEquals(Stores.entries(2, 91, 5, 60), reopened().read(91, 95, 10_000));
    }

    /** Raft figure 13, step 6: what follows the snapshot's last entry may have been acknowledged. */
    @Test
    void a_log_that_has_the_snapshots_entry_is_kept() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(30, 2);
        Snapshots.receive(store.snapshots(), leader.snapshots(), leader.snapshots().newest().orElseThrow(), 100);
        assertEquals(ENTRIES, reopened().lastIndex());
        assertEquals(1, store.firstIndex());
    }

    @Test
    void a_log_that_has_another_entry_there_is_replaced_when_the_node_starts_again() throws IOException {
        FileLogStore leader = Snapshots.leaderWith(15, 2);
        Snapshots.receive(store.snapshots(), leader.snapshots(), leader.snapshots().newest().orElseThrow(), 100);
        assertEquals(15, reopened().lastIndex());
        assertEquals(16, store.firstIndex());
        assertEquals(1, store.report().repairs().size());
    }

    @Test
    void terms_are_released_run_by_run() {
        for (long until = 0; until <= 6; until++) {
            TermIndex terms = new TermIndex();
            List<Long> expected = new ArrayList<>(List.of(0L, 1L, 1L, 3L, 3L, 3L, 7L));
            for (int i = 1; i < expected.size(); i++) {
                terms.append(i, expected.get(i));
            }
            terms.releaseUntil(until);
            assertEquals(until + 1, terms.firstIndex());
            assertEquals(7, terms.lastTerm());
            for (long i = until; i <= 6; i++) {
                assertEquals(expected.get((int) i), terms.termAt(i), until + ": " + i);
            }
            terms.append(7, 7);
            assertEquals(Math.max(until + 1, 6), terms.firstIndexOfTermAt(7));
            assertEquals(Math.min(7, until + 1), terms.firstIndexOfTermAt(Math.min(7, until + 1)), "at " + until);
        }
    }
}
