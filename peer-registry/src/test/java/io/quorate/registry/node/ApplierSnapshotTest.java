package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.PeerStatus;
import io.quorate.spi.consensus.ConsensusHost;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.testing.memory.MemoryNetwork;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A node's whole state, frozen on one node and restored on another one. */
class ApplierSnapshotTest {

    private final SimCluster cluster = SimCluster.ofThree(11);
    private final NodeId n1 = new NodeId("n1");

    private byte[] snapshotOf(SimCluster.Host host, List<LogIndex> index) throws IOException {
        List<FrozenState> frozen = new ArrayList<>();
        host.loop.execute(() -> host.node.core().freeze(frozen::add));
        cluster.run(10);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        index.add(frozen.getFirst().appliedIndex());
        try (var writer = frozen.getFirst().writer()) {
            writer.write(out);
        }
        return out.toByteArray();
    }

    private void become(String command) {
        CompletableFuture<CommandResult> result = cluster.host("n1").submit(command);
        assertTrue(cluster.runUntil(result::isDone, 2_000));
    }

    @Test
    void stateMachineAndRegistryAreOnAnotherNodeAsTheyWere() throws IOException {
        cluster.log.elect(n1);
        assertTrue(cluster.runUntil(() -> cluster.allShow(SimCluster.ids(3), PeerStatus.ONLINE), 10_000));
        become("a");
        become("b");
        List<LogIndex> at = new ArrayList<>();
        byte[] snapshot = snapshotOf(cluster.host("n1"), at);
        assertEquals(1, cluster.host("n1").machine.closedSnapshots);

        SimCluster elsewhere = new SimCluster(12, MemoryNetwork.Mode.EXCLUSIVE_LEASE, SimCluster.ids(3),
            (a, b) -> true);
        SimCluster.Host fresh = elsewhere.start(new NodeId("n2"));
        ConsensusHost host = fresh.node.core();
        List<String> done = new ArrayList<>();
        fresh.loop.execute(() -> host.restore(at.getFirst(), () -> new ByteArrayInputStream(snapshot),
            () -> done.add("done")));
        elsewhere.run(100);
        assertEquals(List.of("done"), done);
        assertEquals(cluster.host("n1").machine.applied, fresh.machine.applied);
        assertEquals(cluster.host("n1").node.core().registry(), fresh.node.core().registry());
        assertEquals(at.getFirst(), fresh.node.core().appliedIndex());
        List<FrozenState> frozen = new ArrayList<>();
        fresh.loop.execute(() -> host.freeze(frozen::add));
        elsewhere.run(100);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        frozen.getFirst().writer().write(out);
        assertTrue(Arrays.equals(snapshot, out.toByteArray()), "also the history of the registry");
    }

    @Test
    void aStateThatIsCutOffStopsTheNodeInsteadOfBeingHalfThere() throws IOException {
        cluster.log.elect(n1);
        become("a");
        List<LogIndex> at = new ArrayList<>();
        byte[] snapshot = snapshotOf(cluster.host("n1"), at);
        SimCluster.Host n2 = cluster.host("n2");
        LogIndex later = new LogIndex(at.getFirst().value() + 10);
        n2.loop.execute(() -> n2.node.core().restore(later,
            () -> new ByteArrayInputStream(snapshot, 0, snapshot.length - 1), () -> { }));
        cluster.run(100);
        assertTrue(n2.node.core().outOfService().orElseThrow().contains("could not be restored"));
        assertFalse(cluster.host("n1").node.core().outOfService().isPresent());
    }

    @Test
    void anOutcomeThatASnapshotSkippedIsUnknown() {
        cluster.log.elect(n1);
        become("a");
        SimCluster.Host n1Host = cluster.host("n1");
        cluster.log.held = true;
        CompletableFuture<CommandResult> waiting = n1Host.node.submit(new Command(Bytes.utf8("b")));
        cluster.run(20);
        assertFalse(waiting.isDone());
        n1Host.loop.execute(() -> n1Host.node.core().restore(new LogIndex(1_000), () -> {
            throw new IOException("not read here");
        }, () -> { }));
        cluster.run(20);
        assertTrue(waiting.isCompletedExceptionally());
        assertEquals(OutcomeUnknownException.class, waiting.handle((r, e) -> e.getClass()).join());
    }
}
