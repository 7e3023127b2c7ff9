package io.quorate.distribution.quickstart;

import io.quorate.api.ControlPlane;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Peer;
import io.quorate.api.PeerView;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.compose.Connector;
import io.quorate.distribution.config.ClientConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** Asks every node of a cluster for itself: one client a node. Used by one thread. */
public final class ClusterWatcher implements AutoCloseable {

    /** How long a node may take to answer before it shows as silent. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(1);

    private static final long POLL_MILLIS = 20;

    private final SortedMap<NodeId, ClusterConnection> clients = new TreeMap<>();

    public ClusterWatcher(Connector connector, ClientConfig config) throws Exception {
        try {
            for (NodeId id : config.named().keySet()) {
                clients.put(id, connector.connect(config.withServer(id.value()), ANSWER_TIMEOUT));
            }
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    /** The client that asks this node alone. */
    public ControlPlane client(NodeId id) {
        return clients.get(id).plane();
    }

    /** Asks every node at once, and waits for the slowest, at most its time limit. */
    public ClusterSnapshot ask() throws InterruptedException {
        return ask(clients.keySet());
    }

    private ClusterSnapshot ask(Set<NodeId> asked) throws InterruptedException {
        long deadline = System.nanoTime() + ANSWER_TIMEOUT.toNanos();
        SortedMap<NodeId, CompletableFuture<NodeStatus>> statuses = new TreeMap<>();
        SortedMap<NodeId, CompletableFuture<PeerView>> views = new TreeMap<>();
        for (NodeId id : asked) {
            statuses.put(id, client(id).status());
            views.put(id, client(id).peers());
        }
        SortedMap<NodeId, Optional<NodeStatus>> nodes = new TreeMap<>();
        SortedMap<NodeId, List<Peer>> peers = new TreeMap<>();
        for (NodeId id : asked) {
            nodes.put(id, answer(statuses.get(id), deadline));
            answer(views.get(id), deadline).ifPresent(view -> peers.put(id, view.peers()));
        }
        return new ClusterSnapshot(nodes, peers);
    }

    /** Asks every node again and again until the answer is as wanted; empty if it was not in time. */
    public Optional<ClusterSnapshot> await(Predicate<ClusterSnapshot> wanted, Duration atMost)
            throws InterruptedException {
        return await(clients.keySet(), wanted, atMost);
    }

    /** The same for some nodes: one that is known to be dead would only make each round as long as its time limit. */
    public Optional<ClusterSnapshot> await(Set<NodeId> asked, Predicate<ClusterSnapshot> wanted, Duration atMost)
            throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        CountDownLatch never = new CountDownLatch(1);
        while (true) {
            ClusterSnapshot snapshot = ask(asked);
            if (wanted.test(snapshot)) {
                return Optional.of(snapshot);
            }
            if (System.nanoTime() - deadline > 0) {
                return Optional.empty();
            }
            never.await(POLL_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** A node that is down is a finding here, no failure. */
    private static <T> Optional<T> answer(CompletableFuture<T> question, long deadline)
            throws InterruptedException {
        try {
            return Optional.of(question.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS));
        } catch (ExecutionException | TimeoutException ignored) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        clients.values().forEach(ClusterConnection::close);
    }
}
