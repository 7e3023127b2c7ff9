package io.quorate.distribution.cli;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Configuration;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.api.PresenceRow;
import io.quorate.api.SessionSummary;
import io.quorate.api.QueryResult;
import io.quorate.api.StateMachine;
import io.quorate.api.Term;
import io.quorate.api.UnavailableException;
import io.quorate.client.MemberStatus;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.plugin.Plugins;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * A cluster of one real store and canned peers, in this thread: what commands print about it is known to the letter.
 */
final class FakeCluster implements ControlPlane, ClusterConnection {

    static final NodeId N1 = new NodeId("n1");
    static final NodeId N2 = new NodeId("n2");
    static final Instant SINCE = Instant.parse("2025-01-01T00:00:00Z");

    private final StateMachine store;
    private long index;
    private boolean asked;
    /** If set, every operation fails with it. */
    Exception failure;
    boolean closed;
    Optional<Configuration> configuration = Optional.empty();
    /** What operators have ordered, and what becomes of it. */
    final List<String> orders = new ArrayList<>();
    AdministrationResult result = new AdministrationResult.Done("so it is");

    FakeCluster() throws Exception {
        store = Plugins.load().stateMachine(Optional.of("kv"));
    }

    static NodeStatus status(NodeId node, String role, Optional<NodeId> leader) {
        return new NodeStatus(node, new ClusterId("demo"), 1, "0.1.0", role, new Term(3), leader, new LogIndex(7),
            new LogIndex(6), new LogIndex(8), List.of(N1, N2), List.of(N1, N2), "kv", 65_000,
            new TreeMap<>(Map.of("handshake.refused.no-certificate", 2L)), Optional.empty());
    }

    private static NodeStatus with(Optional<Configuration> configuration, NodeStatus s) {
        return new NodeStatus(s.node(), s.cluster(), s.incarnation(), s.version(), s.role(), s.term(), s.leader(),
            s.commitIndex(), s.appliedIndex(), s.lastIndex(), s.members(), s.reachable(), s.stateMachine(),
            s.uptimeMillis(), s.counters(), s.problem(), configuration);
    }

    private static Peer peer(NodeId id, PeerStatus status, Optional<String> fingerprint) {
        return new Peer(id, -1, status, "why", Optional.of("spiffe://d/node/" + id), fingerprint,
            List.of("tcp://h:1"), "0.1.0", SINCE, Optional.of(N1), new Term(3));
    }

    @Override
    public CompletableFuture<CommandResult> submit(Command command) {
        return answer(() -> new CommandResult(new LogIndex(++index),
            store.apply(new AppliedCommand(new Term(1), new LogIndex(index), 0, command.payload()))));
    }

    @Override
    public CompletableFuture<QueryResult> query(Bytes query, Consistency consistency) {
        return answer(() -> new QueryResult(new LogIndex(index), store.query(query)));
    }

    @Override
    public CompletableFuture<Optional<Bytes>> watch(Bytes request, Duration atMost) {
        return answer(() -> store.watch(request).poll());
    }

    @Override
    public CompletableFuture<PeerView> peers() {
        return answer(() -> new PeerView(5,
            List.of(peer(N1, PeerStatus.ONLINE, Optional.of("ab".repeat(32))),
                peer(N2, PeerStatus.OFFLINE, Optional.empty())),
            List.of(new PresenceRow(N1, 0, List.of()), new PresenceRow(N2, 900, List.of(N1))),
            List.of(new SessionSummary(N2, "quic", Optional.of("X25519MLKEM768"), "TLSv1.3", 1, 2),
                new SessionSummary(N2, "tcp", Optional.empty(), "TLSv1.3", 2, 0))));
    }

    /** One change, and then the end of the cluster, so that a watch ends. */
    @Override
    public CompletableFuture<PeerChanges> peerChanges(long afterNumber, Duration atMost) {
        if (asked) {
            return CompletableFuture.failedFuture(new UnavailableException("the cluster is gone"));
        }
        asked = true;
        return answer(() -> new PeerChanges(6, false, List.of(),
            List.of(new PeerEvent(6, PeerStatus.OFFLINE, peer(N2, PeerStatus.ONLINE, Optional.empty())))));
    }

    @Override
    public CompletableFuture<NodeStatus> status() {
        return answer(() -> status(N1, "leader", Optional.of(N1)));
    }

    @Override
    public ControlPlane plane() {
        return this;
    }

    @Override
    public CompletableFuture<List<MemberStatus>> memberStatuses() {
        return answer(() -> List.of(
            new MemberStatus(N1, Optional.of(with(configuration, status(N1, "leader", Optional.of(N1)))),
                Optional.empty()),
            new MemberStatus(N2, Optional.empty(), Optional.of("nobody listens"))));
    }

    @Override
    public CompletableFuture<AdministrationResult> changeMembership(
            MembershipChange change, boolean force, Duration atMost) {
        return answer(() -> {
            orders.add(change + (force ? " by force" : ""));
            return result;
        });
    }

    @Override
    public CompletableFuture<AdministrationResult> transferLeadership(Optional<NodeId> to, Duration atMost) {
        return answer(() -> {
            orders.add("transfer to " + to.map(NodeId::value).orElse("anybody"));
            return result;
        });
    }

    @Override
    public void close() {
        closed = true;
    }

    private <T> CompletableFuture<T> answer(Answer<T> answer) {
        if (failure != null) {
            return CompletableFuture.failedFuture(failure);
        }
        try {
            return CompletableFuture.completedFuture(answer.get());
        } catch (CommandRejectedException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private interface Answer<T> {

        T get() throws CommandRejectedException;
    }
}
