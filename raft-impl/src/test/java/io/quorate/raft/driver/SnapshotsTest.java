package io.quorate.raft.driver;

import static io.quorate.raft.driver.FileCluster.MILLI;
import static io.quorate.raft.driver.FileCluster.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.raft.core.Message;
import io.quorate.raft.core.MessageCodec;
import io.quorate.raft.core.RaftLimits;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Snapshots from end to end: real files on a disk that forgets, real consensus, a host that counts. */
class SnapshotsTest {

    private static final Map<String, String> SMALL = Map.of("snapshot-entries", "50",
        "log-entries-behind-snapshot", "10", "first-segment-bytes", "4096", "max-segment-bytes", "4096");

    private static final NodeId N3 = new NodeId("n3");

    @Test
    void aNodeTakesSnapshotsReleasesItsLogAndStartsFromThemAgain() {
        FileCluster cluster = new FileCluster(1, 1, 100, SMALL).startAll();
        FileCluster.Node node = cluster.awaitLeader();
        cluster.write(500);
        cluster.world.runFor(SECOND);
        int taken = node.traced(ConsensusTrace.SnapshotDurable.class).size();
        assertTrue(taken >= 5 && taken <= 10, taken + " snapshots of 500 entries, one each 50 or a few more");
        long released = node.traced(ConsensusTrace.Compacted.class).getLast().index();
        long newest = node.traced(ConsensusTrace.SnapshotDurable.class).getLast().index();
        assertTrue(released >= 300 && released <= newest - 10, "released up to " + released + " of " + newest);
        assertTrue(node.disk.usedBytes() < 500 * 96, "the log of 500 entries is gone: " + node.disk.usedBytes());
        long hash = node.hash;

        FileCluster.Node again = cluster.restart(node, new Random(5));
        assertTrue(cluster.world.runUntil(() -> again.applied >= node.applied, 10 * SECOND));
        assertEquals(1, again.restores);
        assertEquals(newest, again.traced(ConsensusTrace.Started.class).getFirst().snapshotIndex());
        cluster.write(10);
        assertTrue(again.applied > node.applied);
        assertEquals(hash, node.hash);
    }

    @Test
    void manyBytesAreAReasonForASnapshotToo() {
        FileCluster cluster = new FileCluster(1, 1, 100, Map.of("snapshot-log-bytes", "20000")).startAll();
        FileCluster.Node node = cluster.awaitLeader();
        cluster.write(150);
        cluster.world.runFor(SECOND);
        assertEquals(0, node.traced(ConsensusTrace.SnapshotDurable.class).size());
        cluster.write(100);
        cluster.world.runFor(SECOND);
        assertEquals(1, node.traced(ConsensusTrace.SnapshotDurable.class).size());
        assertEquals(0, node.openStates);
    }

    @Test
    void aNodeFarBehindCatchesUpWhileWritesGoOnAndItsCallsAreCut() {
        FileCluster cluster = new FileCluster(3, 3, 3_000_000, Map.of("snapshot-entries", "200",
            "log-entries-behind-snapshot", "10", "first-segment-bytes", "4096", "max-segment-bytes", "4096"))
            .startAll();
        cluster.awaitLeader();
        FileCluster.Node n3 = cluster.nodes.get(N3);
        cluster.stop(n3);
        cluster.write(900);
        // Each third piece is lost, whichever way.
        int[] pieces = new int[1];
        cluster.cut = (to, type) -> type == RpcType.INSTALL_SNAPSHOT && ++pieces[0] % 3 == 0;
        FileCluster.Node behind = cluster.start(N3, n3.disk.afterPowerLoss(new Random(1)));
        long before = cluster.leader().applied;
        for (int i = 0; behind.restores == 0 && i < 200; i++) {
            cluster.write(5);
            cluster.world.runFor(20 * MILLI);
        }
        assertEquals(1, behind.restores, "a snapshot was installed");
        assertTrue(cluster.leader().applied > before, "writes went on");
        cluster.cut = (to, type) -> false;
        assertTrue(cluster.world.runUntil(cluster::allAlike, 20 * SECOND));
        assertTrue(cluster.installBytes < 6_500_000, "what had arrived was not sent again and again: "
            + cluster.installBytes);
        assertEquals(1, cluster.mostInstallsUnderWay);
        assertTrue(cluster.largestInstall < RaftLimits.CHUNK_BYTES + 1_000);
        assertTrue(behind.traced(ConsensusTrace.SnapshotDurable.class).getFirst().installed());
        cluster.write(450);
        cluster.world.runFor(SECOND);
        for (FileCluster.Node node : cluster.nodes.values()) {
            assertEquals(2, node.disk.files().stream().filter(file -> file.toString().endsWith(".snap")).count(),
                "nothing holds an old one any more at " + node.id);
        }
    }

    @Test
    void aTransferGoesOnAfterTheReceiverWasKilled() {
        FileCluster cluster = new FileCluster(4, 3, 4_000_000, SMALL).startAll();
        cluster.awaitLeader();
        FileCluster.Node n3 = cluster.nodes.get(N3);
        cluster.stop(n3);
        cluster.write(300);
        FileCluster.Node behind = cluster.start(N3, n3.disk.afterPowerLoss(new Random(1)));
        assertTrue(cluster.world.runUntil(() -> cluster.installBytes > 2_500_000, 10 * SECOND));
        assertEquals(0, behind.restores);
        cluster.stop(behind);
        FileCluster.Node again = cluster.start(N3, behind.disk.afterKill());
        assertTrue(cluster.world.runUntil(() -> again.restores == 1, 30 * SECOND));
        assertTrue(cluster.installBytes < 5_500_000, "found " + cluster.installBytes + " bytes for 4,000,000");
        assertTrue(cluster.world.runUntil(cluster::allAlike, 10 * SECOND));
    }

    /** Of a leader that had released the entries came a part, of the next one, which has them, all of them. */
    @Test
    void whatHasArrivedOfASnapshotGoesWhenTheLogBringsItsEntries() {
        FileCluster cluster = new FileCluster(5, 3, 100, SMALL);
        FileCluster.Node node = cluster.start(N3, new SimulatedDisk(Path.of("/data")));
        EntryCodec entries = new EntryCodec(new ClusterId("files"));
        SnapshotMeta meta = new SnapshotMeta(5, 1, 0, cluster.membership, 1_000, 7);
        serve(node, RpcType.INSTALL_SNAPSHOT, new MessageCodec(entries).encode(
            new Message.InstallSnapshot(1, meta, 0, Bytes.utf8("the beginning"))));
        assertTrue(cluster.world.runUntil(() -> parts(node) == 1, SECOND));
        List<LogEntry> log = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            log.add(entries.encode(1, i, EntryType.COMMANDS, List.of(Bytes.utf8("c"))));
        }
        serve(node, RpcType.APPEND_ENTRIES, new MessageCodec(entries).encode(
            new Message.Append(2, 0, 0, 4, log)));
        assertTrue(cluster.world.runUntil(() -> node.applied == 4, SECOND));
        cluster.world.runFor(100 * MILLI);
        assertEquals(1, parts(node), "the last of its entries is not committed yet");
        serve(node, RpcType.APPEND_ENTRIES, new MessageCodec(entries).encode(
            new Message.Append(2, 5, 1, 5, List.of())));
        assertTrue(cluster.world.runUntil(() -> parts(node) == 0, SECOND));
        assertEquals(List.of(), node.failures);

        // The same, found by the next process.
        cluster.stop(node);
        SimulatedDisk disk = node.disk.afterKill();
        plant(disk, 5);
        plant(disk, 6);
        FileCluster.Node again = cluster.start(N3, disk);
        serve(again, RpcType.APPEND_ENTRIES, new MessageCodec(entries).encode(
            new Message.Append(2, 5, 1, 5, List.of())));
        assertTrue(cluster.world.runUntil(() -> parts(again) == 1, SECOND));
        assertEquals(5, again.applied);
    }

    private static void serve(FileCluster.Node node, RpcType type, List<Bytes> request) {
        BytesWriter whole = new BytesWriter(1_024);
        request.forEach(whole::raw);
        node.loop.execute(() -> node.consensus.serve(new NodeId("n1"), type, whole.toBytes(), new RpcResponder() {
            @Override
            public void respond(List<Bytes> response) {
                // What it becomes is seen on the disk.
            }

            @Override
            public void fail(RpcError error) {
                throw new AssertionError(error.toString());
            }
        }));
    }

    private static long parts(FileCluster.Node node) {
        return node.disk.files().stream().filter(file -> file.toString().endsWith(".part")).count();
    }

    private static void plant(SimulatedDisk disk, long index) {
        try {
            disk.create(Path.of("/data/snapshots", String.format("%020d-%020d-%016x.part", index, 1, 9))).close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void powerThatFailsAtAnyOperationOfTakingCostsNothingThatWasAcknowledged() {
        long operations = takeAndFailAt(Long.MAX_VALUE);
        assertTrue(operations > 40, operations + " operations");
        for (long at = 1; at <= operations; at++) {
            takeAndFailAt(at);
        }
    }

    private static long takeAndFailAt(long operation) {
        FileCluster cluster = new FileCluster(9, 1, 20_000, Map.of("snapshot-entries", "30", "snapshots-kept", "1",
            "log-entries-behind-snapshot", "5", "first-segment-bytes", "4096", "max-segment-bytes", "4096"))
            .startAll();
        FileCluster.Node node = cluster.awaitLeader();
        long start = node.disk.operations();
        node.disk.crashAt(operation == Long.MAX_VALUE ? operation : start + operation);
        for (int i = 0; i < 8 && !node.disk.dead(); i++) {
            FileCluster.Node writer = node;
            writer.loop.execute(() -> {
                for (int j = 0; j < 10; j++) {
                    writer.consensus.propose(EntryType.COMMANDS,
                        List.of(Bytes.utf8("command ".repeat(12))));
                }
            });
            cluster.world.runFor(20 * MILLI);
        }
        cluster.world.runFor(100 * MILLI);
        long used = node.disk.operations() - start;
        long acknowledged = node.applied;
        assertTrue(operation == Long.MAX_VALUE || node.disk.dead());
        FileCluster.Node again = cluster.restart(node, new Random(operation));
        assertTrue(cluster.world.runUntil(() -> again.applied >= acknowledged
            && again.applied == again.consensus.status().commitIndex().value()
            && cluster.leader() == again, 20 * SECOND), "operation " + operation);
        cluster.write(40);
        assertTrue(again.failures.isEmpty());
        return used;
    }

    @Test
    void powerThatFailsAtAnyOperationOfInstallingLeavesTheOldStateOrTheNewOne() {
        long operations = installAndFailAt(Long.MAX_VALUE);
        assertTrue(operations > 20, operations + " operations");
        for (long at = 1; at <= operations; at++) {
            installAndFailAt(at);
        }
    }

    private static long installAndFailAt(long operation) {
        FileCluster cluster = new FileCluster(10, 3, 600_000, SMALL).startAll();
        cluster.awaitLeader();
        FileCluster.Node n3 = cluster.nodes.get(N3);
        cluster.write(5);
        cluster.world.runFor(SECOND / 2);
        cluster.stop(n3);
        cluster.write(150);
        FileCluster.Node behind = cluster.start(N3, n3.disk.afterPowerLoss(new Random(1)));
        long start = behind.disk.operations();
        behind.disk.crashAt(operation == Long.MAX_VALUE ? operation : start + operation);
        cluster.world.runUntil(() -> behind.disk.dead() || behind.restores == 1 && cluster.allAlike(), 10 * SECOND);
        long used = behind.disk.operations() - start;
        if (behind.disk.dead()) {
            FileCluster.Node again = cluster.restart(behind, new Random(operation));
            assertTrue(cluster.world.runUntil(cluster::allAlike, 20 * SECOND), "operation " + operation);
            assertTrue(again.failures.isEmpty());
        } else {
            assertEquals(Long.MAX_VALUE, operation);
            assertEquals(1, behind.restores);
        }
        return used;
    }

    @Test
    void aDamagedSnapshotOfAnIdleLeaderIsReplacedAndAFollowerGetsTheNewOne() {
        FileCluster cluster = new FileCluster(13, 3, 100_000, SMALL).startAll();
        cluster.awaitLeader();
        cluster.world.runFor(SECOND); // All stores are recorded: nothing is written of itself any more.
        FileCluster.Node n3 = cluster.nodes.get(N3);
        cluster.stop(n3);
        FileCluster.Node leader = cluster.awaitLeader();
        cluster.write(150);
        // So that nothing is behind the newest one.
        for (int i = 0; i < 60 && leader.applied
            != leader.traced(ConsensusTrace.SnapshotDurable.class).getLast().index(); i++) {
            cluster.write(1);
            cluster.world.runFor(100 * MILLI);
        }
        Path newest = leader.disk.files().stream().filter(file -> file.toString().endsWith(".snap"))
            .max(Comparator.naturalOrder()).orElseThrow();
        leader.disk.flipBit(newest, 50_000, 3);
        FileCluster.Node behind = cluster.start(N3, n3.disk.afterPowerLoss(new Random(1)));
        assertTrue(cluster.world.runUntil(() -> behind.restores == 1 && cluster.allAlike(), 10 * SECOND));
        assertTrue(cluster.installCalls < 60, cluster.installCalls + " calls");
    }

    @Test
    void aSnapshotWhoseCompletionFindsNoRoomIsCompletedLaterAndNotSentAgain() {
        FileCluster cluster = new FileCluster(12, 3, 600_000, SMALL).startAll();
        cluster.awaitLeader();
        FileCluster.Node n3 = cluster.nodes.get(N3);
        cluster.stop(n3);
        cluster.write(150);
        FileCluster.Node behind = cluster.start(N3, n3.disk.afterPowerLoss(new Random(1)));
        behind.disk.fullAtForceOf(".part");
        assertTrue(cluster.world.runUntil(() -> behind.restores == 1 && cluster.allAlike(), 10 * SECOND));
        assertTrue(behind.failures.isEmpty());
        assertTrue(cluster.installBytes < 700_000, "found " + cluster.installBytes + " bytes for 600,000");
    }

    @Test
    void aSnapshotThatFindsNoRoomIsTakenLaterAndTheNodeGoesOn() {
        FileCluster cluster = new FileCluster(11, 1, 300_000, SMALL).startAll();
        FileCluster.Node node = cluster.awaitLeader();
        node.disk.capacity(node.disk.usedBytes() + 100_000);
        cluster.write(100);
        assertTrue(node.freezes >= 1);
        assertEquals(0, node.traced(ConsensusTrace.SnapshotDurable.class).size());
        assertEquals(0, node.openStates, "what was frozen is let go");
        long applied = node.applied;
        cluster.write(20);
        assertTrue(node.applied >= applied + 20);
        assertTrue(node.freezes < 5, "it is not tried all the time");
        node.disk.noMoreFaults();
        assertTrue(cluster.world.runUntil(() -> !node.traced(ConsensusTrace.SnapshotDurable.class).isEmpty(),
            30 * SECOND));
        assertTrue(node.failures.isEmpty());
    }
}
