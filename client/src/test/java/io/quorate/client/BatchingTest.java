package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.LogIndex;
import io.quorate.api.QueryResult;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.spi.wire.RpcType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What arrives while calls are under way gathers; each operation keeps its own result. */
class BatchingTest {

    private final FakeCluster cluster = new FakeCluster(1, "n1");
    private final QuorateClient client = cluster.connectedClient();
    private final FakeServer server = cluster.server("n1");

    @Test
    void theTestsRunInTheModule() {
        assertTrue(getClass().getModule().isNamed());
        assertEquals("io.quorate.client", getClass().getModule().getName());
    }

    @Test
    void theFirstCommandGoesOutAtOnceAndAlone() throws Exception {
        long before = cluster.nowMillis();
        CompletableFuture<CommandResult> result = client.submit(command("a"));
        assertEquals("r:a", cluster.await(result, Duration.ofSeconds(1)).payload().utf8());
        assertEquals(List.of(1), server.batchSizes());
        assertEquals(before, server.arrived(RpcType.SUBMIT).get(0).atMillis());
        // Two hops and the node's work: nothing in the client waits for company.
        assertEquals(before + 2, cluster.nowMillis());
    }

    @Test
    void whatArrivesWhileCallsAreUnderWayFormsTheNextBatch() throws Exception {
        server.serviceNanos = 50 * FakeCluster.MILLI;
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            results.add(client.submit(command("c" + i)));
            cluster.world.runFor(FakeCluster.MILLI / 10);
        }
        for (int i = 0; i < 100; i++) {
            assertEquals("r:c" + i, cluster.await(results.get(i), Duration.ofSeconds(1)).payload().utf8());
        }
        // One for each of the calls that may be under way, and then all that waited, in one.
        assertEquals(List.of(1, 1, 98), server.batchSizes());
        assertEquals(100, cluster.applied.size());
    }

    @Test
    void whatIsSubmittedInOneTurnTravelsTogether() throws Exception {
        List<CompletableFuture<CommandResult>> results =
            IntStream.range(0, 500).mapToObj(i -> client.submit(command("c" + i))).toList();
        for (CompletableFuture<CommandResult> result : results) {
            cluster.await(result, Duration.ofSeconds(1));
        }
        assertEquals(List.of(500), server.batchSizes());
        assertEquals(IntStream.range(0, 500).mapToObj(i -> "c" + i).toList(), cluster.applied);
        assertEquals(1, results.stream().map(result -> result.join().index()).distinct().count());
    }

    @Test
    void aBatchHasAtMostItsLimitOfCommands() throws Exception {
        List<CompletableFuture<CommandResult>> results =
            IntStream.range(0, 20_000).mapToObj(i -> client.submit(command("c" + i))).toList();
        for (int i = 0; i < results.size(); i++) {
            assertEquals("r:c" + i, cluster.await(results.get(i), Duration.ofSeconds(1)).payload().utf8());
        }
        assertEquals(List.of(8_192, 8_192, 3_616), server.batchSizes());
        assertEquals(20_000, cluster.applied.stream().distinct().count());
    }

    @Test
    void aBatchHasAtMostItsLimitOfBytes() throws Exception {
        int size = 400 << 10;
        List<CompletableFuture<CommandResult>> results = IntStream.range(0, 5)
            .mapToObj(i -> client.submit(new Command(Bytes.wrap(new byte[size])))).toList();
        CompletableFuture<CommandResult> largest = client.submit(new Command(Bytes.wrap(
            new byte[Command.MAX_PAYLOAD_BYTES])));
        for (CompletableFuture<CommandResult> result : results) {
            cluster.await(result, Duration.ofSeconds(5));
        }
        cluster.await(largest, Duration.ofSeconds(5));
        assertEquals(List.of(2, 2, 1, 1), server.batchSizes());
    }

    @Test
    void eachCommandKeepsItsOwnResult() throws Exception {
        CompletableFuture<CommandResult> first = client.submit(command("a"));
        CompletableFuture<CommandResult> refused = client.submit(command("reject-me"));
        CompletableFuture<CommandResult> last = client.submit(command("b"));
        assertEquals("r:a", cluster.await(first, Duration.ofSeconds(1)).payload().utf8());
        assertEquals("r:b", cluster.await(last, Duration.ofSeconds(1)).payload().utf8());
        Throwable failure = cluster.awaitFailure(refused, Duration.ofSeconds(1));
        assertEquals("no reject-me", assertInstanceOf(CommandRejectedException.class, failure).getMessage());
        assertEquals(List.of(3), server.batchSizes());
    }

    @Test
    void aCommandThatWasCancelledBeforeItWasSentIsNotSent() throws Exception {
        CompletableFuture<CommandResult> kept = client.submit(command("a"));
        client.submit(command("b")).cancel(false);
        cluster.await(kept, Duration.ofSeconds(1));
        cluster.run(Duration.ofSeconds(1));
        assertEquals(List.of("a"), cluster.applied);
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void queriesOfOneConsistencyShareACall() throws Exception {
        List<CompletableFuture<QueryResult>> answers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            answers.add(client.query(Bytes.utf8("l" + i), Consistency.LINEARIZABLE));
            answers.add(client.query(Bytes.utf8("o" + i), Consistency.LOCAL));
        }
        for (int i = 0; i < 50; i++) {
            assertEquals("l" + i + "@n1", cluster.await(answers.get(2 * i), Duration.ofSeconds(1)).payload().utf8());
            QueryResult local = cluster.await(answers.get(2 * i + 1), Duration.ofSeconds(1));
            assertEquals("o" + i + "@n1", local.payload().utf8());
        }
        assertEquals(2, server.arrived(RpcType.QUERY).size());
    }

    @Test
    void aQueryRefusedInCompanyIsAskedAgainUntilItIsRefusedAlone() throws Exception {
        List<CompletableFuture<QueryResult>> fine =
            IntStream.range(0, 40).mapToObj(i -> client.query(Bytes.utf8("a" + i), Consistency.LOCAL)).toList();
        CompletableFuture<QueryResult> refused = client.query(Bytes.utf8("reject"), Consistency.LOCAL);
        for (int i = 0; i < fine.size(); i++) {
            assertEquals("a" + i + "@n1", cluster.await(fine.get(i), Duration.ofSeconds(1)).payload().utf8());
        }
        assertInstanceOf(CommandRejectedException.class, cluster.awaitFailure(refused, Duration.ofSeconds(1)));
        assertEquals(2, server.arrived(RpcType.QUERY).size());
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void noQueryIsRefusedBecauseItsNeighboursHaveLargeAnswers() throws Exception {
        // Together about three times what one response holds.
        for (int round = 0; round < 3; round++) {
            int before = server.arrived(RpcType.QUERY).size();
            List<CompletableFuture<QueryResult>> answers =
                IntStream.range(0, 400).mapToObj(i -> client.query(Bytes.utf8("big" + i), Consistency.LOCAL)).toList();
            for (int i = 0; i < answers.size(); i++) {
                Bytes answer = cluster.await(answers.get(i), Duration.ofSeconds(5)).payload();
                assertTrue(answer.startsWith(Bytes.utf8("big" + i + "@")));
            }
            int calls = server.arrived(RpcType.QUERY).size() - before;
            assertTrue(calls <= 30, calls + " calls in round " + round);
        }
    }

    @Test
    void aQueryThatMustWaitDoesNotHoldUpOthers() throws Exception {
        cluster.index = 10;
        List<CompletableFuture<QueryResult>> never = IntStream.range(0, 5).mapToObj(i ->
            client.query(Bytes.utf8("never" + i), Consistency.atLeast(new LogIndex(1_000_000 + i)))).toList();
        cluster.run(Duration.ofMillis(10));
        cluster.await(client.query(Bytes.utf8("teaches"), Consistency.LOCAL), Duration.ofSeconds(1));
        for (int i = 1; i <= 10; i++) {
            CompletableFuture<QueryResult> soon = client.query(Bytes.utf8("q"), Consistency.atLeast(new LogIndex(i)));
            assertEquals("q@n1", cluster.await(soon, Duration.ofMillis(20)).payload().utf8());
        }
        assertTrue(never.stream().noneMatch(CompletableFuture::isDone));
    }

    @Test
    void aRequestThatNoNodeWouldReadIsRefusedHere() {
        Bytes large = Bytes.wrap(new byte[ProtocolLimits.MAX_QUERY_BYTES + 1]);
        assertInstanceOf(CommandRejectedException.class,
            cluster.awaitFailure(client.query(large, Consistency.LOCAL), Duration.ZERO));
        assertInstanceOf(CommandRejectedException.class,
            cluster.awaitFailure(client.watch(large, Duration.ZERO), Duration.ZERO));
        assertEquals(0, client.pendingOperations());
    }

    private static Command command(String text) {
        return new Command(Bytes.utf8(text));
    }
}
