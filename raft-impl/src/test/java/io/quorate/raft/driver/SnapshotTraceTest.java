package io.quorate.raft.driver;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.raft.core.SpecificationTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Runs of whole consensus objects with real files, which take and install snapshots, release their logs, lose power,
 * are cut off, come and go, written to {@code target/traces} for TLC as those of {@code SpecificationTraceTest} are.
 */
class SnapshotTraceTest {

    private static final int SEEDS = 3;
    private static final int STEPS = 40;
    private static final Map<String, String> SMALL = Map.of("snapshot-entries", "6",
        "log-entries-behind-snapshot", "2", "first-segment-bytes", "4096", "max-segment-bytes", "4096");
    private static final NodeId N4 = new NodeId("n4");
    private static final List<Endpoint> PLACE = List.of(Endpoint.parse("tcp://host:1"));

    @Test
    void writesRunsInWhichSnapshotsStandForTheLog() throws IOException {
        boolean installed = false;
        boolean restarted = false;
        for (long seed = 1; seed <= SEEDS; seed++) {
            FileCluster cluster = new FileCluster(seed, 3, 100, SMALL);
            SpecificationTrace trace = new SpecificationTrace(cluster.membership, Set.of(N4), true);
            cluster.heard = trace::on;
            cluster.startAll();
            cluster.start(N4, new SimulatedDisk(Path.of("/data")));
            run(cluster, new Random(seed));
            installed |= trace.has("installed |-> TRUE");
            restarted |= trace.module().lines().anyMatch(event -> event.contains("first |-> FALSE")
                && !event.contains("base |-> 0,"));
            trace.write("snapshots-" + seed);
            assertTrue(trace.has("Compacted"), "no log was ever released");
            if (seed == 1) {
                trace.writeAltered("altered-log-released-before-the-snapshot", "installed |-> FALSE", 0, 1);
            }
        }
        assertTrue(installed, "no snapshot was ever installed");
        assertTrue(restarted, "no node ever started from a snapshot");
    }

    private static void run(FileCluster cluster, Random random) {
        Map<NodeId, FileCluster.Node> down = new TreeMap<>();
        for (int step = 0; step < STEPS; step++) {
            FileCluster.Node leader = cluster.leader();
            List<FileCluster.Node> up = new ArrayList<>(cluster.nodes.values());
            FileCluster.Node one = leader != null && random.nextBoolean() ? leader
                : up.get(random.nextInt(up.size()));
            switch (random.nextInt(12)) {
                case 0, 1 -> {
                    if (down.isEmpty()) {
                        cluster.stop(one);
                        down.put(one.id, one);
                    }
                }
                case 2 -> cluster.isolated.add(one.id);
                case 3, 4, 5 -> {
                    cluster.isolated.clear();
                    down.values().forEach(node -> cluster.start(node.id, node.disk.afterPowerLoss(random)));
                    down.clear();
                }
                case 6, 7 -> {
                    if (leader != null) {
                        change(leader, random, cluster);
                    }
                }
                default -> { }
            }
            if (leader != null && cluster.nodes.containsValue(leader)) {
                for (int i = random.nextInt(4); i > 0; i--) {
                    leader.loop.execute(() -> leader.consensus.propose(EntryType.COMMANDS,
                        List.of(Bytes.utf8("a command"))));
                }
            }
            cluster.world.runFor(random.nextLong(FileCluster.SECOND));
        }
    }

    private static void change(FileCluster.Node leader, Random random, FileCluster cluster) {
        if (random.nextInt(3) == 0) {
            leader.loop.execute(() -> leader.consensus.transferLeadership(Optional.empty(), 2_000, answer -> { }));
            return;
        }
        MembershipChange change = switch (random.nextInt(3)) {
            case 0, 1 -> leader.consensus.status().membership().contains(N4) ? new MembershipChange.Remove(N4)
                : new MembershipChange.Add(N4, PLACE, true);
            default -> new MembershipChange.Demote(cluster.membership.voters().getFirst());
        };
        leader.loop.execute(() -> leader.consensus.changeMembership(change, false, 2_000, answer -> { }));
    }
}
