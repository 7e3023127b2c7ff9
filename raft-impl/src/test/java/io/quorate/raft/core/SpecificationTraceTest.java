package io.quorate.raft.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.time.VirtualWorld;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * Runs of three cores with crashes, cuts and lost messages, written to {@code target/traces} for TLC, which the profile
 * 'spec' lets decide whether each is a behaviour of the specification.
 */
final class SpecificationTraceTest {

    private static final int SEEDS = 4;
    private static final long RUN_NANOS = 25 * SimulatedCluster.SECOND;

    @Test
    void writesRunsInWhichLeadersFallAndLogsAreCut() throws IOException {
        int elections = 0;
        boolean cut = false;
        boolean restarted = false;
        for (long seed = 1; seed <= SEEDS; seed++) {
            TreeMap<NodeId, List<Endpoint>> nodes = new TreeMap<>();
            for (int i = 1; i <= 3; i++) {
                nodes.put(new NodeId("n" + i), List.of());
            }
            SpecificationTrace trace = new SpecificationTrace(Membership.ofVoters(nodes), Set.of());
            SimulatedCluster cluster = new SimulatedCluster(seed, 3, 0, RaftSettings.defaults(), trace::of);
            cluster.dropPercent(5);
            load(cluster);
            faults(cluster);
            cluster.world().runFor(RUN_NANOS);
            elections += cluster.elections();
            String module = trace.module();
            cut |= module.contains("cut |-> TRUE");
            restarted |= module.contains("first |-> FALSE");
            write("seed-" + seed, module);
            if (seed == 1) {
                // Runs that cannot be: TLC must refuse them, or it would prove nothing of the others.
                write("altered-vote-that-is-never-durable", without(module, "HardStateDurable", 2));
                write("altered-commit-before-it-is-durable", without(module, "LogDurable", 2));
            }
        }
        assertTrue(elections > 2 * SEEDS, "found only " + elections + " elections");
        assertTrue(cut, "no log was ever cut");
        assertTrue(restarted, "no node was ever restarted");
    }

    private static void write(String name, String module) throws IOException {
        Path folder = Files.createDirectories(Path.of("target", "traces", name));
        Files.writeString(folder.resolve("TraceData.tla"), module);
    }

    /** The run without the first {@code count} events of that name beside the first one: no quorum is left. */
    private static String without(String module, String event, int count) {
        String altered = module;
        int first = altered.indexOf('"' + event + '"') + 1;
        for (int i = 0; i < count; i++) {
            int at = altered.indexOf('"' + event + '"', first);
            int begin = altered.lastIndexOf('\n', at);
            altered = altered.substring(0, begin) + altered.substring(altered.indexOf('\n', at));
        }
        return altered;
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
                : cluster.nodes().get(random.nextInt(3));
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
