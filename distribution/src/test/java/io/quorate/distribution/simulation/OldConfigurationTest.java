package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.api.PeerStatus;
import io.quorate.kv.Kv;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.testing.simulation.SimulatedCluster;
import io.quorate.testing.simulation.SimulatedNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whole nodes: one that was away while the others changed has a configuration without those that it needs. */
class OldConfigurationTest {

    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N4 = new NodeId("n4");

    private static Bytes put(String value) {
        return Kv.put(Bytes.utf8("key"), Bytes.utf8(value)).payload();
    }

    @Test
    void aVoterThatWasAwayVotesForANewOneAndListensToItForAnotherVouches() {
        SimulatedCluster cluster = SimulatedCluster.builder().seed(71).nodes(3)
            .stateMachine(BoxedStore::fresh).consensus(Optional.of("raft"), Map.of()).start();
        cluster.await(cluster.submit(cluster.awaitLeader().id().value(), put("first")));
        cluster.node("n3").kill();
        String leader = cluster.awaitLeader().id().value();
        SimulatedNode added = cluster.addMachine("n4",
            Membership.ofNobody(Map.of(N1, List.of(cluster.node("n1").endpoint()))));
        added.start();
        assertInstanceOf(AdministrationResult.Done.class, cluster.await(cluster.changeMembership(leader,
            new MembershipChange.Add(N4, List.of(added.endpoint()), true))));
        assertTrue(cluster.runUntil(() -> added.status().orElseThrow().membership().voters().contains(N4)
            && !added.status().orElseThrow().membership().isJoint(), Duration.ofSeconds(10)), cluster::timeline);
        cluster.runFor(Duration.ofSeconds(1));
        leader = cluster.awaitLeader().id().value();
        assertInstanceOf(AdministrationResult.Done.class, cluster.await(cluster.transferLeadership(leader, N4)));
        assertEquals(N4, cluster.awaitLeader().id());

        // What n4 alone has makes it the only one that can win; and it needs n3, which does not know it.
        cluster.isolate("n4");
        cluster.submit("n4", put("in the log of n4 alone"));
        cluster.runFor(Duration.ofMillis(50));
        cluster.node("n2").kill();
        cluster.node("n1").kill();
        added.kill();
        cluster.mendNetwork();
        cluster.node("n1").start();
        added.start();
        SimulatedNode away = cluster.node("n3");
        away.start();
        assertTrue(cluster.runUntil(() -> cluster.leader().isPresent(), Duration.ofSeconds(30)), cluster::timeline);
        assertEquals(N4, cluster.awaitLeader().id());
        cluster.await(cluster.submit("n1", put("all three have it")));
        assertTrue(cluster.runUntil(() -> away.status().orElseThrow().membership().contains(N4),
            Duration.ofSeconds(10)), cluster::timeline);
    }

    @Test
    void aNodeThatWasAwayWhileARemovedOneCameBackLetsItInWhenThatOneLeads() {
        SimulatedCluster cluster = SimulatedCluster.builder().seed(73).nodes(4)
            .stateMachine(BoxedStore::fresh)
            .consensus(Optional.of("raft"), Map.of("snapshot-entries", "2")).start();
        String leader = cluster.awaitLeader().id().value();
        NodeId gone = new NodeId(leader.equals("n2") ? "n3" : "n2");
        NodeId away = new NodeId(leader.equals("n4") ? "n1" : "n4");
        SimulatedNode returned = cluster.node(gone);
        assertInstanceOf(AdministrationResult.Done.class,
            cluster.await(cluster.changeMembership(leader, new MembershipChange.Remove(gone))));
        cluster.runFor(Duration.ofSeconds(3));
        assertEquals(PeerStatus.REMOVED, cluster.await(cluster.node(away).controlPlane().peers()).peers().stream()
            .filter(peer -> peer.id().equals(gone)).findFirst().orElseThrow().status());
        returned.kill();
        cluster.await(cluster.submit(away.value(), put("once more, so that there is a snapshot")));
        cluster.runFor(Duration.ofSeconds(1));
        cluster.node(away).kill();
        assertInstanceOf(AdministrationResult.Done.class, cluster.await(cluster.changeMembership(leader,
            new MembershipChange.Add(gone, List.of(returned.endpoint()), true))));
        returned.start();
        assertTrue(cluster.runUntil(() -> returned.status().orElseThrow().membership().voters().contains(gone)
            && !returned.status().orElseThrow().membership().isJoint(), Duration.ofSeconds(10)), cluster::timeline);
        cluster.runFor(Duration.ofSeconds(1));
        assertInstanceOf(AdministrationResult.Done.class, cluster.await(cluster.transferLeadership(
            cluster.awaitLeader().id().value(), gone)));
        assertEquals(gone, cluster.awaitLeader().id());
        cluster.node(away).start();
        assertTrue(cluster.runUntil(() -> cluster.node(away).status().orElseThrow().membership().contains(gone),
            Duration.ofSeconds(10)), cluster::timeline);
        assertEquals(gone, cluster.awaitLeader().id());
    }

    @Test
    void aJointConfigurationThatIsNotCommittedNeedsBothMajoritiesAfterAStartToo() {
        SimulatedCluster cluster = SimulatedCluster.builder().seed(72).nodes(2)
            .stateMachine(BoxedStore::fresh).consensus(Optional.of("raft"), Map.of()).start();
        SimulatedNode leader = cluster.awaitLeader();
        cluster.await(cluster.submit(leader.id().value(), put("first")));
        cluster.runFor(Duration.ofSeconds(1));
        String other = leader.id().equals(N1) ? "n2" : "n1";
        cluster.isolate(leader.id().value());
        cluster.changeMembership(leader.id().value(), new MembershipChange.Remove(new NodeId(other)));
        cluster.runFor(Duration.ofMillis(50));
        assertTrue(leader.status().orElseThrow().membership().isJoint(), cluster::timeline);
        leader.kill();
        leader.start();
        assertTrue(leader.status().orElseThrow().membership().isJoint(), cluster::timeline);
        assertTrue(!cluster.runUntil(() -> cluster.leader().isPresent(), Duration.ofSeconds(10)), cluster::timeline);
        cluster.mendNetwork();
        cluster.awaitLeader();
    }
}
