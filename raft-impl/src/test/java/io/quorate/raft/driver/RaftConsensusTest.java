package io.quorate.raft.driver;

import static io.quorate.raft.driver.VirtualCluster.MILLI;
import static io.quorate.raft.driver.VirtualCluster.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.raft.core.Message;
import io.quorate.raft.core.MessageCodec;
import io.quorate.raft.log.EntryCodec;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.Consensus.ReadIndexResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** The driver, whole: loop, storage, calls and host, all in virtual time. */
class RaftConsensusTest {

    private static boolean allHave(VirtualCluster cluster, List<String> commands) {
        return cluster.nodes.values().stream().allMatch(node -> node.commands().equals(commands));
    }

    @Test
    void threeNodesElectALeaderAndHandOverTheSameEntriesInOrder() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        List<String> commands = IntStream.range(0, 20).mapToObj(i -> "c" + i).toList();
        for (String command : commands) {
            assertInstanceOf(ProposalResult.Accepted.class, leader.propose(command));
        }
        assertTrue(cluster.world.runUntil(() -> allHave(cluster, commands), SECOND));
        assertEquals(EntryType.NO_OP, leader.committed.getFirst().type());
        assertEquals(1, cluster.nodes.values().stream()
            .filter(n -> n.consensus.status().role() == ConsensusStatus.Role.LEADER).count());
        for (VirtualCluster.Node node : cluster.nodes.values()) {
            assertEquals(Optional.of(leader.id), node.consensus.status().leader());
            assertEquals(node.consensus.status(), withIndexesOf(node, node.statuses.getLast()),
                "what the host was told last");
        }
    }

    /** Status changes are not reported for indexes alone. */
    private static ConsensusStatus withIndexesOf(VirtualCluster.Node node, ConsensusStatus status) {
        ConsensusStatus now = node.consensus.status();
        return new ConsensusStatus(status.role(), status.term(), status.leader(), now.commitIndex(), now.lastIndex(),
            status.ready(), status.membership());
    }

    @Test
    void proposalsOfOneTurnAreOneWriteAndOneSync() {
        VirtualCluster cluster = new VirtualCluster(1);
        VirtualCluster.Node node = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        int before = node.store.operations().size();
        node.loop.execute(() -> {
            for (int i = 0; i < 50; i++) {
                node.consensus.propose(EntryType.COMMANDS, List.of(Bytes.utf8("c" + i)));
            }
        });
        cluster.world.runFor(100 * MILLI);
        assertEquals(List.of("append 50", "sync"), node.store.operations().subList(before, before + 2));
        assertEquals(before + 2, node.store.operations().size());
        assertEquals(50, node.commands().size());
    }

    @Test
    void whatAHookProposesAfterOursHasRunIsNotForgotten() {
        VirtualCluster cluster = new VirtualCluster(1);
        VirtualCluster.Node node = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        boolean[] once = new boolean[1];
        node.loop.onTurnEnd(() -> {
            if (!once[0]) {
                once[0] = true;
                node.consensus.propose(EntryType.COMMANDS, List.of(Bytes.utf8("late")));
            }
        });
        node.loop.execute(() -> { });
        cluster.world.runFor(5 * MILLI);
        assertEquals(List.of("late"), node.commands());
    }

    @Test
    void aKilledLeaderIsReplacedWithinAFewHundredMillisecondsAndNothingAcknowledgedIsLost() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        leader.propose("before");
        assertTrue(cluster.world.runUntil(() -> leader.commands().contains("before"), SECOND));
        cluster.kill(leader);
        long killed = cluster.world.clock().nanoTime();
        VirtualCluster.Node next = cluster.awaitLeader();
        long took = cluster.world.clock().nanoTime() - killed;
        assertTrue(took < 400 * MILLI, "took " + took / MILLI + " ms");
        next.propose("after");
        assertTrue(cluster.world.runUntil(() -> allHave(cluster, List.of("before", "after")), SECOND));

        VirtualCluster.Node restarted = cluster.restart(leader);
        assertTrue(cluster.world.runUntil(() -> restarted.commands().equals(List.of("before", "after")), SECOND));
        assertEquals(1, cluster.nodes.values().stream()
            .filter(n -> n.consensus.status().role() == ConsensusStatus.Role.LEADER).count());
    }

    @Test
    void aRestartedNodeReadsCommittedEntriesFromItsLogOffTheLoop() {
        VirtualCluster cluster = new VirtualCluster(1);
        VirtualCluster.Node node = cluster.awaitLeader();
        String large = "x".repeat(300_000);
        for (int i = 0; i < 10; i++) {
            node.propose(i + large);
        }
        assertTrue(cluster.world.runUntil(() -> node.commands().size() == 10, SECOND));
        cluster.kill(node);
        VirtualCluster.Node restarted = cluster.restart(node);
        assertTrue(cluster.world.runUntil(() -> restarted.commands().size() == 10, 3 * SECOND));
        assertEquals(node.commands(), restarted.commands());
        List<String> reads = restarted.store.operations().stream().filter(o -> o.startsWith("read")).toList();
        assertTrue(reads.size() > 2 && reads.getFirst().startsWith("read 1.."), "in pieces, from the first: " + reads);
        assertTrue(restarted.mostOutstanding <= Consensus.MAX_UNAPPLIED_BATCHES);
    }

    @Test
    void aSlowHostHoldsBackWhatItIsHanded() {
        VirtualCluster cluster = new VirtualCluster(1);
        VirtualCluster.Node node = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        node.holdBatches = true;
        for (int i = 0; i < 10; i++) {
            node.propose("c" + i);
            cluster.world.runFor(10 * MILLI);
        }
        assertEquals(2, node.commands().size());
        node.holdBatches = false;
        node.held.removeFirst().run();
        cluster.world.runFor(50 * MILLI);
        node.held.forEach(Runnable::run);
        cluster.world.runFor(50 * MILLI);
        assertEquals(10, node.commands().size());
        assertEquals(2, node.mostOutstanding);
    }

    @Test
    void linearizableReadsWorkOnEveryNode() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        leader.propose("c");
        assertTrue(cluster.world.runUntil(() -> leader.commands().size() == 1, SECOND));
        for (VirtualCluster.Node node : cluster.nodes.values()) {
            List<ReadIndexResult> answers = new ArrayList<>();
            long asked = cluster.world.clock().nanoTime();
            node.loop.execute(() -> {
                node.consensus.readIndex(answers::add);
                node.consensus.readIndex(answers::add);
            });
            assertTrue(cluster.world.runUntil(() -> answers.size() == 2, SECOND));
            assertTrue(((ReadIndexResult.At) answers.getFirst()).index().value() >= 2);
            assertTrue(cluster.world.clock().nanoTime() - asked < 10 * MILLI, "it waited for a heartbeat");
        }
    }

    // Failures

    @Test
    void afterAFailedFsyncTheNodeStopsAndAcknowledgesNothing() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        VirtualCluster.Node victim =
            cluster.nodes.values().stream().filter(n -> n != leader).findFirst().orElseThrow();
        VirtualCluster.Node other = cluster.nodes.values().stream().filter(n -> n != leader && n != victim)
            .findFirst().orElseThrow();
        victim.store.failSync();
        cluster.kill(other);
        leader.propose("never durable on a majority");
        cluster.world.runFor(900 * MILLI);
        assertEquals(1, victim.failures.size());
        assertTrue(victim.failures.getFirst().contains("fsync failed"), victim.failures.getFirst());
        assertEquals(List.of(), leader.commands());
        assertEquals(ConsensusStatus.Role.STOPPED, victim.consensus.status().role());
        List<RpcError> refusals = new ArrayList<>();
        victim.consensus.serve(leader.id, RpcType.PRE_VOTE, Bytes.empty(), responder(refusals));
        assertEquals(RpcError.Code.UNAVAILABLE, refusals.getFirst().code());
        assertEquals(new ProposalResult.NotLeader(Optional.empty()), victim.propose("x"));
        cluster.world.runFor(5 * SECOND);
        assertEquals(1, victim.failures.size());
    }

    @Test
    void readsThatWaitWhenTheNodeFailsAreAnswered() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        List<VirtualCluster.Node> others = cluster.nodes.values().stream().filter(n -> n != leader).toList();
        others.forEach(cluster::kill);
        leader.store.failSync();
        List<ReadIndexResult> answers = new ArrayList<>();
        leader.loop.execute(() -> leader.consensus.readIndex(answers::add));
        leader.propose("x");
        cluster.world.runFor(50 * MILLI);
        assertEquals(1, leader.failures.size());
        assertInstanceOf(ReadIndexResult.Unavailable.class, answers.getFirst());
        leader.consensus.readIndex(answers::add);
        assertEquals(2, answers.size());
    }

    @Test
    void aLogThatCannotBeReadStopsTheNode() {
        VirtualCluster cluster = new VirtualCluster(1);
        VirtualCluster.Node node = cluster.awaitLeader();
        node.propose("c");
        cluster.world.runFor(SECOND);
        cluster.kill(node);
        VirtualCluster.Node restarted = cluster.restart(node);
        restarted.store.failRead();
        cluster.world.runFor(3 * SECOND);
        assertEquals(1, restarted.failures.size());
        assertEquals(List.of(), restarted.committed);
    }

    @Test
    void aFullDiskRefusesProposalsAndRecoversByItself() {
        VirtualCluster cluster = new VirtualCluster(1);
        VirtualCluster.Node node = cluster.awaitLeader();
        node.store.full(true);
        assertInstanceOf(ProposalResult.Accepted.class, node.propose("waits"));
        cluster.world.runFor(100 * MILLI);
        assertInstanceOf(ProposalResult.Overloaded.class, node.propose("refused"));
        cluster.world.runFor(5 * SECOND);
        assertEquals(List.of(), node.failures);
        assertEquals(ConsensusStatus.Role.LEADER, node.consensus.status().role());
        assertEquals(List.of(), node.commands());
        node.store.full(false);
        cluster.world.runFor(400 * MILLI);
        assertEquals(List.of("waits"), node.commands());
        assertInstanceOf(ProposalResult.Accepted.class, node.propose("accepted"));
        cluster.world.runFor(100 * MILLI);
        assertEquals(List.of("waits", "accepted"), node.commands());
    }

    @Test
    void aLeaderWithAFullDiskHandsOverToTheOthersAndWritesGoOn() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node full = cluster.awaitLeader();
        full.store.full(true);
        full.propose("c1");
        assertTrue(cluster.world.runUntil(() -> cluster.leader() != null && cluster.leader() != full, 5 * SECOND));
        assertInstanceOf(ProposalResult.Accepted.class, cluster.leader().propose("c2"));
        assertTrue(cluster.world.runUntil(() -> cluster.leader().commands().equals(List.of("c1", "c2")), SECOND));
        full.store.full(false);
        assertTrue(cluster.world.runUntil(() -> allHave(cluster, List.of("c1", "c2")), 3 * SECOND));
    }

    @Test
    void whatCannotBeReadIsRefusedByName() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node node = cluster.awaitLeader();
        List<RpcError> refusals = new ArrayList<>();
        node.loop.execute(() ->
            node.consensus.serve(new NodeId("n1"), RpcType.APPEND_ENTRIES, Bytes.utf8("garbage"), responder(refusals)));
        cluster.world.runFor(MILLI);
        assertEquals(RpcError.Code.MALFORMED, refusals.getFirst().code());
        assertEquals(List.of(), node.failures);
    }

    /** An entry of a type of a later build: to skip it would let the replicas diverge. */
    @Test
    void anEntryThatOnlyALaterBuildKnowsStopsTheNode() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        VirtualCluster.Node node = cluster.nodes.values().stream().filter(n -> n != leader).findFirst().orElseThrow();
        EntryCodec codec = new EntryCodec(new ClusterId("virtual"));
        BytesWriter parts = new BytesWriter(128);
        new MessageCodec(codec).encode(new Message.Append(9, 0, 0, 0,
            List.of(codec.encode(9, 1, EntryType.NO_OP, List.of())))).forEach(parts::raw);
        byte[] append = parts.toBytes().toByteArray();
        // The type is a record's last byte where it has no payload; its checksum counts the cluster's in its place.
        ByteBuffer record = ByteBuffer.wrap(append, append.length - EntryCodec.HEADER_BYTES, EntryCodec.HEADER_BYTES)
            .slice();
        record.put(EntryCodec.HEADER_BYTES - 1, (byte) 99);
        CRC32C seed = new CRC32C();
        seed.update("virtual".getBytes(StandardCharsets.UTF_8));
        record.putInt(4, (int) seed.getValue());
        CRC32C crc = new CRC32C();
        crc.update(record.duplicate());
        record.putInt(4, (int) crc.getValue());
        List<RpcError> refusals = new ArrayList<>();
        node.loop.execute(() ->
            node.consensus.serve(leader.id, RpcType.APPEND_ENTRIES, Bytes.wrap(append), responder(refusals)));
        cluster.world.runFor(MILLI);
        assertTrue(refusals.getFirst().message().contains("with the type 99"), refusals.toString());
        assertEquals(1, node.failures.size());
        assertTrue(node.failures.getFirst().contains("a later build has written it"), node.failures.toString());
        assertEquals(ConsensusStatus.Role.STOPPED, node.consensus.status().role());
    }

    @Test
    void responsesThatCannotBeReadCountAsFailuresAndDisturbNothingElse() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        leader.garbageInsteadOfResponses = Bytes.utf8("garbage");
        cluster.world.runFor(200 * MILLI);
        leader.garbageInsteadOfResponses = null;
        leader.propose("c");
        assertTrue(cluster.world.runUntil(() -> allHave(cluster, List.of("c")), SECOND));
        assertEquals(leader, cluster.leader());
    }

    @Test
    void closingIsIdempotentAndEndsEverything() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        List<ReadIndexResult> answers = new ArrayList<>();
        cluster.nodes.values().stream().filter(n -> n != leader).toList().forEach(cluster::kill);
        leader.loop.execute(() -> leader.consensus.readIndex(answers::add));
        cluster.world.runFor(MILLI);
        leader.consensus.close();
        leader.consensus.close();
        cluster.world.runFor(SECOND);
        assertInstanceOf(ReadIndexResult.Unavailable.class, answers.getFirst());
        assertTrue(leader.store.isClosed());
        assertEquals(ConsensusStatus.Role.STOPPED, leader.consensus.status().role());
        assertFalse(leader.propose("x") instanceof ProposalResult.Accepted);
    }

    @Test
    void anIdleClusterWritesNothingButItsLastNote() {
        VirtualCluster cluster = new VirtualCluster(3);
        VirtualCluster.Node leader = cluster.awaitLeader();
        cluster.world.runFor(2 * SECOND);
        List<String> operations = List.copyOf(leader.store.operations());
        assertEquals("settle", operations.getLast());
        cluster.world.runFor(60 * SECOND);
        assertEquals(operations, leader.store.operations());
        assertEquals(leader, cluster.leader());
    }

    private static RpcResponder responder(List<RpcError> refusals) {
        return new RpcResponder() {
            @Override
            public void respond(List<Bytes> response) {
                throw new AssertionError("answered");
            }

            @Override
            public void fail(RpcError error) {
                refusals.add(error);
            }
        };
    }
}
