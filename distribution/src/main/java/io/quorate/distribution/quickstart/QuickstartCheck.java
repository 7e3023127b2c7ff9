package io.quorate.distribution.quickstart;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.api.SessionSummary;
import io.quorate.api.UnavailableException;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.compose.Connector;
import io.quorate.distribution.config.ClientConfig;
import io.quorate.distribution.config.NodeConfig;
import io.quorate.distribution.input.EntryReader;
import io.quorate.distribution.input.Importer;
import io.quorate.distribution.problem.Problem;
import io.quorate.distribution.process.Launcher;
import io.quorate.distribution.process.NodeProcess;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvDigest;
import io.quorate.kv.KvEntry;
import io.quorate.kv.KvRead;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The story of the quickstart, run by itself with real processes: real entries in, read back from another node, kill
 * -9 of the leader, the next write, every acknowledged write found, the dead node seen as such, restarted, everyone
 * back.
 */
public final class QuickstartCheck {

    private static final Duration OPERATION_TIMEOUT = Duration.ofSeconds(5);

    /** How long the cluster may take to agree on anything before the check fails; generous for busy machines. */
    private static final Duration AGREEMENT_TIMEOUT = Duration.ofSeconds(30);

    private static final long POLL_MILLIS = 50;

    private static final long MAX_FAILOVER_MILLIS = 5_000;

    private final Path root;
    private final int nodes;
    private final int basePort;
    private final QuickstartTransport transport;
    private final Launcher launcher;
    private final Connector connector;
    private final PrintWriter out;
    private final CheckSteps steps;
    private final Map<String, String> acknowledged = new TreeMap<>();
    private QuickstartFolder folder;
    private NodeId leader;
    private long killedAtNanos;
    private long failoverMillis;

    /** @param root gets a temporary folder, which is removed in the end unless the check fails */
    public QuickstartCheck(Path root, int nodes, int basePort, QuickstartTransport transport, Launcher launcher,
            Connector connector, PrintWriter out) {
        this.root = root;
        this.nodes = nodes;
        this.basePort = basePort;
        this.transport = transport;
        this.launcher = launcher;
        this.connector = connector;
        this.out = out;
        this.steps = new CheckSteps(out);
    }

    /** Runs the story; returns if it came to a good end. */
    public void run() throws Exception {
        boolean madeRoot = !Files.exists(root);
        Files.createDirectories(root);
        Path work = Files.createTempDirectory(root, "check-");
        try {
            story(work);
        } catch (Exception e) {
            out.println();
            out.println("The check failed. Configurations, data and logs are kept in " + work + ".");
            out.flush();
            throw e;
        }
        delete(work);
        if (madeRoot) {
            Files.delete(root);
        }
        out.println();
        out.println(String.format(Locale.ROOT, "The check passed in %.1f s. After kill -9 of the leader the next "
            + "write succeeded within %d ms.", steps.seconds(), failoverMillis));
        out.flush();
    }

    private void story(Path work) throws Exception {
        steps.step("make an authority, identities and configurations", () -> {
            folder = QuickstartFolder.create(work, nodes, basePort, transport);
            return nodes + " nodes, ports from " + basePort + ", over " + String.join(" and ", transport.schemes());
        });
        try (QuickstartCluster cluster = new QuickstartCluster(folder, launcher, out::println)) {
            steps.step("start the node processes, each serves", () -> {
                cluster.start();
                return "";
            });
            ClientConfig config = folder.client();
            try (ClusterWatcher watcher = new ClusterWatcher(connector, config);
                    ClusterConnection client = connector.connect(config, OPERATION_TIMEOUT)) {
                KvClient kv = new KvClient(client.plane());
                steps.step("elect a leader, every node sees every node ONLINE", () -> agree(watcher));
                steps.step("every node is connected to every other over " + transport.schemes().get(0),
                    () -> connected(watcher));
                steps.step("import real entries", () -> importEntries(kv, work.resolve("entries.jsonl")));
                steps.step("read all back linearizably from another node", () -> readBack(another()));
                steps.step("kill -9 the leader, write again", () -> failOver(cluster, kv));
                steps.step("the dead node is OFFLINE on every other", () -> offline(watcher));
                steps.step("find every acknowledged write on the others", this::readBackFromOthers);
                steps.step("restart the killed node, every node sees every node ONLINE",
                    () -> restart(cluster, watcher));
                steps.step("find every acknowledged write on the restarted node", () -> readBack(leader));
                steps.step("all replicas are equal", () -> digests(watcher));
            }
            steps.step("stop every node in order", () -> {
                CheckSteps.require(cluster.stopAll(), "found a node that did not end by itself",
                    "an orderly end within " + QuickstartCluster.STOP_TIMEOUT.toSeconds() + " s");
                return "";
            });
        }
    }

    private String agree(ClusterWatcher watcher) throws Exception {
        ClusterSnapshot snapshot = watcher.await(all -> all.leader().isPresent() && all.allOnlineEverywhere(),
            AGREEMENT_TIMEOUT).orElseThrow(() -> late("that every node sees every node ONLINE"));
        NodeStatus status = snapshot.leader().orElseThrow();
        leader = status.node();
        return leader + " leads in term " + status.term();
    }

    /** As the nodes tell it themselves. One that came up before its peers may be on a fallback for some seconds. */
    private String connected(ClusterWatcher watcher) throws Exception {
        String preferred = transport.schemes().get(0);
        Set<String> keyExchanges = new TreeSet<>();
        long deadline = System.nanoTime() + AGREEMENT_TIMEOUT.toNanos();
        CountDownLatch never = new CountDownLatch(1);
        for (NodeConfig node : folder.nodes()) {
            PeerView view = watcher.client(node.node()).peers().get();
            while (!seesOver(view, preferred)) {
                CheckSteps.require(System.nanoTime() - deadline < 0, "found " + view.sessions() + " on "
                    + node.node(), "sessions with every other node over " + preferred);
                never.await(POLL_MILLIS, TimeUnit.MILLISECONDS);
                view = watcher.client(node.node()).peers().get();
            }
            view.sessions().forEach(session -> keyExchanges.add(session.keyExchange().orElse("not told")));
        }
        return "key exchange " + String.join(", ", keyExchanges);
    }

    private boolean seesOver(PeerView view, String scheme) {
        return view.sessions().stream().filter(session -> session.transport().equals(scheme))
            .map(SessionSummary::peer).distinct().count() == nodes - 1;
    }

    private String importEntries(KvClient kv, Path file) throws Exception {
        Map<String, String> entries = RealEntries.write(file);
        Importer.Report report;
        try (EntryReader reader = EntryReader.open(file, EntryReader.Format.JSONL, StandardCharsets.UTF_8)) {
            report = new Importer(kv, "").run(reader);
        }
        CheckSteps.require(report.imported() == entries.size(), "found " + report.imported() + " of " + entries.size()
            + " entries imported, the first failure: " + report.failures(), "all of them");
        acknowledged.putAll(entries);
        return report.imported() + " acknowledged in " + report.took().toMillis() + " ms";
    }

    /** A node that does not lead. */
    private NodeId another() {
        return folder.nodes().stream().map(NodeConfig::node).filter(id -> !id.equals(leader)).findFirst()
            .orElseThrow();
    }

    private String readBack(NodeId node) throws Exception {
        try (ClusterConnection client = connector.connect(folder.client().withServer(node.value()),
                OPERATION_TIMEOUT)) {
            KvClient kv = new KvClient(client.plane());
            Map<String, CompletableFuture<KvRead>> reads = new LinkedHashMap<>();
            acknowledged.keySet().forEach(key -> reads.put(key, kv.get(Bytes.utf8(key), Consistency.LINEARIZABLE)));
            for (Map.Entry<String, CompletableFuture<KvRead>> read : reads.entrySet()) {
                Optional<String> found = read.getValue().get().entry().map(KvEntry::value).map(Bytes::utf8);
                String expected = acknowledged.get(read.getKey());
                CheckSteps.require(found.equals(Optional.of(expected)), "found " + found.orElse("nothing") + " under '"
                    + read.getKey() + "' on " + node, expected);
            }
            return reads.size() + " entries from " + node;
        }
    }

    private String failOver(QuickstartCluster cluster, KvClient kv) throws Exception {
        NodeProcess process = cluster.processes().get(leader);
        process.kill();
        killedAtNanos = System.nanoTime();
        for (int attempt = 1;; attempt++) {
            String key = "check/after-kill/" + attempt;
            try {
                kv.put(Bytes.utf8(key), Bytes.utf8("written")).get();
                acknowledged.put(key, "written");
                break;
            } catch (ExecutionException e) {
                boolean again = e.getCause() instanceof UnavailableException
                    || e.getCause() instanceof OutcomeUnknownException;
                if (!again || millisSince(killedAtNanos) > MAX_FAILOVER_MILLIS) {
                    throw e;
                }
            }
        }
        failoverMillis = millisSince(killedAtNanos);
        CheckSteps.require(failoverMillis <= MAX_FAILOVER_MILLIS, "found the next write after " + failoverMillis
            + " ms",
            "at most " + MAX_FAILOVER_MILLIS + " ms");
        return leader + " killed (pid " + process.pid() + "), next write after " + failoverMillis + " ms";
    }

    private String offline(ClusterWatcher watcher) throws Exception {
        Set<NodeId> others = folder.nodes().stream().map(NodeConfig::node).filter(id -> !id.equals(leader))
            .collect(Collectors.toSet());
        watcher.await(others, all -> others.stream()
            .allMatch(observer -> all.says(observer, leader, PeerStatus.OFFLINE)), AGREEMENT_TIMEOUT)
            .orElseThrow(() -> late("that " + leader + " is OFFLINE on every other node"));
        return "after " + millisSince(killedAtNanos) + " ms";
    }

    private String readBackFromOthers() throws Exception {
        StringBuilder told = new StringBuilder();
        for (NodeConfig node : folder.nodes()) {
            if (!node.node().equals(leader)) {
                told.append(told.isEmpty() ? "" : ", ").append(readBack(node.node()));
            }
        }
        return told.toString();
    }

    private String restart(QuickstartCluster cluster, ClusterWatcher watcher) throws Exception {
        long start = System.nanoTime();
        cluster.restart(leader).awaitReady(QuickstartCluster.READY_TIMEOUT);
        long served = millisSince(start);
        watcher.await(ClusterSnapshot::allOnlineEverywhere, AGREEMENT_TIMEOUT)
            .orElseThrow(() -> late("that every node sees every node ONLINE"));
        return "served after " + served + " ms, all ONLINE after " + millisSince(start) + " ms";
    }

    private String digests(ClusterWatcher watcher) throws Exception {
        Map<NodeId, KvDigest> digests = new TreeMap<>();
        for (NodeConfig node : folder.nodes()) {
            digests.put(node.node(), new KvClient(watcher.client(node.node())).digest(Consistency.LINEARIZABLE).get());
        }
        CheckSteps.require(digests.values().stream().distinct().count() == 1, "found digests " + digests,
            "the same on every node");
        KvDigest digest = digests.values().iterator().next();
        return digest.keys() + " keys at revision " + digest.revision();
    }

    private static Problem late(String what) {
        return Problem.failed("not reached within " + AGREEMENT_TIMEOUT.toSeconds() + " s: " + what, "sooner",
            "see the logs of the nodes");
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }

    private static void delete(Path folder) throws IOException {
        List<Path> all;
        try (Stream<Path> walk = Files.walk(folder)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
