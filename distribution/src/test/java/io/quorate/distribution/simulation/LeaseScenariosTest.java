package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.QueryResult;
import io.quorate.kv.Kv;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulatedNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Leases against leaders who come early: the moments that matter are short, and chance seldom meets them. */
class LeaseScenariosTest {

    private static final int SEEDS = 8;
    private static final Map<String, String> LEASES = Map.of("leases", "true", "lease-drift-percent", "20",
        "election-timeout-max-millis", "1100");

    /** As late as it may a leader notices that it leads no more. */
    private static final Map<String, String> LATE = Map.of("leases", "true", "lease-drift-percent", "20",
        "election-timeout-max-millis", "1000", "heartbeat-millis", "333");

    /** Clocks are even here, so a lease lasts so long from the last heartbeat that was answered. */
    private static final Duration LEASE = Duration.ofMillis(800);
    private static final Duration HEARTBEAT = Duration.ofMillis(100);

    private static void onSeeds(Map<String, String> settings, Consumer<SimulatedCluster> scenario) {
        Runs.quietly(() -> {
            for (long seed = 1; seed <= SEEDS; seed++) {
                scenario.accept(SimulatedCluster.builder().seed(seed).nodes(3).stateMachine(BoxedStore::fresh)
                    .consensus(Optional.of("raft"), settings).start());
            }
        });
    }

    private static List<SimulatedNode> others(SimulatedCluster cluster, SimulatedNode leader) {
        return cluster.nodes().stream().filter(node -> node != leader).toList();
    }

    private static boolean anotherLeads(SimulatedCluster cluster, SimulatedNode leader) {
        return cluster.leader().filter(next -> next != leader).isPresent();
    }

    @Test
    void aLeaderThatHandsOverHasNoLease() {
        onSeeds(LEASES, cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.await(cluster.submit(leader.id().value(), Kv.put(Bytes.utf8("key"), Bytes.utf8("1")).payload()));
            cluster.runFor(Duration.ofSeconds(1));
            SimulatedNode next = others(cluster, leader).getFirst();
            long term = leader.status().orElseThrow().term().value();
            cluster.transferLeadership(leader.id().value(), next.id());
            assertTrue(cluster.runUntil(() -> next.status().orElseThrow().term().value() > term,
                Duration.ofSeconds(1)), cluster::timeline);
            cluster.isolate(leader.id().value());
            assertTrue(cluster.runUntil(() -> anotherLeads(cluster, leader), LEASE.minus(HEARTBEAT.multipliedBy(2))),
                cluster::timeline);
            CompletableFuture<QueryResult> read =
                cluster.query(leader.id().value(), Kv.get(Bytes.utf8("key")), Consistency.LEASE);
            assertFalse(cluster.runUntil(read::isDone, HEARTBEAT), () -> "read by a lease that was given up\n"
                + cluster.timeline());
        });
    }

    @Test
    void aLeaseEndsBeforeAnotherLeads() {
        onSeeds(LATE, cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.runFor(Duration.ofSeconds(2));
            cluster.isolate(leader.id().value());
            assertTrue(cluster.runUntil(() -> anotherLeads(cluster, leader), Duration.ofSeconds(10)),
                cluster::timeline);
            CompletableFuture<QueryResult> read =
                cluster.query(leader.id().value(), Kv.get(Bytes.utf8("key")), Consistency.LEASE);
            assertFalse(cluster.runUntil(read::isDone, HEARTBEAT), () -> "read by a lease that was over\n"
                + cluster.timeline());
        });
    }

    @Test
    void whoHasPromisedAndStartsAnewHelpsNobodyToAnElectionAsLongAsTheLeaseLasts() {
        onSeeds(LEASES, cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.runFor(Duration.ofSeconds(3));
            SimulatedNode impatient = others(cluster, leader).getFirst();
            SimulatedNode promised = others(cluster, leader).getLast();
            cluster.partition(leader.id().value(), impatient.id().value());
            cluster.runFor(Duration.ofMillis(1_200));
            cluster.isolate(leader.id().value());
            promised.kill();
            promised.start();
            assertFalse(cluster.runUntil(() -> anotherLeads(cluster, leader), LEASE.minus(HEARTBEAT)),
                () -> "elected against a lease\n" + cluster.timeline());
            assertTrue(cluster.runUntil(() -> anotherLeads(cluster, leader), Duration.ofSeconds(10)),
                cluster::timeline);
        });
    }
}
