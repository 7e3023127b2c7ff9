package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.CommandResult;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Feature;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Whole nodes: what their applications submit is applied once, whatever leaders and connections do meanwhile. */
class ExactlyOnceTest {

    @Test
    void throughFailoversAndLostAnswersEachCommandIsAppliedOnce() {
        for (long seed = 1; seed <= 6; seed++) {
            SimCluster cluster = CommandTest.ledByFirst(seed);
            SplittableRandom random = new SplittableRandom(seed);
            List<CompletableFuture<CommandResult>> results = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String node = "n" + (1 + random.nextInt(3));
                String other = "n" + (1 + random.nextInt(3));
                results.add(cluster.host(node).submit("c" + i));
                switch (random.nextInt(12)) {
                    case 0 -> cluster.log.elect(new NodeId(other));
                    case 1 -> cluster.log.electWithoutUncommitted(new NodeId(other));
                    case 2 -> cluster.network.cut(node, other);
                    default -> cluster.run(random.nextInt(8));
                }
            }
            for (int i = 0; i < results.size(); i++) {
                assertTrue(cluster.await(results.get(i)).payload().utf8().startsWith("c" + i + "#"));
            }
            cluster.run(1_000);
            for (SimCluster.Host host : cluster.hosts.values()) {
                assertEquals(200, host.machine.applied.size(), "seed " + seed + " at " + host.id);
                assertEquals(200, new HashSet<>(host.machine.applied).size());
            }
        }
    }

    private static void switchOn(SimCluster cluster) {
        cluster.hosts.values().forEach(host -> {
            host.consensus().membership = host.consensus().membership.withFeatures(Feature.ofThisBuild());
            host.consensus().tellStatus();
        });
    }

    private static boolean anyTick(SimCluster cluster) {
        return cluster.log.committed().stream().anyMatch(entry -> entry.type() == EntryType.SESSIONS);
    }

    /** A node of an earlier build could not read the entries; until all are upgraded sessions end only to make room. */
    @Test
    void beforeTheFeatureIsOnNoEntryTellsTheTime() {
        SimCluster cluster = CommandTest.ledByFirst(7);
        cluster.await(cluster.host("n2").submit("a"));
        cluster.run(2 * SessionLimits.TIMEOUT_MILLIS);
        cluster.hosts.values().forEach(host -> assertTrue(host.node.core().clientSessions().any(), host.id.value()));
        assertFalse(anyTick(cluster));
        NodeStatus status = cluster.await(cluster.host("n1").node.status());
        assertEquals(List.of(), status.configuration().orElseThrow().features());
        assertEquals(Map.of("session-expiry", List.of()), status.configuration().orElseThrow().waiting());
        assertEquals(Feature.ofThisBuild(), cluster.host("n1").consensus().known.get(new NodeId("n2")));

        switchOn(cluster);
        cluster.run(SessionLimits.TIMEOUT_MILLIS / 2);
        assertTrue(anyTick(cluster));
        cluster.hosts.values().forEach(host ->
            assertTrue(host.node.core().clientSessions().any(), host.id + " counts from then on"));
        cluster.run(SessionLimits.TIMEOUT_MILLIS);
        cluster.hosts.values().forEach(host ->
            assertEquals(0, host.node.core().clientSessions().count(), host.id.value()));
        status = cluster.await(cluster.host("n1").node.status());
        assertEquals(List.of("session-expiry"), status.configuration().orElseThrow().features());
        assertEquals(Map.of(), status.configuration().orElseThrow().waiting());
    }

    @Test
    void sessionsEndByTheLeadersClockOnEveryNodeAlike() {
        SimCluster cluster = CommandTest.ledByFirst(7);
        switchOn(cluster);
        cluster.await(cluster.host("n2").submit("a"));
        cluster.run(SessionLimits.TIMEOUT_MILLIS / 2);
        cluster.log.elect(new NodeId("n3"));
        cluster.run(SessionLimits.TIMEOUT_MILLIS / 2 - 2 * SessionLimits.TICK_MILLIS);
        cluster.hosts.values().forEach(host -> assertTrue(host.node.core().clientSessions().any(), host.id.value()));
        cluster.run(4 * SessionLimits.TICK_MILLIS);
        cluster.hosts.values().forEach(host ->
            assertEquals(0, host.node.core().clientSessions().count(), host.id.value()));
        int ticks = cluster.log.committed().size();
        cluster.run(10 * SessionLimits.TICK_MILLIS);
        assertEquals(ticks, cluster.log.committed().size(), "nothing is written while there is no session");
        assertTrue(anyTick(cluster));
        assertEquals("b#2", cluster.await(cluster.host("n2").submit("b")).payload().utf8(), "in a new session");
    }
}
