package io.quorate.raft.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.time.VirtualWorld;
import java.io.IOException;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * Runs of cores with crashes, cuts and lost messages, some with members that come and go and leaders that hand over,
 * written to {@code target/traces} for TLC, which the profile 'spec' lets decide whether each is a behaviour of the
 * specification. Runs with snapshots are in {@code SnapshotTraceTest}.
 */
final class SpecificationTraceTest {

    private static final int SEEDS = 3;
    private static final long RUN_NANOS = 15 * SimulatedCluster.SECOND;
    /** In an event that appends a joint configuration. */
    private static final String JOINT = "old |-> {\"";
    private static final List<Endpoint> PLACE = List.of(Endpoint.parse("tcp://host:1"));

    @Test
    void writesRunsInWhichLeadersFallAndLogsAreCut() throws IOException {
        int elections = 0;
        boolean cut = false;
        boolean restarted = false;
        for (long seed = 1; seed <= SEEDS; seed++) {
            SpecificationTrace trace = trace(0, false);
            SimulatedCluster cluster = new SimulatedCluster(seed, 3, 0, RaftSettings.defaults(), trace::of);
            run(cluster);
            elections += cluster.elections();
            cut |= trace.has("cut |-> TRUE");
            restarted |= trace.has("first |-> FALSE");
            trace.write("elections-" + seed);
            if (seed == 1) {
                trace.writeAltered("altered-vote-that-is-never-durable", "HardStateDurable", 1, 2);
                trace.writeAltered("altered-commit-before-it-is-durable", "LogDurable", 1, 2);
                trace.writeAltered("altered-campaign-without-pre-vote", "PreCampaigned", 0, 1);
            }
        }
        assertTrue(elections > 2 * SEEDS, "found only " + elections + " elections");
        assertTrue(cut, "no log was ever cut");
        assertTrue(restarted, "no node was ever restarted");
    }

    @Test
    void writesRunsInWhichTheVotersChangeAndLeadersHandOver() throws IOException {
        int changes = 0;
        int transfers = 0;
        boolean joint = false;
        for (long seed = 1; seed <= SEEDS; seed++) {
            SpecificationTrace trace = trace(2, true);
            SimulatedCluster cluster = new SimulatedCluster(seed, 3, 2, RaftSettings.defaults(), trace::of);
            changes(cluster);
            run(cluster);
            changes += cluster.changes();
            transfers += cluster.transfers();
            trace.write("members-" + seed);
            if (!joint && trace.has(JOINT)) {
                joint = true;
                trace.writeAltered("altered-voters-that-change-at-once", JOINT, 0, 1);
            }
        }
        assertTrue(joint, "no voter has ever come or gone");
        assertTrue(changes > SEEDS && transfers > 0, changes + " changes, " + transfers + " transfers");
    }

    private static SpecificationTrace trace(int strangers, boolean transfers) {
        TreeMap<NodeId, List<Endpoint>> nodes = new TreeMap<>();
        for (int i = 1; i <= 3; i++) {
            nodes.put(new NodeId("n" + i), List.of());
        }
        TreeSet<NodeId> others = new TreeSet<>();
        for (int i = 4; i < 4 + strangers; i++) {
            others.add(new NodeId("n" + i));
        }
        return new SpecificationTrace(Membership.ofVoters(nodes), others, transfers);
    }

    private static void run(SimulatedCluster cluster) {
        cluster.dropPercent(5);
        load(cluster);
        faults(cluster);
        cluster.world().runFor(RUN_NANOS);
    }

    private static void changes(SimulatedCluster cluster) {
        RandomGenerator random = cluster.world().random();
        cluster.world().schedule(random.nextLong(SimulatedCluster.SECOND), () -> {
            SimulatedNode leader = cluster.leader();
            NodeId node = cluster.nodes().get(random.nextInt(cluster.nodes().size())).id();
            if (leader != null) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> leader.change(new MembershipChange.Add(node, PLACE, true));
                    case 2 -> leader.change(new MembershipChange.Remove(node));
                    case 3 -> leader.change(new MembershipChange.Demote(node));
                    case 4 -> leader.change(new MembershipChange.Promote(node));
                    default -> leader.transfer();
                }
            }
            changes(cluster);
        });
    }

    /** Few entries: TLC looks at each of its states as a whole. */
    private static void load(SimulatedCluster cluster) {
        RandomGenerator random = cluster.world().random();
        cluster.world().schedule(random.nextLong(600 * SimulatedCluster.MILLI), () -> {
            cluster.nodes().stream().filter(SimulatedNode::isUp).forEach(node -> cluster.propose(node, 8));
            load(cluster);
        });
    }

    private static void faults(SimulatedCluster cluster) {
        VirtualWorld world = cluster.world();
        RandomGenerator random = world.random();
        world.schedule(random.nextLong(2 * SimulatedCluster.SECOND), () -> {
            SimulatedNode leader = cluster.leader();
            SimulatedNode one = leader != null && random.nextBoolean() ? leader
                : cluster.nodes().get(random.nextInt(cluster.nodes().size()));
            switch (random.nextInt(4)) {
                case 0 -> cluster.crash(one);
                case 1 -> cluster.nodes().forEach(other -> {
                    cluster.cut(one, other);
                    cluster.cut(other, one);
                });
                case 2 -> cluster.nodes().forEach(cluster::restart);
                default -> {
                    cluster.nodes().forEach(cluster::restart);
                    cluster.healLinks();
                }
            }
            faults(cluster);
        });
    }
}
