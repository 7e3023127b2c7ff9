package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.OverloadedException;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerView;
import io.quorate.api.QueryResult;
import io.quorate.api.UnavailableException;
import io.quorate.registry.protocol.AdministrationAnswer;
import io.quorate.registry.protocol.MembershipChangeRequest;
import io.quorate.registry.protocol.PeerChangesRequest;
import io.quorate.registry.protocol.PeerCodec;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.registry.protocol.StatusCodec;
import io.quorate.registry.protocol.TransferRequest;
import io.quorate.registry.protocol.WatchRequest;
import io.quorate.registry.protocol.WatchResponse;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.RpcType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * The control plane of a cluster, over the network: for applications and for the command line.
 *
 * <p>It finds the leader and follows it. Commands and queries that come while calls are under way gather into batches;
 * each keeps its own result. What fails is tried again, elsewhere or later, until the operation's time is over. A
 * command is applied once all the same: the cluster knows it by the client's session and the command's sequence, and
 * answers a repetition with the result of the first. Only at its deadline does a command that was sent and not answered
 * fail with {@link io.quorate.api.OutcomeUnknownException}; see {@link ClientBuilder#sessions}.
 *
 * <p><b>Order.</b> Two commands that are under way at the same time may be applied in either order. Wait for the first
 * one's result if the order matters.
 *
 * <p><b>Time.</b> Every future ends within the operation time limit ({@link ClientBuilder#operationTimeout}); that of
 * {@link #watch} and {@link #peerChanges} within that and the given time to wait. If no server at all can be reached,
 * operations fail after {@link ClientBuilder#connectTimeout}, and at once if every server refuses this client for good;
 * the message names each endpoint and its reason.
 *
 * <p><b>Threading.</b> All methods may be called from any thread and do not block, except for {@link #start} and
 * {@link #close}. Futures complete on the client's loop thread: a dependent stage that blocks there stops the client. A
 * future that is cancelled takes its operation back only if that has not been sent.
 *
 * <p><b>Bounds.</b> What is pending is bounded in number and bytes; beyond that, operations fail at once with
 * {@link OverloadedException}.
 */
public final class QuorateClient implements ControlPlane {

    static final String CLOSED = "the client is closed";

    /** So that adding to a time that somebody calls forever does not overflow. */
    private static final long MAX_WAIT_NANOS = Duration.ofDays(365).toNanos();

    private final ClientCore core;
    private final ClientRuntime runtime;

    QuorateClient(ClientCore core, ClientRuntime runtime) {
        this.core = core;
        this.runtime = runtime;
    }

    /** A builder with nothing set. */
    public static ClientBuilder builder() {
        return new ClientBuilder();
    }

    /**
     * Starts the transports and begins to dial; returns without waiting for a connection. To be called once; with a
     * loop of the caller's own, on that loop or before it runs.
     *
     * @throws TransportException if a transport cannot start; the client is closed then
     */
    public void start() throws TransportException {
        runtime.start();
    }

    @Override
    public CompletableFuture<CommandResult> submit(Command command) {
        return enqueue(new PendingCommand(command.payload()));
    }

    @Override
    public CompletableFuture<QueryResult> query(Bytes query, Consistency consistency) {
        PendingQuery pending = new PendingQuery(query, consistency);
        return tooLarge(query, pending) ? pending : enqueue(pending);
    }

    @Override
    public CompletableFuture<Optional<Bytes>> watch(Bytes request, Duration atMost) {
        DirectCall<Optional<Bytes>> call = new DirectCall<>(RpcType.WATCH, request.length(),
            wait -> new WatchRequest(wait, request).encode(), response -> WatchResponse.decode(response).news(),
            Optional::isPresent, nanos(atMost), null);
        return tooLarge(request, call) ? call : enqueue(call);
    }

    @Override
    public CompletableFuture<PeerView> peers() {
        return enqueue(core.peersQuestion());
    }

    @Override
    public CompletableFuture<PeerChanges> peerChanges(long afterNumber, Duration atMost) {
        return enqueue(new DirectCall<>(RpcType.PEER_CHANGES, 0,
            wait -> new PeerChangesRequest(afterNumber, wait).encode(), PeerCodec::decodeChanges,
            changes -> changes.snapshot() || !changes.events().isEmpty(), nanos(atMost), null));
    }

    /** The account of the preferred server, otherwise of the first one reached. */
    @Override
    public CompletableFuture<NodeStatus> status() {
        return enqueue(DirectCall.question(RpcType.STATUS, StatusCodec::decode, null));
    }

    /**
     * The account of one node, and of no other. Fails with {@link UnavailableException} as soon as it is known that the
     * node cannot be reached. A node that is not among the configured servers is found if this side's identity is an
     * operator's.
     */
    public CompletableFuture<NodeStatus> status(NodeId node) {
        return enqueue(DirectCall.question(RpcType.STATUS, StatusCodec::decode, node));
    }

    /**
     * Asks one node who the members are, and then each of them for its account. Completes when all have answered or
     * failed, in order of node id; fails only if nobody could say who the members are.
     */
    public CompletableFuture<List<MemberStatus>> memberStatuses() {
        CompletableFuture<NodeStatus> first = status();
        // Where the members are: only operators may ask. Others reach those that are configured.
        CompletableFuture<NodeStatus> located = runtime.self() != PeerIdentity.Kind.OPERATOR ? first
            : first.thenCompose(status -> peers().handle((view, failure) -> status));
        return located.thenCompose(status -> statusOf(new TreeSet<>(membersOf(status))));
    }

    private static List<NodeId> membersOf(NodeStatus status) {
        List<NodeId> members = new ArrayList<>(status.members());
        members.add(status.node());
        status.configuration().ifPresent(configuration -> {
            members.addAll(configuration.learners());
            members.addAll(configuration.outgoing());
        });
        return members;
    }

    /**
     * Changes who belongs to the cluster; for operators. Goes to the leader, and completes with {@code Done} when the
     * change is committed or with {@code Refused}. It is tried again only if it surely did nothing; fails with
     * {@link io.quorate.api.OutcomeUnknownException} if it may have come about.
     *
     * @param force whether to do it although it endangers the quorum
     * @param atMost how long the leader may take
     */
    public CompletableFuture<AdministrationResult> changeMembership(
            MembershipChange change, boolean force, Duration atMost) {
        return enqueue(DirectCall.order(RpcType.CHANGE_MEMBERSHIP, new MembershipChangeRequest(change, force).encode(),
            AdministrationAnswer::decode, nanos(atMost)));
    }

    /** Hands the leadership to {@code to}, or to whoever is best prepared; otherwise as {@link #changeMembership}. */
    public CompletableFuture<AdministrationResult> transferLeadership(Optional<NodeId> to, Duration atMost) {
        return enqueue(DirectCall.order(RpcType.TRANSFER_LEADERSHIP, new TransferRequest(to).encode(),
            AdministrationAnswer::decode, nanos(atMost)));
    }

    /** How many operations wait or are under way. */
    public int pendingOperations() {
        return core.capacity().count();
    }

    /** How often what happened to this side's connections and calls, by name; a copy. */
    public SortedMap<String, Long> counters() {
        return runtime.counters();
    }

    /**
     * Ends every operation: those that were not sent fail with {@link UnavailableException}, commands under way with
     * {@link io.quorate.api.OutcomeUnknownException}. Returns within 10 seconds; idempotent. On the loop's own thread,
     * and with a loop of the caller's own, it does not wait: the end then comes with the loop's next turn.
     */
    @Override
    public void close() {
        runtime.close();
    }

    private CompletableFuture<List<MemberStatus>> statusOf(TreeSet<NodeId> nodes) {
        List<CompletableFuture<MemberStatus>> answers = new ArrayList<>();
        for (NodeId node : nodes) {
            answers.add(status(node).handle((status, failure) -> MemberStatus.of(node, status, failure)));
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
            .thenApply(done -> answers.stream().map(CompletableFuture::join).toList());
    }

    private <R> CompletableFuture<R> enqueue(Pending<R> operation) {
        if (!runtime.isOpen()) {
            operation.completeExceptionally(new UnavailableException(runtime.whyNotOpen()));
        } else if (!core.capacity().tryTake(operation.bytes)) {
            operation.completeExceptionally(new OverloadedException("found " + core.capacity()
                + " pending in this client, expected less; wait for some of them",
                Duration.ofMillis(ClientLimits.OVERLOADED_RETRY_MILLIS)));
        } else {
            runtime.handOver(operation);
        }
        return operation;
    }

    private static boolean tooLarge(Bytes request, Pending<?> pending) {
        return request.length() > ProtocolLimits.MAX_QUERY_BYTES && pending.completeExceptionally(
            new CommandRejectedException("found a request of " + request.length() + " bytes, expected at most "
                + ProtocolLimits.MAX_QUERY_BYTES));
    }

    private static long nanos(Duration wait) {
        return wait.isNegative() ? 0
            : wait.compareTo(Duration.ofNanos(MAX_WAIT_NANOS)) > 0 ? MAX_WAIT_NANOS : wait.toNanos();
    }
}
