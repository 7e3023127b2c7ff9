package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.kv.Kv;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulatedNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whole nodes: a majority that has lost its disks is no cluster, as long as it sees one that has not. */
class LostDataTest {

    @Test
    void threeOfFiveWhoseDisksWereWipedElectNobodyAmongThemselves() {
        SimulatedCluster cluster = SimulatedCluster.builder().seed(81).nodes(5).stateMachine(BoxedStore::fresh)
            .consensus(Optional.of("raft"), Map.of()).start();
        cluster.await(cluster.submit(cluster.awaitLeader().id().value(),
            Kv.put(Bytes.utf8("key"), Bytes.utf8("value")).payload()));
        cluster.runFor(Duration.ofSeconds(1));
        cluster.nodes().forEach(SimulatedNode::kill);
        // The survivors are there when the others come back, but cannot reach a majority by themselves.
        cluster.node("n4").start();
        cluster.node("n5").start();
        cluster.runFor(Duration.ofSeconds(2));
        for (String wiped : List.of("n1", "n2", "n3")) {
            cluster.node(wiped).wipe();
            cluster.node(wiped).start();
            cluster.runFor(Duration.ofMillis(100));
        }
        for (int i = 0; i < 100; i++) {
            cluster.runFor(Duration.ofMillis(100));
            assertTrue(cluster.leader().map(SimulatedNode::id).filter(id -> id.value().compareTo("n4") < 0).isEmpty(),
                () -> "a second cluster\n" + cluster.timeline());
        }
        for (String wiped : List.of("n1", "n2", "n3")) {
            long commit = cluster.node(wiped).status().orElseThrow().commitIndex().value();
            assertEquals(0, commit, wiped + " must not have committed what the survivors did not");
        }
    }
}
