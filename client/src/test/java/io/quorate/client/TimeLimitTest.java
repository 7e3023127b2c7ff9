package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.QueryResult;
import io.quorate.api.UnavailableException;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Every operation ends by its deadline, and says what may be concluded; what is pending is bounded. */
class TimeLimitTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration JUST_BEFORE = LIMIT.minusMillis(1);
    private static final Duration MOMENT = Duration.ofMillis(2);

    private final FakeCluster cluster = new FakeCluster(31, "n1", "n2");
    private final QuorateClient client = cluster.connectedClient();

    @Test
    void aCommandThatWasSentAndNotAnsweredIsUnknown() {
        cluster.server("n1").always(RpcType.SUBMIT, FakeServer.silence());
        CompletableFuture<CommandResult> result = client.submit(command("a"));
        cluster.run(JUST_BEFORE);
        assertFalse(result.isDone());
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(result, MOMENT));
        assertEquals(1, cluster.server("n1").batchSizes().size());
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void aCommandThatCouldNotBeSentDidNotHappen() {
        cluster.server("n1").always(RpcType.SUBMIT, FakeServer.silence());
        client.submit(command("a"));
        cluster.run(MOMENT);
        client.submit(command("b"));
        cluster.run(MOMENT);
        // The calls that may be under way are, and stay so almost until its own deadline.
        CompletableFuture<CommandResult> third = client.submit(command("c"));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(third, LIMIT));
        cluster.run(LIMIT);
        assertEquals(List.of(1, 1), cluster.server("n1").batchSizes());
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void eachCommandOfABatchHasItsOwnDeadline() throws Exception {
        cluster.elect(null);
        for (FakeServer server : cluster.servers.values()) {
            server.always(RpcType.SUBMIT, FakeServer.error(RpcError.Code.UNAVAILABLE));
        }
        CompletableFuture<CommandResult> early = client.submit(command("early"));
        cluster.run(Duration.ofSeconds(6));
        CompletableFuture<CommandResult> late = client.submit(command("late"));
        cluster.run(Duration.ofMillis(2_500));
        // Both are now sent together, to a leader that answers after the first one's time.
        for (FakeServer server : cluster.servers.values()) {
            server.always(RpcType.SUBMIT, (request, call) ->
                cluster.world.schedule(2 * FakeCluster.SECOND, () -> server.apply(request, call)));
        }
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(early, Duration.ofMillis(1_502)));
        assertEquals("r:late", cluster.await(late, Duration.ofSeconds(2)).payload().utf8());
        assertEquals(List.of("early", "late"), cluster.applied);
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void withoutALeaderACommandIsUnavailableAtItsDeadline() {
        cluster.elect(null);
        CompletableFuture<CommandResult> result = client.submit(command("a"));
        // Not in the last moment either: an attempt that cannot end in time would make its outcome unknown.
        cluster.run(Duration.ofSeconds(9));
        assertFalse(result.isDone());
        Throwable failure = cluster.awaitFailure(result, LIMIT);
        assertInstanceOf(UnavailableException.class, failure);
        assertTrue(failure.getMessage().contains("knows no leader"), failure.getMessage());
        assertTrue(failure.getMessage().contains("10000 ms"), failure.getMessage());
    }

    @Test
    void anOverloadThatLastsIsToldAsOne() {
        for (FakeServer server : cluster.servers.values()) {
            server.always(RpcType.SUBMIT, FakeServer.error(RpcError.Code.OVERLOADED, "250"));
        }
        Throwable failure = cluster.awaitFailure(client.submit(command("a")), LIMIT.plus(MOMENT));
        assertEquals(Duration.ofMillis(250), assertInstanceOf(OverloadedException.class, failure).retryAfter());
        assertTrue(cluster.server("n1").batchSizes().size() <= 41);
    }

    @Test
    void aQueryThatNobodyAnswersIsUnavailable() {
        for (FakeServer server : cluster.servers.values()) {
            server.always(RpcType.QUERY, FakeServer.silence());
        }
        for (Consistency each : List.of(Consistency.LINEARIZABLE, Consistency.LOCAL)) {
            CompletableFuture<QueryResult> result = client.query(Bytes.utf8("q"), each);
            assertInstanceOf(UnavailableException.class, cluster.awaitFailure(result, LIMIT.plus(MOMENT)));
        }
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void aStatusThatOneNodeKeepsToItselfIsAskedOfAnother() throws Exception {
        cluster.server("n1").always(RpcType.STATUS, FakeServer.silence());
        assertEquals("n2", cluster.await(client.status(), Duration.ofSeconds(5)).node().value());
    }

    @Test
    void beyondItsBoundsItIsOverloadedAtOnceAndRecovers() throws Exception {
        QuorateClient small = cluster.start(cluster.clientBuilder().maxPending(10, 1_000));
        cluster.run(Duration.ofMillis(100));
        List<CompletableFuture<CommandResult>> accepted = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            accepted.add(small.submit(command("c" + i)));
        }
        CompletableFuture<CommandResult> eleventh = small.submit(command("too-many"));
        assertInstanceOf(OverloadedException.class, cluster.awaitFailure(eleventh, Duration.ZERO));
        for (CompletableFuture<CommandResult> each : accepted) {
            cluster.await(each, Duration.ofSeconds(1));
        }
        CompletableFuture<CommandResult> large = small.submit(new Command(Bytes.wrap(new byte[900])));
        CompletableFuture<CommandResult> larger = small.submit(new Command(Bytes.wrap(new byte[101])));
        assertInstanceOf(OverloadedException.class, cluster.awaitFailure(larger, Duration.ZERO));
        cluster.await(large, Duration.ofSeconds(1));
        cluster.await(small.submit(command("again")), Duration.ofSeconds(1));
        assertEquals(0, small.pendingOperations());
    }

    @Test
    void whoSubmitsFromACompletionFindsRoom() throws Exception {
        QuorateClient small = cluster.start(cluster.clientBuilder().maxPending(1, 1_000));
        cluster.run(Duration.ofMillis(100));
        CompletableFuture<CommandResult> chain = small.submit(command("c0"));
        for (int i = 1; i < 20; i++) {
            int number = i;
            chain = chain.thenCompose(done -> small.submit(command("c" + number)));
        }
        assertEquals("r:c19", cluster.await(chain, Duration.ofSeconds(1)).payload().utf8());
    }

    @Test
    void closeEndsEverything() {
        cluster.server("n1").always(RpcType.SUBMIT, FakeServer.silence());
        cluster.server("n1").always(RpcType.QUERY, FakeServer.silence());
        CompletableFuture<CommandResult> sent = client.submit(command("a"));
        CompletableFuture<QueryResult> asked = client.query(Bytes.utf8("q"), Consistency.LINEARIZABLE);
        CompletableFuture<?> watch = client.watch(Bytes.utf8("w"), Duration.ofHours(1));
        cluster.run(Duration.ofMillis(10));
        client.submit(command("b"));
        cluster.run(Duration.ofMillis(10));
        CompletableFuture<CommandResult> waiting = client.submit(command("c"));
        client.close();
        client.close();
        assertInstanceOf(UnavailableException.class,
            cluster.awaitFailure(client.submit(command("late")), Duration.ZERO));
        cluster.run(MOMENT);
        assertInstanceOf(OutcomeUnknownException.class, cluster.awaitFailure(sent, Duration.ZERO));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(asked, Duration.ZERO));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(watch, Duration.ZERO));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(waiting, Duration.ZERO));
        assertEquals(0, client.pendingOperations());
        assertEquals(0, cluster.network.connections("app").size());
    }

    private static Command command(String text) {
        return new Command(Bytes.utf8(text));
    }
}
