package io.quorate.distribution.faults;

import io.quorate.api.Consistency;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.client.MemberStatus;
import io.quorate.distribution.compose.ClientComposition;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.config.ClientConfig;
import io.quorate.distribution.problem.Problem;
import io.quorate.distribution.process.Launcher;
import io.quorate.distribution.process.NodeProcess;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.IdentityRequest;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvDigest;
import io.quorate.spi.identity.PeerIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** Three nodes of the built image, each a process, each perhaps in a network namespace, with faults preloaded. */
final class RealCluster implements AutoCloseable {

    static final int NODES = 3;
    private static final String TRUST_DOMAIN = "faults.test";
    private static final Duration READY = Duration.ofSeconds(60);
    private static final Duration CLOSE = Duration.ofSeconds(15);
    private static final long POLL_MILLIS = 100;

    private final Path image;
    private final Path folder;
    private final Machine machine;
    private final int basePort;
    private final String heap;
    private final NodeProcess[] processes = new NodeProcess[NODES + 1];
    private final List<ClusterConnection> connections = new ArrayList<>();

    RealCluster(Path image, Path folder, Machine machine, int basePort, String heap) {
        this.image = image;
        this.folder = folder;
        this.machine = machine;
        this.basePort = basePort;
        this.heap = heap;
    }

    /** Makes identities and configurations, starts all nodes, and connects to them. */
    void start() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create(TRUST_DOMAIN, InstantSource.system());
        issue(authority, PeerIdentity.Kind.OPERATOR, "admin");
        StringBuilder members = new StringBuilder();
        for (int node = 1; node <= NODES; node++) {
            members.append("  n").append(node).append(": ").append(endpoint(node)).append('\n');
        }
        for (int node = 1; node <= NODES; node++) {
            issue(authority, PeerIdentity.Kind.NODE, "n" + node);
            Files.writeString(folder.resolve("n" + node + ".yaml"), "cluster: faults\nnode: n" + node
                + "\ndata-directory: n" + node + "\nlisten: " + endpoint(node) + "\nmembers:\n" + members
                + identity("node/n" + node));
            Files.writeString(clock(node), "+0\n");
            writeJava(node);
        }
        Files.writeString(folder.resolve("client.yaml"),
            "cluster: faults\nservers:\n" + members + identity("operator/admin"));
        for (int node = 1; node <= NODES; node++) {
            launch(node);
        }
        for (int node = 1; node <= NODES; node++) {
            processes[node].awaitReady(READY);
        }
    }

    private String endpoint(int node) {
        return machine.namespaces().isPresent() ? "tcp://" + host(node) + ":" + basePort
            : "tcp://127.0.0.1:" + (basePort + node - 1);
    }

    /** Where {@code faults.sh} has put the node's namespace. */
    static String host(int node) {
        return "10.213.0." + node;
    }

    private void issue(CertificateAuthority authority, PeerIdentity.Kind kind, String name) throws IOException {
        authority.issue(IdentityRequest.of(kind, name))
            .writeTo(folder.resolve("pki").resolve(kind.segment()).resolve(name), true);
    }

    private static String identity(String who) {
        return "identity:\n  certificate: pki/" + who + "/certificate.pem\n  key: pki/" + who
            + "/key.pem\n  trust: pki/" + who + "/trust.pem\n  trust-domain: " + TRUST_DOMAIN + "\n";
    }

    /** The java that starts this node: in its namespace, with the libraries that do the faults in front. */
    private void writeJava(int node) throws IOException {
        StringBuilder text = new StringBuilder("#!/bin/sh\nexec ");
        machine.namespaces().ifPresent(prefix -> text.append("ip netns exec ").append(prefix).append("-n").append(node)
            .append(' '));
        text.append("env ");
        List<String> preload = new ArrayList<>();
        machine.failureLibraries().forEach(library -> preload.add(library.toString()));
        if (!preload.isEmpty()) {
            text.append("FIU_CTRL_FIFO=").append(failureControl()).append(' ');
        }
        machine.clockLibrary().ifPresent(library -> {
            preload.add(library.toString());
            // The wall clock alone. Without the last setting timed waits of the JVM return at once, since its
            // condition variables use the monotonic clock and the library would correct them by the wall clock.
            text.append("FAKETIME_TIMESTAMP_FILE=").append(clock(node)).append(" FAKETIME_CACHE_DURATION=1")
                .append(" FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0 ");
        });
        if (!preload.isEmpty()) {
            text.append("LD_PRELOAD=").append(String.join(":", preload)).append(' ');
        }
        text.append(image.resolve("runtime/bin/java")).append(" -Xmx").append(heap).append(" \"$@\"\n");
        Path file = java(node);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Path java(int node) {
        return folder.resolve("java-n" + node);
    }

    /** The file that says how far the node's wall clock is off. */
    Path clock(int node) {
        return folder.resolve("clock-n" + node);
    }

    /** Where the pipes are through which system calls are made to fail. */
    Path failureControl() {
        return folder.resolve("fiu");
    }

    /** Starts a node without waiting for it. */
    void launch(int node) throws IOException {
        processes[node] = NodeProcess.start(new Launcher(image.resolve("bin/quorate"), Optional.of(java(node))),
            new NodeId("n" + node), folder.resolve("n" + node + ".yaml"), folder.resolve("n" + node + ".log"), NODES);
    }

    void awaitReady(int node) throws Problem, InterruptedException {
        processes[node].awaitReady(READY);
    }

    NodeProcess process(int node) {
        return processes[node];
    }

    long pid(int node) {
        return processes[node].pid();
    }

    Path image() {
        return image;
    }

    Machine machine() {
        return machine;
    }

    String log(int node) throws IOException {
        return Files.readString(folder.resolve("n" + node + ".log"));
    }

    /** A connection of its own; {@code preferred} 0: to whoever is there, otherwise to that node alone. */
    ClusterConnection connect(int preferred, Duration timeout) throws Exception {
        ClientConfig config = ClientConfig.read(folder.resolve("client.yaml"));
        ClusterConnection connection = new ClientComposition(Optional.of(image))
            .connect(preferred == 0 ? config : config.withServer("n" + preferred), timeout);
        connections.add(connection);
        return connection;
    }

    /** Waits until the nodes' accounts of themselves are as wanted. */
    List<NodeStatus> await(String what, Duration atMost, Predicate<List<NodeStatus>> wanted) throws Exception {
        ClusterConnection connection = connections.isEmpty() ? connect(0, Duration.ofSeconds(10)) : connections.get(0);
        long deadline = System.nanoTime() + atMost.toNanos();
        Object tick = new Object();
        String seen = "";
        while (true) {
            try {
                List<MemberStatus> all = connection.memberStatuses().get(atMost.toMillis(), TimeUnit.MILLISECONDS);
                List<NodeStatus> statuses = all.stream().flatMap(member -> member.status().stream()).toList();
                if (wanted.test(statuses)) {
                    return statuses;
                }
                seen = all.toString();
            } catch (ExecutionException | TimeoutException e) {
                seen = e.toString();
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("found no " + what + " within " + atMost.toSeconds() + " s, but " + seen);
            }
            synchronized (tick) {
                tick.wait(POLL_MILLIS);
            }
        }
    }

    /** All three serve, and agree on leader and term. */
    NodeStatus awaitLeader() throws Exception {
        List<NodeStatus> statuses = await("leader that all follow", Duration.ofSeconds(40), RealCluster::agree);
        return statuses.stream().filter(status -> status.role().equals("leader")).findFirst().orElseThrow();
    }

    private static boolean agree(List<NodeStatus> statuses) {
        Set<Object> views = new HashSet<>();
        statuses.forEach(status -> views.add(List.of(status.term(), status.leader())));
        return statuses.size() == NODES && views.size() == 1
            && statuses.stream().filter(status -> status.role().equals("leader")).count() == 1;
    }

    static int number(NodeStatus status) {
        return Integer.parseInt(status.node().value().substring(1));
    }

    /** Reads every replica as it is until all are the same. */
    KvDigest awaitEqualReplicas(Duration atMost) throws Exception {
        List<KvClient> replicas = new ArrayList<>();
        for (int node = 1; node <= NODES; node++) {
            replicas.add(new KvClient(connect(node, Duration.ofSeconds(10)).plane()));
        }
        List<KvDigest> digests = new ArrayList<>();
        await("equal replicas, the last were " + digests, atMost, statuses -> {
            digests.clear();
            replicas.forEach(replica -> digests.add(replica.digest(Consistency.LOCAL).join()));
            return digests.stream().distinct().count() == 1;
        });
        return digests.get(0);
    }

    @Override
    public void close() {
        connections.forEach(ClusterConnection::close);
        for (NodeProcess process : processes) {
            if (process != null) {
                process.askToStop();
            }
        }
        try {
            for (NodeProcess process : processes) {
                if (process != null) {
                    process.awaitEnd(CLOSE);
                }
            }
        } catch (InterruptedException e) {
            // Their pipes close with this process, and they end by themselves.
            Thread.currentThread().interrupt();
        }
    }
}
