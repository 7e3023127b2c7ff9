package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.CommandResult;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.Term;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.testing.simulation.RegisterWorkload;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulatedNode;
import io.quorate.testing.simulation.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** What has a name of its own, and so a test of its own. */
class ScenariosTest {

    private static final int SEEDS = 5;

    private static void onSeeds(Consumer<SimulatedCluster> scenario) {
        Runs.quietly(() -> {
            for (long seed = 1; seed <= SEEDS; seed++) {
                scenario.accept(SimulatedCluster.builder().seed(seed).nodes(seed % 2 == 0 ? 5 : 3)
                    .stateMachine(() -> new RegisterWorkload(1, 0, 10).stateMachine()).start());
            }
        });
    }

    private static SimulatedNode follower(SimulatedCluster cluster, SimulatedNode leader) {
        return cluster.nodes().stream().filter(node -> node != leader).findFirst().orElseThrow();
    }

    private static Term term(SimulatedNode node) {
        return node.status().orElseThrow().term();
    }

    private static Bytes write(long number) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(number);
        Workload.Request request = new RegisterWorkload(1, 0, 10).next(random, number);
        return request.payload();
    }

    @Test
    void aNodeThatWasIsolatedDoesNotDeposeAHealthyLeader() {
        onSeeds(cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            Term before = term(leader);
            SimulatedNode alone = follower(cluster, leader);
            cluster.isolate(alone.id().value());
            cluster.runFor(Duration.ofSeconds(20));
            cluster.mendNetwork();
            cluster.runFor(Duration.ofSeconds(10));
            assertEquals(leader, cluster.leader().orElseThrow());
            assertEquals(before, term(leader));
            assertEquals(before, term(alone), "it never got so far as to begin a term");
        });
    }

    @Test
    void aNodeThatHearsTheOthersButNotTheLeaderDoesNotDeposeIt() {
        onSeeds(cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.runFor(Duration.ofSeconds(5));
            Term before = term(leader);
            SimulatedNode deaf = follower(cluster, leader);
            cluster.partition(leader.id().value(), deaf.id().value());
            cluster.runFor(Duration.ofSeconds(20));
            assertEquals(leader, cluster.leader().orElseThrow());
            assertEquals(before, term(leader));
        });
    }

    /** The properties of every run are what is tested: whoever wins must have what was committed meanwhile. */
    @Test
    void anOrderToLeadThatComesLateElectsNobodyWhoLacksWhatIsCommitted() {
        onSeeds(cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.runFor(Duration.ofSeconds(5));
            SimulatedNode target = follower(cluster, leader);
            cluster.block(leader.id().value(), target.id().value());
            cluster.transferLeadership(leader.id().value(), target.id());
            cluster.runFor(Duration.ofMillis(1_005));
            long[] number = {1};
            for (int i = 0; i < 3; i++) {
                cluster.submit(leader.id().value(), write(number[0]++));
                cluster.runFor(Duration.ofMillis(10));
            }
            cluster.mendNetwork();
            cluster.runFor(Duration.ofSeconds(3));
            cluster.awaitLeader();
        });
    }

    @Test
    void aLeaderThatHearsNobodyStepsDownAndAnotherServes() {
        onSeeds(cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.isolate(leader.id().value());
            assertTrue(cluster.runUntil(() -> cluster.leader().filter(next -> next != leader).isPresent(),
                Duration.ofSeconds(10)));
            cluster.runFor(Duration.ofSeconds(5));
            assertEquals("FOLLOWER", leader.status().orElseThrow().role().name().replaceFirst(".*CANDIDATE",
                "FOLLOWER"), "it does not go on to lead");
        });
    }

    @Test
    void aLeaderThatIsStoppedHandsOverFirstAndEndsWhatItHasTaken() {
        onSeeds(cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.runFor(Duration.ofSeconds(3));
            Term before = term(leader);
            List<CompletableFuture<CommandResult>> taken = new ArrayList<>();
            for (long number = 0; number < 20; number++) {
                taken.add(cluster.submit(leader.id().value(), write(number)));
            }
            leader.stop();
            assertTrue(cluster.runUntil(() -> cluster.leader().isPresent(), Duration.ofMillis(200)));
            assertEquals(ConsensusStatus.Role.FOLLOWER, leader.status().orElseThrow().role(),
                "it still serves and follows, so nobody had to miss it first");
            assertEquals(before.value() + 1, term(cluster.awaitLeader()).value(), "one election, won at once");
            for (CompletableFuture<CommandResult> each : taken) {
                assertTrue(cluster.await(each).index().value() > 0);
            }
            assertTrue(cluster.runUntil(() -> leader.status().isEmpty(), Duration.ofSeconds(2)), "it does go");
        });
    }

    @Test
    void aNodeThatIsStoppedAndCannotEndWhatItHasTakenSaysSoInTime() {
        onSeeds(cluster -> {
            SimulatedNode leader = cluster.awaitLeader();
            cluster.await(cluster.submit(leader.id().value(), write(1)));
            cluster.isolate(leader.id().value());
            CompletableFuture<CommandResult> taken = cluster.submit(leader.id().value(), write(2));
            cluster.runFor(Duration.ofMillis(10));
            leader.stop();
            cluster.runFor(Duration.ofMillis(1_500));
            assertTrue(taken.isCompletedExceptionally(), "it waits for about a second and no longer");
            assertInstanceOf(OutcomeUnknownException.class, taken.exceptionNow());
            assertTrue(leader.status().isEmpty(), "it does go");
        });
    }

    @Test
    void whatIsAcknowledgedOutlivesThePowerOfAllMachines() {
        onSeeds(cluster -> {
            cluster.awaitLeader();
            long index = cluster.await(cluster.submit("n1", write(1))).index().value();
            cluster.nodes().forEach(SimulatedNode::powerOff);
            cluster.runFor(Duration.ofSeconds(1));
            cluster.nodes().forEach(SimulatedNode::start);
            cluster.awaitLeader();
            long later = cluster.await(cluster.submit("n2", write(2))).index().value();
            assertTrue(later > index, () -> later + " after " + index);
        });
    }
}
