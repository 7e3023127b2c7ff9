package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    void aNodeListensToAStrangerOnlyIfAKnownOneVouchesForIt() {
        NodeId n8 = new NodeId("n8");
        NodeId n9 = new NodeId("n9");
        strangers(n8, n9);
        cluster.log.resign();
        cluster.run(100);
        assertEquals("DENIED", heartbeat("n9", N2), "nobody was asked yet");
        cluster.run(2_000);
        assertEquals("DENIED", heartbeat("n9", N2), "nobody knows it, though n2 follows nobody");

        cluster.host("n1").consensus().membership = voters(List.of(new NodeId("n1"), N2, n9));
        cluster.host("n1").consensus().tellStatus();
        assertEquals("DENIED", heartbeat("n9", N2));
        cluster.run(Vouching.ASK_INTERVAL_MILLIS + 100);
        heartbeat("n9", N2);
        cluster.run(100);
        for (int i = 0; i < 10; i++) {
            assertEquals("OK", heartbeat("n9", N2), "n1 says that it is a member, once and for all further calls");
        }
        assertEquals("DENIED", heartbeat("n8", N2), "n1 vouches for that one alone");
        SimCaller client = new SimCaller(cluster, TestIdentity.client("app"));
        assertEquals("DENIED", client.await("n2", RpcType.HEARTBEAT, List.of(Bytes.utf8("x"))).code());

        cluster.host("n2").consensus().membership = voters(List.of(N2, new NodeId("n3")));
        cluster.host("n2").consensus().tellStatus();
        cluster.run(10);
        assertEquals("DENIED", heartbeat("n9", N2), "under another configuration it is asked for anew");
        assertEquals("OK", heartbeat("n1", N2), "n1 is no member any more, but n2's own file names it");
    }

    @Test
    void oneWhoAsksAgainAndAgainCausesOneRoundOfQuestionsASecond() {
        NodeId n9 = new NodeId("n9");
        strangers(n9);
        for (int i = 0; i < 100; i++) {
            assertEquals("DENIED", heartbeat("n9", N2));
            cluster.run(30);
        }
        long rounds = cluster.host("n2").counters.get("vouching.round");
        assertTrue(rounds >= 3 && rounds <= 5, "found " + rounds);
    }

    @Test
    void theFirstHelloTellsTheEpochAlready() {
        cluster.await(cluster.host("n1").submit("x"));
        SimCluster.Host late = cluster.start(N4, new SimCluster.Shape(List.of(cluster.network),
            List.of(cluster.network.scheme()), List.of(), voters(SimCluster.ids(4)), null));
        assertEquals(1, late.node.core().sessions().local().epoch(), "before anything has run on its loop");
    }

    @Test
    void aNodeThatJoinsAfterARecoveryIsNotOfTheTimeBeforeItThoughItsLogBeginsThere() {
        Membership nobody = Membership.ofNobody(Map.of(N1, List.of(SimCluster.endpoint(N1))));
        for (NodeId id : SimCluster.ids(3)) {
            cluster.host(id.value()).consensus().membership = inEpoch(2);
            cluster.host(id.value()).consensus().tellStatus();
        }
        cluster.await(cluster.host("n1").submit("x"));
        SimCluster.Host joining = cluster.start(N4, new SimCluster.Shape(List.of(cluster.network),
            List.of(cluster.network.scheme()), List.of(), nobody, null));
        cluster.run(2_000);
        assertEquals("OK", heartbeat("n1", N4));

        joining.consensus().membership = inEpoch(1);
        joining.consensus().tellStatus();
        cluster.run(2_000);
        assertTrue(joining.consensus().status().commitIndex().value() > 0);
        assertEquals(0, joining.node.core().sessions().local().epoch());
        assertEquals("OK", heartbeat("n1", N4), "it would never learn of the recovery otherwise");

        joining.consensus().membership = inEpoch(2);
        joining.consensus().tellStatus();
        cluster.run(2_000);
        assertEquals(2, joining.node.core().sessions().local().epoch());
        assertEquals("OK", heartbeat("n1", N4));
    }

    private static Membership inEpoch(long epoch) {
        Membership four = voters(SimCluster.ids(4));
        return new Membership(epoch, four.voters(), new TreeSet<>(), new TreeSet<>(), new TreeSet<>(),
            four.endpoints(), new TreeMap<>());
    }

    /** Nodes of the cluster that nobody has added. */
    private void strangers(NodeId... ids) {
        for (NodeId id : ids) {
            cluster.start(id, new SimCluster.Shape(List.of(cluster.network), List.of(cluster.network.scheme()),
                List.of(), voters(SimCluster.ids(3)), null));
        }
        cluster.run(2_000);
    }

    private static Membership voters(List<NodeId> ids) {
        Map<NodeId, List<Endpoint>> places = new TreeMap<>();
        ids.forEach(id -> places.put(id, List.of(SimCluster.endpoint(id))));
        return Membership.ofVoters(places);
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
