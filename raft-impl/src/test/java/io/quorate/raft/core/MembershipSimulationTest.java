package io.quorate.raft.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.time.VirtualWorld;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * Members come and go, disks are replaced and the leadership is handed over, under faults; then the faults end, and
 * progress is demanded of whoever is left. Every other seed reads by lease.
 */
class MembershipSimulationTest {

    private static final int SEEDS = Integer.getInteger("raft.membership.seeds", 200);
    private static final long FAULTS_NANOS = 12 * SimulatedCluster.SECOND;
    private static final List<Endpoint> PLACE = List.of(Endpoint.parse("tcp://host:1"));

    private int changes;
    private int transfers;
    private int wipes;
    private int reads;
    private int resizes;

    @Test
    void noChangeOfTheMembershipBreaksSafetyAndProgressFollows() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                run(seed);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        String seen = changes + " changes, " + transfers + " transfers, " + wipes + " wiped disks, " + reads
            + " reads, " + resizes + " clusters of another size";
        assertTrue(changes > SEEDS * 5 && transfers > SEEDS / 2 && wipes > SEEDS / 10 && reads > SEEDS * 20
            && resizes > SEEDS / 4, seen);
    }

    private void run(long seed) {
        RaftSettings settings = RaftSettings.parse(seed % 2 == 0 ? Map.of("leases", "true") : Map.of());
        SimulatedCluster cluster = new SimulatedCluster(seed, 3, 2, settings);
        VirtualWorld world = cluster.world();
        cluster.dropPercent(seed % 3 == 0 ? 8 : 0);
        cluster.slowNetwork(seed % 5 == 0);
        if (seed % 7 == 0) {
            cluster.overWire();
        }
        boolean[] faults = {true};
        load(cluster);
        faults(cluster, faults);
        changes(cluster, faults);
        world.runFor(FAULTS_NANOS);

        faults[0] = false;
        cluster.dropPercent(0);
        cluster.slowNetwork(false);
        cluster.nodes().forEach(node -> node.storageFull(false));
        cluster.nodes().forEach(cluster::restart);
        cluster.healLinks();
        cluster.checkLogMatching();
        world.runFor(4 * SimulatedCluster.SECOND);
        assertTrue(cluster.awaitLeader(8 * SimulatedCluster.SECOND), () -> "no leader within 12 s after the "
            + "faults: " + cluster.nodes().stream().map(node -> "\n" + node.id() + " store " + node.store() + " "
                + node.core().status()).toList());
        long before = cluster.committed();
        world.runFor(2 * SimulatedCluster.SECOND);
        assertTrue(cluster.committed() > before, "nothing is committed after the faults");
        assertTrue(world.runUntil(() -> isSettled(cluster), 10 * SimulatedCluster.SECOND), () -> "not settled: "
            + cluster.leader().core().status());
        Membership agreed = cluster.leader().core().status().membership();
        long target = cluster.committed();
        assertTrue(world.runUntil(() -> cluster.nodes().stream().filter(n -> agreed.contains(n.id()))
            .allMatch(n -> n.commitIndex() >= target), SimulatedCluster.SECOND),
            "some member does not learn what is committed");
        cluster.checkLogMatching();
        changes += cluster.changes();
        transfers += cluster.transfers();
        reads += cluster.readsAnswered();
        resizes += agreed.voters().size() == 3 ? 0 : 1;
    }

    /** No change is under way, nobody waits to join, and every voter has the store that is recorded. */
    private static boolean isSettled(SimulatedCluster cluster) {
        SimulatedNode leader = cluster.leader();
        if (leader == null || !leader.core().status().ready()) {
            return false;
        }
        Membership membership = leader.core().status().membership();
        return !membership.isJoint() && membership.joining().isEmpty()
            && (membership.voters().size() < 3 || cluster.nodes().stream().allMatch(node ->
                !membership.votes(node.id()) || membership.stores().getOrDefault(node.id(), 0L) == node.store()));
    }

    private static void load(SimulatedCluster cluster) {
        RandomGenerator random = cluster.world().random();
        cluster.world().schedule(random.nextLong(40 * SimulatedCluster.MILLI), () -> {
            for (SimulatedNode node : cluster.nodes()) {
                if (node.isUp() && random.nextBoolean()) {
                    cluster.propose(node, random.nextInt(200));
                    if (random.nextInt(3) == 0) {
                        node.read();
                    }
                }
            }
            load(cluster);
        });
    }

    private static void changes(SimulatedCluster cluster, boolean[] on) {
        RandomGenerator random = cluster.world().random();
        cluster.world().schedule(random.nextLong(600 * SimulatedCluster.MILLI), () -> {
            if (!on[0]) {
                return;
            }
            SimulatedNode leader = cluster.leader();
            NodeId node = cluster.nodes().get(random.nextInt(cluster.nodes().size())).id();
            if (leader != null && cluster.hasEveryStore(leader)) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> leader.change(new MembershipChange.Add(node, PLACE, true));
                    case 3, 4 -> leader.change(new MembershipChange.Remove(node));
                    case 5 -> leader.change(new MembershipChange.Demote(node));
                    case 6 -> leader.change(new MembershipChange.Promote(node));
                    default -> leader.transfer();
                }
            }
            changes(cluster, on);
        });
    }

    private void faults(SimulatedCluster cluster, boolean[] on) {
        RandomGenerator random = cluster.world().random();
        cluster.world().schedule(random.nextLong(900 * SimulatedCluster.MILLI), () -> {
            if (!on[0]) {
                return;
            }
            SimulatedNode one = cluster.nodes().get(random.nextInt(cluster.nodes().size()));
            SimulatedNode other = cluster.nodes().get(random.nextInt(cluster.nodes().size()));
            switch (random.nextInt(10)) {
                case 0 -> cluster.crash(one);
                case 1 -> {
                    SimulatedNode leader = cluster.leader();
                    cluster.crash(leader == null ? one : leader);
                }
                case 2, 3, 4 -> {
                    cluster.nodes().forEach(cluster::restart);
                    cluster.healLinks();
                }
                case 5 -> cluster.cut(one, other);
                case 6 -> cluster.nodes().forEach(node -> {
                    cluster.cut(one, node);
                    cluster.cut(node, one);
                });
                case 7 -> cluster.presence(one, other, false);
                default -> {
                    if (cluster.mayWipe(one)) {
                        wipes++;
                        cluster.wipe(one);
                    }
                }
            }
            faults(cluster, on);
        });
    }
}
