package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Configuration;
import io.quorate.api.NodeId;
import io.quorate.kv.Kv;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Feature;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.testing.simulation.FaultKind;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulatedNode;
import io.quorate.testing.simulation.Swarm;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Whole nodes of two builds in one cluster: writes go on, and what all have is switched on. */
class RollingUpgradeTest {

    private static final SortedSet<String> NONE = new TreeSet<>();
    private static final int SEEDS = 20;

    private static SimulatedCluster ofEarlierBuild(long seed, int nodes) {
        SimulatedCluster cluster = SimulatedCluster.builder().seed(seed).nodes(nodes).stateMachine(BoxedStore::fresh)
            .consensus(Optional.of("raft"), Map.of()).build();
        cluster.nodes().forEach(node -> node.features(NONE));
        cluster.nodes().forEach(SimulatedNode::start);
        return cluster;
    }

    private static void put(SimulatedCluster cluster, String node) {
        cluster.await(cluster.submit(node, Kv.put(Bytes.utf8("key"), Bytes.utf8("value")).payload()));
    }

    private static SortedSet<String> on(SimulatedNode node) {
        return node.status().orElseThrow().membership().features();
    }

    private static void upgrade(SimulatedCluster cluster, SimulatedNode node, boolean inOrder) {
        node.features(Feature.ofThisBuild());
        if (inOrder) {
            node.stop();
            cluster.runFor(Duration.ofMillis(100));
        } else {
            node.kill();
        }
        node.start();
    }

    private static void awaitAllOn(SimulatedCluster cluster) {
        assertTrue(cluster.runUntil(() -> cluster.nodes().stream()
            .allMatch(node -> on(node).equals(Feature.ofThisBuild())), Duration.ofSeconds(3)), cluster::timeline);
    }

    private static Configuration configuration(SimulatedCluster cluster, String node) {
        return cluster.await(cluster.node(node).controlPlane().status()).configuration().orElseThrow();
    }

    @Test
    void writesGoOnWhileNodesAreUpgradedInAnyOrderAndTheLastOneSwitchesOn() {
        for (int first = 0; first < 3; first++) {
            SimulatedCluster cluster = ofEarlierBuild(81 + first, 3);
            put(cluster, "n1");
            for (int i = 0; i < 3; i++) {
                SimulatedNode next = cluster.nodes().get((first + i) % 3);
                SimulatedNode other = cluster.nodes().get((first + i + 1) % 3);
                assertEquals(NONE, on(cluster.awaitLeader()), "upgraded are " + i);
                upgrade(cluster, next, i % 2 == 0);
                put(cluster, other.id().value());
                put(cluster, next.id().value());
                if (i < 2) {
                    cluster.runFor(Duration.ofSeconds(11)); // A leader that may would tell the time of its sessions.
                }
            }
            awaitAllOn(cluster);
            put(cluster, "n2");
        }
    }

    @Test
    void theStatusSaysWhoHoldsAFeatureUp() {
        SimulatedCluster cluster = ofEarlierBuild(84, 3);
        upgrade(cluster, cluster.node("n1"), true);
        upgrade(cluster, cluster.node("n2"), true);
        put(cluster, "n1");
        cluster.runFor(Duration.ofSeconds(2));
        assertEquals(new Configuration(1, List.of(), List.of(), List.of(), List.of(),
            new TreeMap<>(Map.of("session-expiry", List.of(new NodeId("n3"))))), configuration(cluster, "n1"));
        upgrade(cluster, cluster.node("n3"), false);
        awaitAllOn(cluster);
        assertEquals(List.of("session-expiry"), configuration(cluster, "n1").features());
        assertEquals(Map.of(), configuration(cluster, "n1").waiting());
    }

    @Test
    void onceItIsOnAnEarlierBuildDoesNotStartOnItsOldData() {
        SimulatedCluster cluster = ofEarlierBuild(85, 3);
        cluster.nodes().forEach(node -> upgrade(cluster, node, false));
        put(cluster, "n1");
        awaitAllOn(cluster);
        SimulatedNode back = cluster.node("n2");
        back.kill();
        back.features(NONE);
        back.suspectDisk(true); // It is expected to refuse.
        back.start();
        assertTrue(back.refusal().orElseThrow().contains("found the features [session-expiry] switched on in"),
            back.refusal().orElseThrow());
        back.features(Feature.ofThisBuild());
        back.start();
        put(cluster, "n2");
    }

    @Test
    void aMachineOfAnEarlierBuildIsNotAddedAndUpgradedItIs() {
        SimulatedCluster cluster = ofEarlierBuild(86, 3);
        cluster.nodes().forEach(node -> upgrade(cluster, node, false));
        awaitAllOn(cluster);
        SimulatedNode fourth = cluster.addMachine("n4", Membership.ofNobody(Map.of(new NodeId("n1"),
            List.of(cluster.node("n1").endpoint()), new NodeId("n2"), List.of(cluster.node("n2").endpoint()),
            new NodeId("n3"), List.of(cluster.node("n3").endpoint()))));
        fourth.features(NONE);
        fourth.start();
        cluster.runFor(Duration.ofSeconds(2));
        MembershipChange add = new MembershipChange.Add(fourth.id(), List.of(fourth.endpoint()), true);
        AdministrationResult.Refused refused = assertInstanceOf(AdministrationResult.Refused.class,
            cluster.await(cluster.changeMembership(cluster.awaitLeader().id().value(), add)));
        assertTrue(refused.reason().startsWith("found n4 of a build without [session-expiry]"), refused.reason());
        upgrade(cluster, fourth, true);
        cluster.runFor(Duration.ofSeconds(2));
        assertInstanceOf(AdministrationResult.Done.class,
            cluster.await(cluster.changeMembership(cluster.awaitLeader().id().value(), add)));
        awaitAllOn(cluster);
    }

    /** Whatever else goes wrong, in any order: after all are upgraded the swarm demands that everything is on. */
    @Test
    void aMixOfBuildsUnderFaultsEndsWithEverythingOn() {
        Swarm swarm = Swarm.ofRegisters().only(EnumSet.of(FaultKind.VERSION_MIX, FaultKind.KILL, FaultKind.POWER_LOSS,
            FaultKind.PARTITION, FaultKind.ONE_WAY, FaultKind.MEMBERSHIP, FaultKind.TRANSFER, FaultKind.PAUSE));
        long[] upgrades = new long[1];
        Runs.quietly(() -> {
            for (long seed = 1; seed <= SEEDS; seed++) {
                upgrades[0] += swarm.run(seed).faults().getOrDefault(FaultKind.VERSION_MIX, 0L);
            }
        });
        assertTrue(upgrades[0] > SEEDS / 4, () -> upgrades[0] + " upgrades in " + SEEDS + " runs");
    }
}
