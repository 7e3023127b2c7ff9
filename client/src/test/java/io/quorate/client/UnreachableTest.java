package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.AccessDeniedException;
import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.NodeId;
import io.quorate.api.UnavailableException;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.identity.TestIdentity;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** When nobody can be reached, the error names each endpoint and its reason. */
class UnreachableTest {

    private static final Duration LIMIT = Duration.ofSeconds(10).plusMillis(2);

    private final FakeCluster cluster = new FakeCluster(41, "n1", "n2");

    @Test
    void namesEachEndpointWithItsReason() {
        cluster.server("n1").kill();
        cluster.server("n2").kill();
        cluster.network.partition("app", "n2");
        QuorateClient client = cluster.start(cluster.clientBuilder());
        Throwable failure = cluster.awaitFailure(client.submit(command()), LIMIT);
        assertInstanceOf(UnavailableException.class, failure);
        assertEquals("no server can be reached: mem://n1:1: connect-failed: connection refused by mem://n1:1; "
            + "mem://n2:1: connect-failed: no answer from mem://n2:1", failure.getMessage());
    }

    @Test
    void waitsForAServerAsLongAsItIsToldTo() throws Exception {
        cluster.server("n1").kill();
        cluster.server("n2").kill();
        QuorateClient client = cluster.start(cluster.clientBuilder().connectTimeout(Duration.ofSeconds(2)));
        CompletableFuture<CommandResult> result = client.submit(command());
        cluster.run(Duration.ofMillis(1_999));
        assertFalse(result.isDone());
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(result, Duration.ofMillis(2)));
        CompletableFuture<CommandResult> next = client.submit(command());
        cluster.run(Duration.ofMillis(500));
        cluster.server("n1").restart();
        cluster.await(next, Duration.ofMillis(1_600));
    }

    @Test
    void isToldAtOnceWhenEveryServerRefusesForGood() {
        QuorateClient stranger = cluster.start(cluster.clientBuilder(
            TestIdentity.of(new PeerIdentity("elsewhere", PeerIdentity.Kind.CLIENT, "app"))));
        Throwable failure = cluster.awaitFailure(stranger.submit(command()), Duration.ofMillis(100));
        assertInstanceOf(UnavailableException.class, failure);
        assertEquals(Optional.of("wrong-trust-domain"), ((UnavailableException) failure).reason());
        assertTrue(failure.getMessage().contains("mem://n1:1: wrong-trust-domain: found trust domain test"),
            failure.getMessage());
        assertTrue(failure.getMessage().contains("mem://n2:1: wrong-trust-domain"), failure.getMessage());
    }

    @Test
    void isToldAtOnceWhenItIsAnotherCluster() {
        QuorateClient lost = cluster.start(cluster.clientBuilder().cluster(new ClusterId("other")));
        Throwable failure = cluster.awaitFailure(lost.submit(command()), Duration.ofMillis(100));
        assertInstanceOf(UnavailableException.class, failure);
        assertTrue(failure.getMessage().contains("wrong-cluster"), failure.getMessage());
        assertEquals(Optional.of("wrong-cluster"), ((UnavailableException) failure).reason());
    }

    @Test
    void oneServerThatIsMerelyDownIsReasonEnoughToWait() throws Exception {
        cluster.server("n1").kill();
        QuorateClient stranger = cluster.start(cluster.clientBuilder(
            TestIdentity.of(new PeerIdentity("elsewhere", PeerIdentity.Kind.CLIENT, "app"))));
        CompletableFuture<CommandResult> result = stranger.submit(command());
        cluster.run(Duration.ofSeconds(9));
        assertFalse(result.isDone());
        assertInstanceOf(UnavailableException.class, cluster.awaitFailure(result, LIMIT));
    }

    @Test
    void comesBackByItselfAfterEverythingWasGone() throws Exception {
        QuorateClient client = cluster.connectedClient();
        cluster.server("n1").kill();
        cluster.server("n2").kill();
        cluster.run(Duration.ofSeconds(30));
        CompletableFuture<CommandResult> result = client.submit(command());
        cluster.run(Duration.ofSeconds(1));
        cluster.server("n1").restart();
        cluster.await(result, Duration.ofSeconds(2));
    }

    @Test
    void deniedIsToldAsSuch() {
        QuorateClient client = cluster.connectedClient();
        assertInstanceOf(AccessDeniedException.class, cluster.awaitFailure(client.peers(), Duration.ofSeconds(1)));
    }

    @Test
    void everyMemberIsAskedForItsStatus() throws Exception {
        FakeCluster three = new FakeCluster(42, "n1", "n2", "n3");
        three.server("n2").kill();
        // Only one of them is configured; an operator finds the others.
        QuorateClient client = three.start(QuorateClient.builder().cluster(FakeCluster.ID)
            .identity(TestIdentity.operator("ops")).transport(three.transports("app"))
            .server(FakeCluster.endpoint("n3")).loop(new io.quorate.testing.time.VirtualLoop(three.world)));
        List<MemberStatus> all = three.await(client.memberStatuses(), Duration.ofSeconds(2));
        assertEquals(List.of("n1", "n2", "n3"), all.stream().map(each -> each.node().value()).toList());
        assertEquals("leader", all.get(0).status().orElseThrow().role());
        assertEquals("node n2 cannot be reached: connect-failed: connection refused by mem://n2:1",
            all.get(1).failure().orElseThrow());
        assertEquals("follower", all.get(2).status().orElseThrow().role());
    }

    @Test
    void aNodeThatNobodyKnowsIsToldAsSuch() {
        QuorateClient client = cluster.connectedClient();
        Throwable failure = cluster.awaitFailure(client.status(new NodeId("n9")), Duration.ofSeconds(1));
        assertInstanceOf(UnavailableException.class, failure);
        assertTrue(failure.getMessage().contains("n9 is not at any configured server"), failure.getMessage());
    }

    @Test
    void aBuilderSaysWhatIsMissing() {
        assertMissing("cluster", QuorateClient.builder());
        assertMissing("identity", QuorateClient.builder().cluster(FakeCluster.ID));
        assertMissing("server", QuorateClient.builder().cluster(FakeCluster.ID).identity(TestIdentity.client("a")));
        assertMissing("transport for tcp", cluster.clientBuilder().server(Endpoint.parse("tcp://127.0.0.1:7400")));
        assertMissing("operation time limit", cluster.clientBuilder().operationTimeout(Duration.ZERO));
    }

    private static void assertMissing(String what, ClientBuilder builder) {
        String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
        assertTrue(message.contains(what), message);
    }

    private static Command command() {
        return new Command(Bytes.utf8("c"));
    }
}
