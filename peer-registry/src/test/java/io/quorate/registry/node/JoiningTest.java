package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Whom a node listens to whose configuration is empty, or older than the leader. */
class JoiningTest {

    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N4 = new NodeId("n4");

    private final SimCluster cluster = CommandTest.ledByFirst(51);

    @Test
    void aNodeThatWaitsToJoinMeetsTheClusterAndTakesItsLogFromNodesAlone() {
        Membership nobody = Membership.ofNobody(Map.of(N1, List.of(SimCluster.endpoint(N1))));
        SimCluster.Host joining = cluster.start(N4, new SimCluster.Shape(List.of(cluster.network),
            List.of(cluster.network.scheme()), List.of(), nobody, null));
        cluster.run(2_000);
        assertEquals("joining", cluster.await(joining.node.status()).role());
        assertEquals(0, joining.node.core().sessions().local().epoch());

        Map<NodeId, List<Endpoint>> places = new TreeMap<>();
        SimCluster.ids(4).forEach(id -> places.put(id, List.of(SimCluster.endpoint(id))));
        cluster.host("n1").consensus().membership = new Membership(new TreeSet<>(SimCluster.ids(3)),
            new TreeSet<>(List.of(N4)), new TreeMap<>(places));
        cluster.host("n1").consensus().tellStatus();
        cluster.run(2_000);
        assertEquals("OK", heartbeat("n1", N4), "the leader that has added it dials it");
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        assertEquals("DENIED", client.await("n4", RpcType.HEARTBEAT, List.of(Bytes.utf8("x"))).code());
    }

    @Test
    void aNodeListensToALeaderThatItDoesNotKnowWhileItFollowsNobody() {
        cluster.host("n2").consensus().membership = Membership.ofVoters(Map.of(N2,
            List.of(SimCluster.endpoint(N2)), new NodeId("n9"), List.of(SimCluster.endpoint(new NodeId("n9")))));
        cluster.host("n2").consensus().tellStatus();
        cluster.run(1_000);
        assertEquals("DENIED", heartbeat("n1", N2), "it follows a leader, and strangers do not disturb that");
        cluster.log.resign();
        cluster.run(100);
        assertEquals("OK", heartbeat("n1", N2));
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        assertEquals("DENIED", client.await("n2", RpcType.HEARTBEAT, List.of(Bytes.utf8("x"))).code());
    }

    private String heartbeat(String from, NodeId to) {
        CompletableFuture<SimCaller.Answer> answer = new CompletableFuture<>();
        SimCluster.Host caller = cluster.host(from);
        caller.loop.execute(() -> caller.node.core().sessions().call(to, RpcType.HEARTBEAT, List.of(Bytes.utf8("x")),
            1_000, new PeerCaller.CallHandler() {
                @Override
                public void onResponse(Bytes response) {
                    answer.complete(new SimCaller.Answer(response, null));
                }

                @Override
                public void onFailure(CallFailure failure) {
                    answer.complete(new SimCaller.Answer(null, failure));
                }
            }));
        return cluster.await(answer).code();
    }
}
