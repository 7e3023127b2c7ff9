package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.OverloadedException;
import io.quorate.api.QueryResult;
import io.quorate.api.UnavailableException;
import io.quorate.registry.protocol.PeerChangesRequest;
import io.quorate.registry.protocol.PeerCodec;
import io.quorate.registry.protocol.QueryRequest;
import io.quorate.registry.protocol.QueryResponse;
import io.quorate.registry.protocol.StatusCodec;
import io.quorate.registry.protocol.WatchRequest;
import io.quorate.registry.protocol.WatchResponse;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Queries at each consistency, watches, and what callers of each standing get. */
class ReadAndWatchTest {

    private static final Bytes COUNT = Bytes.utf8("count");

    @Test
    void testsRunInTheModule() {
        assertEquals("io.quorate.registry", getClass().getModule().getName());
    }

    @Test
    void eachConsistencyAnswersFromTheStateItPromises() {
        SimCluster cluster = CommandTest.ledByFirst(1);
        CommandResult written = cluster.await(cluster.host("n1").submit("a"));
        QueryResult linearizable = cluster.await(cluster.host("n3").node.query(COUNT, Consistency.LINEARIZABLE));
        assertEquals("1", linearizable.payload().utf8());
        assertTrue(linearizable.appliedIndex().compareTo(written.index()) >= 0);
        assertEquals("1", cluster.await(cluster.host("n2").node.query(COUNT, Consistency.LOCAL)).payload().utf8());

        LogIndex next = written.index().next();
        CompletableFuture<QueryResult> later = cluster.host("n2").node.query(COUNT, Consistency.atLeast(next));
        cluster.run(1_000);
        assertFalse(later.isDone(), "that index was not applied yet");
        cluster.host("n1").submit("b");
        assertEquals("2", cluster.await(later).payload().utf8());
    }

    @Test
    void localReadsNeedNobodyElse() {
        SimCluster cluster = CommandTest.ledByFirst(2);
        cluster.log.resign();
        cluster.log.readsUnavailable = true;
        assertEquals("0", cluster.await(cluster.host("n2").node.query(COUNT, Consistency.LOCAL)).payload().utf8());
    }

    @Test
    void allReadsOfATurnShareOneRound() {
        SimCluster cluster = CommandTest.ledByFirst(3);
        List<CompletableFuture<QueryResult>> reads = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            reads.add(cluster.host("n1").node.query(COUNT, Consistency.LINEARIZABLE));
        }
        reads.forEach(cluster::await);
        assertEquals(1, cluster.log.readRounds);
    }

    @Test
    void aReadIsAskedAgainUntilItsDeadline() {
        SimCluster cluster = CommandTest.ledByFirst(4);
        cluster.log.readsUnavailable = true;
        CompletableFuture<QueryResult> lucky = cluster.host("n1").node.query(COUNT, Consistency.LINEARIZABLE);
        cluster.run(1_000);
        assertFalse(lucky.isDone());
        cluster.log.readsUnavailable = false;
        assertEquals("0", cluster.await(lucky).payload().utf8());
        cluster.log.readsUnavailable = true;
        UnavailableException why = assertInstanceOf(UnavailableException.class,
            cluster.awaitFailure(cluster.host("n1").node.query(COUNT, Consistency.LINEARIZABLE)));
        assertTrue(why.getMessage().contains("no quorum on request"), why.getMessage());
    }

    @Test
    void anIndexThatNeverComesEndsTheWaitAndIsForgotten() {
        SimCluster cluster = CommandTest.ledByFirst(5);
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(
            cluster.host("n1").node.query(COUNT, Consistency.atLeast(new LogIndex(1_000_000)))));
    }

    @Test
    void aQueryThatIsRefusedOrDefectiveCostsItsCallerAlone() {
        SimCluster cluster = CommandTest.ledByFirst(6);
        assertInstanceOf(CommandRejectedException.class, cluster.awaitFailure(
            cluster.host("n1").node.query(Bytes.utf8("what"), Consistency.LOCAL)));
        assertInstanceOf(CommandRejectedException.class, cluster.awaitFailure(
            cluster.host("n1").node.query(Bytes.utf8("break"), Consistency.LOCAL)));
        assertEquals(1, cluster.host("n1").counters.get("state-machine.defect.query"));
        assertEquals("0", cluster.await(cluster.host("n1").node.query(COUNT, Consistency.LOCAL)).payload().utf8());
    }

    @Test
    void aWatchAnswersAtOnceOrWithTheNewsOrWithNothing() {
        SimCluster cluster = CommandTest.ledByFirst(7);
        cluster.await(cluster.host("n1").submit("a"));
        cluster.run(50);
        assertEquals(Optional.of(Bytes.utf8("a")), cluster.await(watch(cluster, "0", 0)));
        assertEquals(Optional.empty(), cluster.await(watch(cluster, "1", 0)));

        CompletableFuture<Optional<Bytes>> waiting = watch(cluster, "1", 30_000);
        cluster.run(2_000);
        assertFalse(waiting.isDone());
        cluster.host("n1").submit("b");
        assertEquals(Optional.of(Bytes.utf8("b")), cluster.await(waiting));

        CompletableFuture<Optional<Bytes>> inVain = watch(cluster, "5", 1_000);
        cluster.run(990);
        assertFalse(inVain.isDone());
        cluster.run(20);
        assertEquals(Optional.empty(), inVain.join());
        assertInstanceOf(CommandRejectedException.class, cluster.awaitFailure(watch(cluster, "refuse", 1_000)));
    }

    @Test
    void watchersAreBoundedAndAPlaceIsFreeAgainWhenItsCallerIsGone() {
        SimCluster cluster = CommandTest.ledByFirst(8);
        List<CompletableFuture<Optional<Bytes>>> all = new ArrayList<>();
        for (int i = 0; i < NodeLimits.MAX_WATCHERS; i++) {
            all.add(watch(cluster, "9", 60_000));
        }
        assertInstanceOf(OverloadedException.class, cluster.awaitFailure(watch(cluster, "9", 60_000)));
        assertEquals(1, cluster.host("n2").counters.get("overloaded.watches"));
        all.get(17).cancel(false);
        cluster.run(10);
        CompletableFuture<Optional<Bytes>> another = watch(cluster, "9", 60_000);
        cluster.run(10);
        assertFalse(another.isDone());
    }

    @Test
    void nobodyIsAskedForNewsWhenNothingWasApplied() {
        SimCluster cluster = CommandTest.ledByFirst(9);
        watch(cluster, "9", 60_000);
        cluster.run(10);
        int polls = cluster.host("n2").machine.polls;
        cluster.run(20_000);
        assertEquals(polls, cluster.host("n2").machine.polls);
    }

    @Test
    void callersOfEveryStandingGetWhatTheTableSays() throws MalformedBytesException {
        SimCluster cluster = CommandTest.ledByFirst(10);
        List<Bytes> query = new QueryRequest(Consistency.LINEARIZABLE, List.of(COUNT, Bytes.utf8("what"))).encode();
        List<Bytes> changes = new PeerChangesRequest(0, 0).encode();
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        SimCaller operator = new SimCaller(cluster, TestIdentity.operator("ops"));
        SimCaller joining = new SimCaller(cluster, TestIdentity.node("n9"));

        QueryResponse answered = QueryResponse.decode(client.await("n2", RpcType.QUERY, query).response());
        assertEquals("0", answered.outcomes().get(0).payload().utf8());
        assertTrue(answered.outcomes().get(1).rejected());
        for (SimCaller caller : List.of(client, operator, joining)) {
            assertEquals(new NodeId("n2"),
                StatusCodec.decode(caller.await("n2", RpcType.STATUS, List.of()).response()).node());
            assertEquals("DENIED", caller.await("n2", RpcType.HEARTBEAT, List.of()).code());
        }
        assertEquals("DENIED", client.await("n2", RpcType.PEERS, List.of()).code());
        assertEquals("DENIED", client.await("n2", RpcType.PEER_CHANGES, changes).code());
        assertEquals("DENIED", joining.await("n2", RpcType.QUERY, query).code());
        assertEquals(3, cluster.host("n2").counters.get("rpc.denied.heartbeat"));
        assertEquals(1, cluster.host("n2").counters.get("rpc.denied.peer-changes"));
        assertEquals(3, PeerCodec.decodeView(operator.await("n2", RpcType.PEERS, List.of()).response()).peers().size());
        assertTrue(PeerCodec.decodeChanges(operator.await("n2", RpcType.PEER_CHANGES, changes).response()).upTo() >= 5);
        assertEquals(List.of("n1", "n2", "n3"), cluster.host("n1").peers().peers().stream()
            .map(peer -> peer.id().value()).toList(), "who merely asks is no peer");
    }

    @Test
    void aRemoteWatchEndsWithItsCaller() throws MalformedBytesException {
        SimCluster cluster = CommandTest.ledByFirst(11);
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        CompletableFuture<SimCaller.Answer> news =
            client.call("n2", RpcType.WATCH, new WatchRequest(20_000, Bytes.utf8("0")).encode(), 30_000);
        cluster.run(1_000);
        cluster.host("n1").submit("a");
        assertEquals(Optional.of(Bytes.utf8("a")), WatchResponse.decode(cluster.await(news).response()).news());

        CompletableFuture<SimCaller.Answer> none =
            client.call("n2", RpcType.WATCH, new WatchRequest(20_000, Bytes.utf8("1")).encode(), 2_000);
        assertEquals(Optional.empty(), WatchResponse.decode(cluster.await(none).response()).news(),
            "answered within the caller's own time");

        client.call("n2", RpcType.WATCH, new WatchRequest(20_000, Bytes.utf8("1")).encode(), 30_000);
        cluster.run(1_000);
        client.stop();
        cluster.run(1_000);
        int polls = cluster.host("n2").machine.polls;
        cluster.await(cluster.host("n1").submit("b"));
        cluster.run(100);
        assertEquals(polls, cluster.host("n2").machine.polls, "nobody asks for a caller that is gone");
    }

    private static CompletableFuture<Optional<Bytes>> watch(SimCluster cluster, String request, long millis) {
        return cluster.host("n2").node.watch(Bytes.utf8(request), Duration.ofMillis(millis));
    }
}
