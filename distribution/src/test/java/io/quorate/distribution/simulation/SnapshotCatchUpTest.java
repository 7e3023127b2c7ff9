package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.kv.Kv;
import io.quorate.testing.simulation.CodePath;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulatedNode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whole nodes: one that was away catches up by a snapshot while the others serve and its connections break. */
class SnapshotCatchUpTest {

    private static final Map<String, String> SMALL = Map.of("snapshot-entries", "60",
        "log-entries-behind-snapshot", "10", "first-segment-bytes", "65536", "max-segment-bytes", "65536");
    private static final String LARGE = "x".repeat(60_000);

    private static SimulatedCluster cluster(long seed) {
        return SimulatedCluster.builder().seed(seed).nodes(3).stateMachine(BoxedStore::fresh)
            .consensus(Optional.of("raft"), SMALL).start();
    }

    private static void put(SimulatedCluster cluster, String key, String value) {
        cluster.await(cluster.submit(cluster.awaitLeader().id().value(), Kv.put(Bytes.utf8(key), Bytes.utf8(value))
            .payload()));
    }

    private static Bytes digest(SimulatedCluster cluster, SimulatedNode node) {
        return cluster.await(cluster.query(node.id().value(), Kv.digest(), Consistency.LINEARIZABLE)).payload();
    }

    @Test
    void aNodeThatWasAwayCatchesUpByASnapshotWhileTheOthersServeAndItsConnectionsBreak() {
        SimulatedCluster cluster = cluster(21);
        cluster.awaitLeader();
        SimulatedNode away = cluster.nodes().stream().filter(node -> node != cluster.awaitLeader()).findFirst()
            .orElseThrow();
        away.kill();
        for (int i = 0; i < 200; i++) {
            put(cluster, "key " + i % 50, i + LARGE);
        }
        long before = cluster.awaitLeader().status().orElseThrow().commitIndex().value();
        away.start();
        for (int i = 0; i < 120; i++) {
            String leader = cluster.awaitLeader().id().value();
            if (i % 8 == 3) {
                cluster.partition(leader, away.id().value());
            } else if (i % 8 == 7) {
                cluster.mendNetwork();
            }
            put(cluster, "later " + i, "v" + i);
            cluster.runFor(Duration.ofMillis(30));
        }
        cluster.mendNetwork();
        assertTrue(cluster.runUntil(() -> away.status().orElseThrow().commitIndex().value() > before + 100,
            Duration.ofSeconds(30)), cluster::timeline);
        assertTrue(cluster.paths().containsKey(CodePath.SNAPSHOT_INSTALLED), "by its log alone");
        Bytes expected = digest(cluster, cluster.awaitLeader());
        for (SimulatedNode node : cluster.nodes()) {
            assertEquals(expected, digest(cluster, node), node.id() + " has another state");
        }
    }

    @Test
    void aWholeClusterThatLostItsPowerStartsFromItsSnapshots() {
        SimulatedCluster cluster = cluster(22);
        for (int i = 0; i < 150; i++) {
            put(cluster, "key " + i % 20, "value " + i);
        }
        cluster.runFor(Duration.ofSeconds(1));
        Bytes before = digest(cluster, cluster.awaitLeader());
        cluster.nodes().forEach(SimulatedNode::powerOff);
        cluster.nodes().forEach(SimulatedNode::start);
        assertEquals(before, digest(cluster, cluster.awaitLeader()));
        put(cluster, "after", "all");
        Bytes after = digest(cluster, cluster.awaitLeader());
        for (SimulatedNode node : cluster.nodes()) {
            assertEquals(after, digest(cluster, node));
        }
    }
}
