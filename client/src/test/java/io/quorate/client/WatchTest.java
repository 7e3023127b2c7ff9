package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.PeerChanges;
import io.quorate.api.UnavailableException;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Long polls: news at once, nothing after the time to wait, another node when one fails. */
class WatchTest {

    private final FakeCluster cluster = new FakeCluster(51, "n1", "n2");
    private final QuorateClient client = cluster.connectedClient();

    @Test
    void bringsNewsAsSoonAsThereAreSome() throws Exception {
        CompletableFuture<Optional<Bytes>> watch = client.watch(Bytes.utf8("w"), Duration.ofSeconds(5));
        cluster.run(Duration.ofSeconds(1));
        assertFalse(watch.isDone());
        cluster.news = Optional.of("new");
        assertEquals("new", cluster.await(watch, Duration.ofMillis(5)).orElseThrow().utf8());
    }

    @Test
    void bringsNothingAfterItsTime() throws Exception {
        long before = cluster.nowMillis();
        assertEquals(Optional.empty(), cluster.await(client.watch(Bytes.utf8("w"), Duration.ofSeconds(5)),
            Duration.ofSeconds(6)));
        long took = cluster.nowMillis() - before;
        assertTrue(took >= 5_000 && took < 5_100, took + " ms");
        assertEquals(Optional.empty(), cluster.await(client.watch(Bytes.utf8("w"), Duration.ZERO),
            Duration.ofMillis(100)));
        assertEquals(Optional.empty(), cluster.await(client.watch(Bytes.utf8("w"), Duration.ofSeconds(-1)),
            Duration.ofMillis(100)));
    }

    @Test
    void waitsLongerThanOneCallMay() throws Exception {
        CompletableFuture<Optional<Bytes>> watch = client.watch(Bytes.utf8("w"), Duration.ofMinutes(5));
        cluster.run(Duration.ofSeconds(200));
        assertFalse(watch.isDone());
        cluster.news = Optional.of("new");
        assertTrue(cluster.await(watch, Duration.ofMillis(5)).isPresent());
        int polls = cluster.servers.values().stream().mapToInt(each -> each.arrived(RpcType.WATCH).size()).sum();
        assertEquals(4, polls);
    }

    @Test
    void goesToAnotherNodeWhenOneFails() throws Exception {
        CompletableFuture<Optional<Bytes>> watch = client.watch(Bytes.utf8("w"), Duration.ofSeconds(30));
        cluster.run(Duration.ofSeconds(1));
        FakeServer asked = cluster.server("n1").arrived(RpcType.WATCH).isEmpty() ? cluster.server("n2")
            : cluster.server("n1");
        asked.kill();
        cluster.run(Duration.ofSeconds(1));
        cluster.news = Optional.of("new");
        assertTrue(cluster.await(watch, Duration.ofMillis(5)).isPresent());
    }

    @Test
    void failsWhenNobodyAnswersUntilItsTimeAndAnOperationsAreOver() {
        for (FakeServer server : cluster.servers.values()) {
            server.always(RpcType.WATCH, FakeServer.error(RpcError.Code.UNAVAILABLE));
        }
        CompletableFuture<Optional<Bytes>> watch = client.watch(Bytes.utf8("w"), Duration.ofSeconds(5));
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(watch, Duration.ofSeconds(15).plusMillis(2)));
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void aRefusalIsTheStateMachines() {
        cluster.server("n1").always(RpcType.WATCH, FakeServer.error(RpcError.Code.REJECTED));
        cluster.server("n2").always(RpcType.WATCH, FakeServer.error(RpcError.Code.REJECTED));
        assertInstanceOf(CommandRejectedException.class,
            cluster.awaitFailure(client.watch(Bytes.utf8("w"), Duration.ofSeconds(5)), Duration.ofSeconds(1)));
    }

    @Test
    void manyWatchesDoNotHoldUpCommands() throws Exception {
        List<CompletableFuture<Optional<Bytes>>> watches = IntStream.range(0, 200)
            .mapToObj(i -> client.watch(Bytes.utf8("w" + i), Duration.ofSeconds(20))).toList();
        cluster.run(Duration.ofSeconds(1));
        for (int i = 0; i < 10; i++) {
            cluster.await(client.submit(new Command(Bytes.utf8("c" + i))), Duration.ofMillis(50));
        }
        for (CompletableFuture<Optional<Bytes>> watch : watches) {
            cluster.await(watch, Duration.ofSeconds(31));
        }
        assertEquals(0, client.pendingOperations());
    }

    @Test
    void followsThePeers() throws Exception {
        QuorateClient operator = cluster.start(cluster.clientBuilder(TestIdentity.operator("ops")));
        assertEquals(7, cluster.await(operator.peers(), Duration.ofSeconds(1)).number());
        CompletableFuture<PeerChanges> changes = operator.peerChanges(7, Duration.ofSeconds(5));
        cluster.run(Duration.ofSeconds(1));
        assertFalse(changes.isDone());
        cluster.news = Optional.of("changed");
        assertEquals(8, cluster.await(changes, Duration.ofMillis(10)).upTo());
        cluster.news = Optional.empty();
        PeerChanges none = cluster.await(operator.peerChanges(8, Duration.ofSeconds(1)), Duration.ofSeconds(2));
        assertTrue(none.events().isEmpty());
        assertEquals(8, none.upTo());
    }
}
