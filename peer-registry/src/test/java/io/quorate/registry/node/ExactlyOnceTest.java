package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.CommandResult;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.EntryType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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

    @Test
    void sessionsEndByTheLeadersClockOnEveryNodeAlike() {
        SimCluster cluster = CommandTest.ledByFirst(7);
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
        assertTrue(cluster.log.committed().stream().anyMatch(entry -> entry.type() == EntryType.SESSIONS));
        assertEquals("b#2", cluster.await(cluster.host("n2").submit("b")).payload().utf8(), "in a new session");
    }
}
