package io.quorate.distribution.faults;

import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.kv.KvDigest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Does every fault to a cluster of real processes while clients use it, asserts what must be seen, and checks in the
 * end that the replicas are equal and that what the clients saw is linearizable, key by key.
 *
 * <p>Started by {@code faults.sh}, with the image's own modules. Exit code 1: something that must hold did not.
 */
public final class FaultCheck {

    private static final Duration OPERATION = Duration.ofSeconds(10);
    private static final Duration EQUAL_REPLICAS = Duration.ofSeconds(40);
    private static final String HEAP = "256m";

    private FaultCheck() {
    }

    /** Options: {@code --image DIR --dir DIR --seconds N --seed N --base-port PORT [--namespaces PREFIX]}. */
    public static void main(String[] words) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < words.length; i += 2) {
            options.put(words[i], words[i + 1]);
        }
        Path folder = Path.of(options.get("--dir")).toAbsolutePath();
        long seed = Long.parseLong(options.get("--seed"));
        Machine machine = new Machine(Optional.ofNullable(options.get("--namespaces")));
        int status = 0;
        try (RealCluster cluster = new RealCluster(Path.of(options.get("--image")).toAbsolutePath(), folder, machine,
                Integer.parseInt(options.get("--base-port")), HEAP);
            History history = new History(folder.resolve("history.jsonl"))) {
            run(cluster, history, seed, Duration.ofSeconds(Long.parseLong(options.get("--seconds"))));
        } catch (AssertionError e) {
            System.err.println("FAILED: " + e.getMessage());
            System.err.println("The history, logs and data are kept in " + folder + "; seed " + seed + ".");
            status = 1;
        }
        System.exit(status);
    }

    private static void run(RealCluster cluster, History history, long seed, Duration time) throws Exception {
        long begin = System.nanoTime();
        cluster.start();
        // Through each node, so that reads are asked of followers and of a leader that is one no more.
        List<ClusterConnection> connections = new ArrayList<>();
        for (int preferred = 0; preferred <= RealCluster.NODES; preferred++) {
            connections.add(cluster.connect(preferred, OPERATION));
        }
        cluster.awaitLeader();
        Workload workload = new Workload(history, connections, seed);
        workload.start();
        try {
            faults(cluster, history, new Random(seed), begin + time.toNanos());
        } finally {
            workload.stop();
        }
        KvDigest replicas = cluster.awaitEqualReplicas(EQUAL_REPLICAS);
        System.out.println(history.summary());
        List<String> violations = history.violations();
        if (!violations.isEmpty()) {
            throw new AssertionError("what the clients saw is not linearizable:\n" + String.join("\n", violations));
        }
        System.out.println("Passed: every key's history is linearizable, the replicas are equal (revision "
            + replicas.revision() + "), in " + (System.nanoTime() - begin) / 1_000_000_000 + " s.");
    }

    /** Each once, and then on in a random order until the time is over. */
    private static void faults(RealCluster cluster, History history, Random random, long end) throws Exception {
        List<Faults.Fault> possible = new ArrayList<>();
        for (Faults.Fault fault : new Faults(cluster, history, random).all()) {
            fault.missing().ifPresentOrElse(why -> System.out.println("skipped: " + fault.name() + ": " + why),
                () -> possible.add(fault));
        }
        SortedMap<String, Integer> done = new TreeMap<>();
        for (int i = 0; i < possible.size() || System.nanoTime() < end; i++) {
            Faults.Fault fault = possible.get(i < possible.size() ? i : random.nextInt(possible.size()));
            long began = System.nanoTime();
            fault.action().run();
            done.merge(fault.name(), 1, Integer::sum);
            System.out.println("done: " + fault.name() + " (" + (System.nanoTime() - began) / 1_000_000 + " ms)");
        }
        System.out.println("faults: " + done);
    }
}
