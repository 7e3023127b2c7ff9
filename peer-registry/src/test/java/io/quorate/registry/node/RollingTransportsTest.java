package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.CommandResult;
import io.quorate.api.NodeId;
import io.quorate.api.PeerStatus;
import io.quorate.registry.session.PeerSession;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.testing.memory.MemoryNetwork;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cluster changes its transport while it runs, as docs/operations.md tells it. */
class RollingTransportsTest {

    private static final String OLD = "mem";
    private static final String NEW = "next";
    private static final List<NodeId> IDS = SimCluster.ids(3);

    private final Map<String, CompletableFuture<CommandResult>> writes = new LinkedHashMap<>();

    private static Membership membership(String... schemes) {
        Map<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        for (NodeId id : IDS) {
            endpoints.put(id, List.of(schemes).stream().map(scheme -> new Endpoint(scheme, id.value(), 1)).toList());
        }
        return Membership.ofVoters(endpoints);
    }

    private static MemoryNetwork second(SimCluster cluster) {
        return new MemoryNetwork(cluster.world, NEW, MemoryNetwork.Mode.STREAM_PER_CALL, 100_000, 500_000);
    }

    /** A write each 20 ms at every node but {@code except}. */
    private void write(SimCluster cluster, NodeId except, long millis) {
        for (long passed = 0; passed < millis; passed += 20) {
            cluster.hosts.forEach((id, host) -> {
                if (!id.equals(except)) {
                    String command = "write " + writes.size();
                    writes.put(command, host.submit(command));
                }
            });
            cluster.run(20);
        }
    }

    private void roll(SimCluster cluster, SimCluster.Shape to) {
        for (NodeId id : IDS) {
            NodeId other = IDS.get((IDS.indexOf(id) + 1) % IDS.size());
            write(cluster, id, 1_000);
            if (cluster.log.leader().orElseThrow().equals(id)) {
                cluster.log.elect(other);
            }
            write(cluster, id, 200);
            SimCluster.Host old = cluster.hosts.remove(id);
            old.node.close();
            write(cluster, id, 500);
            old.loop.kill();
            cluster.start(id, to);
            write(cluster, id, 200);
            assertTrue(cluster.runUntil(() -> cluster.allShow(IDS, PeerStatus.ONLINE), 3_000),
                id + " is back for everyone");
        }
    }

    private static List<String> dialed(SimCluster.Host host) {
        return host.node.core().sessions().sessions().stream().filter(session -> session.origin() == Origin.DIALED)
            .map(PeerSession::transport).distinct().sorted().toList();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void rollsFromOneTransportToAnotherWithoutStoppingWrites(long seed) {
        SimCluster cluster = SimCluster.ofThree(seed);
        MemoryNetwork next = second(cluster);
        List<MemoryNetwork> both = List.of(cluster.network, next);
        Membership first = membership(OLD);
        cluster.log.elect(IDS.get(0));
        assertTrue(cluster.runUntil(() -> cluster.allShow(IDS, PeerStatus.ONLINE), 3_000));

        // Every file still names the old endpoints alone: the new ones are learned from those who have them.
        roll(cluster, new SimCluster.Shape(both, List.of(OLD, NEW), List.of(NEW), first, null));
        write(cluster, null, 15_000);
        cluster.hosts.values().forEach(host -> assertEquals(List.of(NEW), dialed(host), host.id.value()));

        roll(cluster, new SimCluster.Shape(List.of(next), List.of(NEW), List.of(), membership(NEW), first));
        write(cluster, null, 1_000);
        cluster.run(3_000);

        assertTrue(cluster.network.connections("n1").isEmpty(), "nothing is left on the old transport");
        assertTrue(writes.size() > 1_000);
        List<String> failed = new ArrayList<>();
        writes.forEach((command, result) -> {
            if (!result.isDone() || result.isCompletedExceptionally()) {
                failed.add(command + ": " + result);
            }
        });
        assertEquals(List.of(), failed);
        cluster.hosts.values().forEach(host -> assertTrue(host.machine.applied.containsAll(writes.keySet()),
            "every acknowledged write is at " + host.id));
    }

    @Test
    void allNodesComeBackAtOnceAlthoughTheReplicatedConfigurationNamesTheOldTransportAlone() {
        SimCluster cluster = new SimCluster(3, MemoryNetwork.Mode.EXCLUSIVE_LEASE, IDS, (from, to) -> true);
        MemoryNetwork next = second(cluster);
        for (NodeId id : IDS) {
            cluster.start(id, new SimCluster.Shape(List.of(next), List.of(NEW), List.of(), membership(NEW),
                membership(OLD)));
        }
        // There is no leader before they have met, and nobody who could have written the registry.
        assertTrue(cluster.runUntil(() -> cluster.hosts.values().stream().allMatch(host ->
            dialed(host).equals(List.of(NEW))), 3_000));
        cluster.log.elect(IDS.get(0));
        assertTrue(cluster.runUntil(() -> cluster.allShow(IDS, PeerStatus.ONLINE), 3_000));
    }

    @Test
    void anAdditionalListenerIsFoundByTheHelloAloneWhenThereIsNoLeader() {
        SimCluster cluster = new SimCluster(5, MemoryNetwork.Mode.EXCLUSIVE_LEASE, IDS, (from, to) -> true);
        MemoryNetwork next = second(cluster);
        List<MemoryNetwork> both = List.of(cluster.network, next);
        SimCluster.Shape shape =
            new SimCluster.Shape(both, List.of(OLD, NEW), List.of(NEW), membership(OLD), membership(OLD));
        IDS.forEach(id -> cluster.start(id, shape));
        assertTrue(cluster.runUntil(() -> cluster.hosts.values().stream().allMatch(host ->
            dialed(host).equals(List.of(NEW))), 20_000));
    }

    @Test
    void aRestartedNodeFindsItsPeersByWhatTheRegistryRemembers() {
        SimCluster cluster = SimCluster.ofThree(9);
        MemoryNetwork next = second(cluster);
        List<MemoryNetwork> both = List.of(cluster.network, next);
        cluster.log.elect(IDS.get(0));
        Membership first = membership(OLD);
        SimCluster.Shape rolled = new SimCluster.Shape(both, List.of(NEW), List.of(NEW), first, null);
        roll(cluster, rolled);
        assertEquals(List.of(new Endpoint(NEW, "n2", 1).toString()),
            cluster.host("n1").record(IDS.get(1)).orElseThrow().endpoints());
        SimCluster.Host n1 = cluster.host("n1");
        n1.kill();
        next.kill("n1");
        cluster.run(2_000);
        SimCluster.Host back = cluster.start(IDS.get(0), rolled);
        assertTrue(cluster.runUntil(() -> dialed(back).equals(List.of(NEW)), 3_000), "it dials, and was not only met");
    }
}
