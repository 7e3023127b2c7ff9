package io.quorate.raft.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Changes of the membership and transfers of the leadership, through whole consensus objects. */
class AdministrationTest {

    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    private final VirtualCluster cluster = new VirtualCluster(3);
    private final List<AdministrationResult> answers = new ArrayList<>();

    private AdministrationResult await() {
        assertTrue(cluster.world.runUntil(() -> !answers.isEmpty(), 5 * SECOND), "no answer");
        cluster.world.runFor(SECOND);
        assertEquals(1, answers.size(), "answered more than once");
        return answers.getFirst();
    }

    @Test
    void theLeadershipGoesToWhomItIsHandedWithinMillisecondsAndStaysThere() {
        VirtualCluster.Node leader = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        VirtualCluster.Node heir = cluster.nodes.values().stream().filter(n -> n != leader).findFirst().orElseThrow();
        long asked = cluster.world.clock().nanoTime();
        leader.loop.execute(() ->
            leader.consensus.transferLeadership(Optional.of(heir.id), 2_000, answers::add));
        assertTrue(cluster.world.runUntil(() -> cluster.leader() == heir, SECOND));
        assertTrue(cluster.world.clock().nanoTime() - asked < 20 * MILLI, "it waited for a timeout");
        assertEquals(new AdministrationResult.Done(heir.id + " leads"), await());
        cluster.world.runFor(5 * SECOND);
        assertEquals(heir, cluster.leader());
    }

    @Test
    void aRemovedLeaderLeavesAClusterThatGoesOnAtOnce() {
        VirtualCluster.Node leader = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        long asked = cluster.world.clock().nanoTime();
        leader.loop.execute(() -> leader.consensus.changeMembership(new MembershipChange.Remove(leader.id), false,
            5_000, answers::add));
        assertTrue(cluster.world.runUntil(() -> cluster.leader() != null && cluster.leader() != leader
            && cluster.leader().consensus.status().ready(), SECOND));
        assertTrue(cluster.world.clock().nanoTime() - asked < 50 * MILLI, "it waited for a timeout");
        assertInstanceOf(AdministrationResult.Done.class, await());
        assertEquals(2, cluster.leader().consensus.status().membership().voters().size());
        cluster.leader().propose("goes on");
        assertTrue(cluster.world.runUntil(() -> cluster.leader().commands().size() == 1, SECOND));
        cluster.world.runFor(5 * SECOND);
        assertTrue(leader.consensus.status().leader().isEmpty() || cluster.leader() != leader);
    }

    @Test
    void aCallerMayWaitForEver() {
        VirtualCluster.Node leader = cluster.awaitLeader();
        VirtualCluster.Node other = cluster.nodes.values().stream().filter(n -> n != leader).findFirst().orElseThrow();
        cluster.world.runFor(SECOND);
        leader.loop.execute(() -> leader.consensus.changeMembership(new MembershipChange.Remove(other.id), false,
            Long.MAX_VALUE, answers::add));
        assertInstanceOf(AdministrationResult.Done.class, await());
        answers.clear();
        leader.loop.execute(() -> leader.consensus.transferLeadership(Optional.empty(), Long.MAX_VALUE / 2,
            answers::add));
        assertInstanceOf(AdministrationResult.Done.class, await());
    }

    @Test
    void aFollowerSaysWhoLeads() {
        VirtualCluster.Node leader = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        VirtualCluster.Node other = cluster.nodes.values().stream().filter(n -> n != leader).findFirst().orElseThrow();
        other.loop.execute(() -> other.consensus.changeMembership(new MembershipChange.Remove(leader.id), false, 1_000,
            answers::add));
        assertEquals(new AdministrationResult.NotLeader(Optional.of(leader.id)), await());
    }

    @Test
    void aNodeThatStopsAnswersWhatItHasBegun() {
        VirtualCluster.Node leader = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        leader.store.failSync();
        leader.loop.execute(() -> leader.consensus.changeMembership(new MembershipChange.SetEndpoints(leader.id,
            List.of(Endpoint.parse("tcp://host:1"))), false, 1_000, answers::add));
        assertInstanceOf(AdministrationResult.Unknown.class, await());
        answers.clear();
        leader.consensus.transferLeadership(Optional.empty(), 1_000, answers::add);
        assertInstanceOf(AdministrationResult.NotLeader.class, await());
    }

    @Test
    void theStoresOfAllVotersAreRecorded() {
        VirtualCluster.Node leader = cluster.awaitLeader();
        cluster.world.runFor(SECOND);
        assertEquals(Set.copyOf(cluster.nodes.keySet()),
            leader.consensus.status().membership().stores().keySet());
    }
}
