package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.NodeId;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.Term;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finds the leader, follows it, and loses and repeats nothing on the way. */
class LeaderTest {

    private static final Duration SOON = Duration.ofSeconds(3);

    @Test
    void asksTheLeaderOnceItIsKnown() throws Exception {
        FakeCluster cluster = new FakeCluster(1, "n1", "n2", "n3");
        cluster.elect("n3");
        QuorateClient client = cluster.connectedClient();
        cluster.await(client.submit(command("a")), SOON);
        assertEquals(List.of(1), cluster.server("n3").batchSizes());
    }

    @Test
    void aCommandDoesNotWaitForTheLeaderToBeFound() throws Exception {
        FakeCluster cluster = new FakeCluster(2, "n1", "n2", "n3");
        cluster.elect("n3");
        QuorateClient client = cluster.start(cluster.clientBuilder());
        cluster.await(client.submit(command("a")), Duration.ofMillis(20));
        assertEquals(List.of("a"), cluster.applied);
    }

    @Test
    void followsALeaderThatHandsOver() throws Exception {
        FakeCluster cluster = new FakeCluster(3, "n1", "n2", "n3");
        QuorateClient client = cluster.connectedClient();
        cluster.await(client.submit(command("a")), SOON);
        cluster.elect("n2");
        cluster.server("n1").always(RpcType.SUBMIT, FakeServer.error(RpcError.Code.NOT_LEADER, "n2"));
        long before = cluster.nowMillis();
        cluster.await(client.submit(command("b")), SOON);
        // There and back twice: the hint is followed at once.
        assertTrue(cluster.nowMillis() - before <= 5, cluster.nowMillis() - before + " ms");
        cluster.await(client.submit(command("c")), SOON);
        assertEquals(List.of(1, 1), cluster.server("n1").batchSizes());
        assertEquals(List.of(1, 1), cluster.server("n2").batchSizes());
    }

    @Test
    void noticesAFormerLeaderThatPassesOnInsteadOfRefusing() throws Exception {
        FakeCluster cluster = new FakeCluster(4, "n1", "n2", "n3");
        QuorateClient client = cluster.connectedClient();
        cluster.await(client.submit(command("a")), SOON);
        cluster.elect("n2");
        for (int i = 0; i < 50; i++) {
            cluster.await(client.submit(command("c" + i)), SOON);
            cluster.run(Duration.ofMillis(100));
        }
        assertTrue(cluster.server("n1").batchSizes().size() < 30);
        assertTrue(cluster.server("n2").batchSizes().size() > 20);
    }

    @Test
    void doesNotPollWhileIdle() {
        FakeCluster cluster = new FakeCluster(5, "n1", "n2", "n3");
        cluster.elect(null);
        cluster.connectedClient();
        cluster.run(Duration.ofSeconds(1));
        int before = calls(cluster);
        cluster.run(Duration.ofMinutes(5));
        assertEquals(before, calls(cluster));
    }

    @Test
    void waitsForAnElectionAndThenGoesOnAtOnce() throws Exception {
        FakeCluster cluster = new FakeCluster(6, "n1", "n2", "n3");
        QuorateClient client = cluster.connectedClient();
        cluster.elect(null);
        CompletableFuture<CommandResult> result = client.submit(command("a"));
        cluster.run(Duration.ofMillis(2_500));
        assertFalse(result.isDone());
        // Neither the nodes nor the client have been idle, and no node was asked without a pause either.
        assertTrue(calls(cluster) < 100, calls(cluster) + " calls");
        cluster.elect("n2");
        cluster.await(result, Duration.ofMillis(800));
        assertEquals(List.of("a"), cluster.applied);
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
    void aKilledLeaderCostsNothingThatWasAcknowledgedAndRepeatsNothing(long seed) {
        FakeCluster cluster = new FakeCluster(seed, "n1", "n2", "n3");
        QuorateClient client = cluster.connectedClient();
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            results.add(client.submit(command("c" + i)));
            cluster.world.runFor(cluster.world.random().nextLong(FakeCluster.MILLI));
            if (i == 500) {
                cluster.server(cluster.leader.value()).kill();
                cluster.elect(null);
                cluster.world.schedule(150 * FakeCluster.MILLI, () -> cluster.elect("n2"));
            } else if (i == 1_200) {
                cluster.server("n1").restart();
            } else if (i == 1_500) {
                cluster.server("n2").kill();
                cluster.elect(null);
                cluster.world.schedule(100 * FakeCluster.MILLI, () -> cluster.elect("n1"));
            }
        }
        cluster.run(Duration.ofSeconds(10));
        verify(cluster, results, 400);
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void aLeaderThatHandsOverUnderLoadCostsNoCommand(long seed) {
        FakeCluster cluster = new FakeCluster(seed, "n1", "n2", "n3");
        QuorateClient client = cluster.connectedClient();
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            results.add(client.submit(command("c" + i)));
            cluster.world.runFor(cluster.world.random().nextLong(FakeCluster.MILLI));
            if (i % 500 == 499) {
                List<String> names = new ArrayList<>(cluster.servers.keySet());
                Collections.rotate(names, i / 500);
                names.forEach(name -> cluster.server(name).always(RpcType.SUBMIT,
                    FakeServer.error(RpcError.Code.NOT_LEADER, names.get(0))));
                cluster.server(names.get(0)).always(RpcType.SUBMIT, null);
                cluster.elect(names.get(0));
            }
        }
        cluster.run(Duration.ofSeconds(10));
        verify(cluster, results, 0);
    }

    /** Every operation has ended; what succeeded was applied, nothing twice; only so many outcomes are unknown. */
    private static void verify(FakeCluster cluster, List<CompletableFuture<CommandResult>> results, int mostUnknown) {
        Set<String> once = new HashSet<>();
        for (String applied : cluster.applied) {
            assertTrue(once.add(applied), "applied twice: " + applied);
        }
        int unknown = 0;
        for (int i = 0; i < results.size(); i++) {
            assertTrue(results.get(i).isDone(), "c" + i + " has not ended");
            if (results.get(i).isCompletedExceptionally()) {
                assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(results.get(i), Duration.ZERO));
                unknown++;
            } else {
                assertTrue(once.contains("c" + i), "acknowledged and lost: c" + i);
                assertEquals("r:c" + i, results.get(i).join().payload().utf8());
            }
        }
        assertTrue(unknown <= mostUnknown, unknown + " unknown outcomes");
    }

    @Test
    void aStaleAnswerDoesNotHideTheLeader() throws Exception {
        FakeCluster cluster = new FakeCluster(7, "n1", "n2", "n3");
        cluster.elect("n2");
        QuorateClient client = cluster.connectedClient();
        cluster.await(client.submit(command("a")), SOON);
        // n3 lags: it still reports the first term and its leader, and does so after everybody else.
        FakeServer behind = cluster.server("n3");
        behind.always(RpcType.STATUS, (request, call) -> cluster.world.schedule(20 * FakeCluster.MILLI, () ->
            call.respond(io.quorate.registry.protocol.StatusCodec.encode(stale(behind)))));
        cluster.run(Duration.ofSeconds(3));
        for (int i = 0; i < 20; i++) {
            cluster.await(client.submit(command("c" + i)), SOON);
            cluster.run(Duration.ofMillis(200));
        }
        assertEquals(21, cluster.server("n2").batchSizes().size());
    }

    private static io.quorate.api.NodeStatus stale(FakeServer server) {
        var now = server.status();
        return new io.quorate.api.NodeStatus(now.node(), now.cluster(), now.incarnation(), now.version(), now.role(),
            new Term(1), Optional.of(new NodeId("n1")), now.commitIndex(), now.appliedIndex(), now.lastIndex(),
            now.members(), now.reachable(), now.stateMachine(), now.uptimeMillis(), now.counters(), now.problem());
    }

    @Test
    void oneServerIsEnoughForAnApplication() throws Exception {
        FakeCluster cluster = new FakeCluster(8, "n1", "n2", "n3");
        cluster.elect("n3");
        QuorateClient client = cluster.start(QuorateClient.builder().cluster(FakeCluster.ID)
            .identity(TestIdentity.client("app")).transport(cluster.transports("app"))
            .server(FakeCluster.endpoint("n1")).loop(new io.quorate.testing.time.VirtualLoop(cluster.world)));
        cluster.await(client.submit(command("a")), SOON);
        cluster.await(client.query(Bytes.utf8("q"), Consistency.LINEARIZABLE), SOON);
        assertEquals(List.of("a"), cluster.applied);
    }

    @Test
    void anOperatorReachesALeaderThatIsNotConfigured() throws Exception {
        FakeCluster cluster = new FakeCluster(9, "n1", "n2", "n3");
        cluster.elect("n3");
        QuorateClient client = cluster.start(QuorateClient.builder().cluster(FakeCluster.ID)
            .identity(TestIdentity.operator("ops")).transport(cluster.transports("app"))
            .server(FakeCluster.endpoint("n1")).loop(new io.quorate.testing.time.VirtualLoop(cluster.world)));
        cluster.run(Duration.ofMillis(200));
        cluster.await(client.submit(command("a")), SOON);
        assertEquals(List.of(1, 1), cluster.server("n3").batchSizes(), "the session, and the command");
        assertEquals(0, cluster.network.connections("n2").size());
    }

    @Test
    void aPreferredServerIsAskedForEverything() throws Exception {
        FakeCluster cluster = new FakeCluster(10, "n1", "n2", "n3");
        QuorateClient client = cluster.start(cluster.clientBuilder(TestIdentity.operator("ops"))
            .preferredServer(FakeCluster.endpoint("n3")));
        cluster.await(client.submit(command("a")), SOON);
        assertEquals("q@n3", cluster.await(client.query(Bytes.utf8("q"), Consistency.LINEARIZABLE), SOON)
            .payload().utf8());
        assertEquals("q@n3", cluster.await(client.query(Bytes.utf8("q"), Consistency.LOCAL), SOON).payload().utf8());
        assertEquals("n3", cluster.await(client.status(), SOON).node().value());
        assertEquals(List.of(1), cluster.server("n3").batchSizes());
        cluster.server("n3").kill();
        cluster.run(Duration.ofMillis(20));
        cluster.await(client.submit(command("b")), SOON);
        assertEquals(List.of("a", "b"), cluster.applied);
    }

    @Test
    void aPreferredServerThatIsDownDoesNotHoldUpAnything() throws Exception {
        FakeCluster cluster = new FakeCluster(11, "n1", "n2", "n3");
        cluster.server("n3").kill();
        QuorateClient client = cluster.start(cluster.clientBuilder().preferredServer(FakeCluster.endpoint("n3")));
        cluster.await(client.submit(command("a")), Duration.ofMillis(50));
    }

    private static int calls(FakeCluster cluster) {
        return cluster.servers.values().stream().mapToInt(server -> server.arrived.size()).sum();
    }

    private static Command command(String text) {
        return new Command(Bytes.utf8(text));
    }
}
