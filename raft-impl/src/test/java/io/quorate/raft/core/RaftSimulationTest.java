package io.quorate.raft.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.testing.time.VirtualWorld;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** First a time of faults in which nothing unsafe may happen, then the faults end and progress is demanded. */
class RaftSimulationTest {

    private static final int SEEDS = 300;
    private static final long FAULTS_NANOS = 7 * SimulatedCluster.SECOND;

    @Test
    void theTestsRunInTheNamedModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void noFaultsBreakSafetyAndProgressFollows() {
        long elections = 0;
        long entries = 0;
        long reads = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                SimulatedCluster cluster = run(seed);
                elections += cluster.elections();
                entries += cluster.committed();
                reads += cluster.readsAnswered();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        // A simulation in which nothing happens proves nothing.
        String seen = elections + " elections, " + entries + " entries, " + reads + " reads";
        assertTrue(elections > SEEDS * 3L && entries > SEEDS * 200L && reads > SEEDS * 50L, seen);
    }

    private static SimulatedCluster run(long seed) {
        SimulatedCluster cluster = new SimulatedCluster(seed, seed % 4 == 0 ? 5 : seed % 10 == 1 ? 1 : 3);
        VirtualWorld world = cluster.world();
        cluster.dropPercent(seed % 3 == 0 ? 10 : 0);
        cluster.slowNetwork(seed % 5 == 0);
        if (seed % 7 == 0) {
            cluster.overWire();
        }
        boolean[] faults = {true};
        load(cluster);
        faults(cluster, faults);
        world.runFor(FAULTS_NANOS);

        faults[0] = false;
        cluster.dropPercent(0);
        cluster.slowNetwork(false);
        cluster.nodes().forEach(node -> node.storageFull(false));
        cluster.nodes().forEach(cluster::restart);
        cluster.healLinks();
        cluster.checkLogMatching();
        world.runFor(4 * SimulatedCluster.SECOND);
        assertTrue(cluster.awaitLeader(6 * SimulatedCluster.SECOND), "no leader within 10 s after the faults");
        long before = cluster.committed();
        long elections = cluster.elections();
        world.runFor(2 * SimulatedCluster.SECOND);
        assertTrue(cluster.committed() > before, "nothing is committed after the faults");
        assertEquals(elections, cluster.elections(), "elections without faults");
        long target = cluster.committed();
        assertTrue(world.runUntil(() -> cluster.nodes().stream().allMatch(n -> n.commitIndex() >= target),
            SimulatedCluster.SECOND), "some node does not learn what is committed");
        cluster.checkLogMatching();
        return cluster;
    }

    private static void load(SimulatedCluster cluster) {
        RandomGenerator random = cluster.world().random();
        cluster.world().schedule(random.nextLong(40 * SimulatedCluster.MILLI), () -> {
            for (SimulatedNode node : cluster.nodes()) {
                if (node.isUp() && random.nextBoolean()) {
                    for (int i = random.nextInt(4); i > 0; i--) {
                        cluster.propose(node, random.nextInt(200));
                    }
                    if (random.nextInt(3) == 0) {
                        node.read();
                    }
                }
            }
            load(cluster);
        });
    }

    private static void faults(SimulatedCluster cluster, boolean[] on) {
        RandomGenerator random = cluster.world().random();
        cluster.world().schedule(random.nextLong(500 * SimulatedCluster.MILLI), () -> {
            if (!on[0]) {
                return;
            }
            SimulatedNode one = cluster.nodes().get(random.nextInt(cluster.nodes().size()));
            SimulatedNode other = cluster.nodes().get(random.nextInt(cluster.nodes().size()));
            switch (random.nextInt(12)) {
                case 0 -> cluster.crash(one);
                case 1, 10 -> {
                    SimulatedNode leader = cluster.leader();
                    cluster.crash(leader == null ? one : leader);
                }
                case 2, 3, 11 -> cluster.nodes().forEach(cluster::restart);
                case 4 -> cluster.cut(one, other); // One way only.
                case 5 -> cluster.nodes().forEach(node -> {
                    cluster.cut(one, node);
                    cluster.cut(node, one);
                });
                case 6 -> cluster.healLinks();
                case 7 -> cluster.presence(one, other, false); // A false alarm.
                case 8 -> one.storageFull(true);
                case 9 -> cluster.nodes().forEach(node -> node.storageFull(false));
                default -> throw new AssertionError();
            }
            faults(cluster, on);
        });
    }
}
