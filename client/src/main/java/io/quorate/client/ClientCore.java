package io.quorate.client;

import static io.quorate.client.ClientLimits.MAX_CALLS_IN_FLIGHT;
import static io.quorate.client.ClientLimits.MAX_CALLS_IN_FLIGHT_OVERALL;
import static io.quorate.client.ClientLimits.NANOS_PER_MILLI;
import static io.quorate.client.ClientLimits.TOO_LATE_TO_SEND_FRACTION;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.OverloadedException;
import io.quorate.api.Peer;
import io.quorate.api.PeerView;
import io.quorate.api.UnavailableException;
import io.quorate.registry.protocol.Failures;
import io.quorate.registry.protocol.PeerCodec;
import io.quorate.registry.session.DialTarget;
import io.quorate.registry.session.RefusalEvent;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller.CallHandler;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's decisions: takes operations over, keeps the pipelines going, hears of nodes that come and go. Everything
 * here happens on the loop, but for {@link #capacity} and {@link #handover}, which threads that submit use.
 */
final class ClientCore {

    private static final Logger LOG = LoggerFactory.getLogger(ClientCore.class);

    private final NodeLoop loop;
    private final ClientSettings settings;
    private final PeerIdentity.Kind self;
    private final Network network;
    private final Capacity capacity;
    private final Handover handover = new Handover();
    private final LeaderView leaders = new LeaderView();
    private final Routes routes;
    private final Reachability reachability;
    private final Discovery discovery = new Discovery(this);
    private final SubmitPipeline submits;
    private final QueryPipeline linearizable = new QueryPipeline(this, Routes.Want.LEADER, MAX_CALLS_IN_FLIGHT);
    private final QueryPipeline leased = new QueryPipeline(this, Routes.Want.LEADER, MAX_CALLS_IN_FLIGHT);
    private final QueryPipeline local = new QueryPipeline(this, Routes.Want.ANY, MAX_CALLS_IN_FLIGHT);
    private final QueryPipeline caughtUp = new QueryPipeline(this, Routes.Want.LEADER, MAX_CALLS_IN_FLIGHT);
    private final QueryPipeline ahead = new QueryPipeline(this, Routes.Want.LEADER, MAX_CALLS_IN_FLIGHT_OVERALL);
    private final List<Pipeline<?>> pipelines;
    private final DirectCalls directs = new DirectCalls(this);
    private final SortedMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
    private final SortedSet<NodeId> wanted = new TreeSet<>();
    private final long originNanos;
    private List<DialTarget> targets = List.of();
    private LogIndex applied = LogIndex.ZERO;
    private long isolatedSinceNanos;
    private final Runnable pump = this::pump;
    private boolean pumpQueued;
    private boolean stopped;
    private Cancellable timer;
    private long timerNanos = Long.MAX_VALUE;

    ClientCore(NodeLoop loop, ClientSettings settings, PeerIdentity.Kind self, Network network) {
        this.loop = loop;
        this.settings = settings;
        this.self = self;
        this.network = network;
        this.capacity = new Capacity(settings.maxPendingOperations(), settings.maxPendingBytes());
        this.originNanos = loop.clock().nanoTime();
        this.routes = new Routes(leaders, loop.random());
        this.reachability = new Reachability(settings.servers());
        this.submits = new SubmitPipeline(this, settings.sessions());
        this.pipelines = List.of(submits, linearizable, leased, local, caughtUp, ahead);
    }

    // What threads that submit use.

    Capacity capacity() {
        return capacity;
    }

    Handover handover() {
        return handover;
    }

    // What the client tells.

    void start() {
        if (!settings.preferred().isEmpty()) {
            routes.hold();
        }
        aim();
    }

    /** Fails everything that is pending or comes later; what has been sent already may have been carried out. */
    void stop(String why) {
        if (stopped) {
            return;
        }
        stopped = true;
        takeOver(nowNanos());
        pipelines.forEach(pipeline -> pipeline.abandon(why));
        directs.abandon(why);
        if (timer != null) {
            timer.cancel();
        }
    }

    // What the sessions tell.

    /** A session with {@code node} was confirmed. */
    void nodeUp(NodeId node, String scheme, String remote, List<Endpoint> advertised) {
        endpoints.put(node, advertised);
        reachability.connected(node, scheme, remote, advertised);
        if (settings.preferred().stream().anyMatch(server -> reachability.nodeAt(server).filter(node::equals)
                .isPresent())) {
            routes.prefer(node);
        } else if (!reachability.isAtServer(node)) {
            // It may be the preferred server under another address; to wait on for it would be to wait for ever.
            routes.release();
        }
        if (routes.connect(node)) {
            LOG.debug("connected to node {} at {}", node, remote);
            discovery.nodeCame();
        }
        requestPump();
    }

    /** No confirmed session with {@code node} is left. */
    void nodeDown(NodeId node, String reason) {
        if (!routes.isConnected(node)) {
            return;
        }
        LOG.debug("lost node {}: {}", node, reason);
        routes.disconnect(node);
        reachability.lost(node, reason);
        if (routes.isolated()) {
            isolatedSinceNanos = nowNanos();
        }
        if (leaders.leader().filter(node::equals).isPresent()) {
            discovery.need();
        }
        requestPump();
    }

    void refused(RefusalEvent event) {
        if (event.origin() != Origin.DIALED) {
            return;
        }
        if (event.first()) {
            LOG.debug("no session with {} at {}: {}: {}", event.subject(), event.remote(), event.reason().label(),
                event.detail());
        }
        reachability.refused(event);
        endpoints.forEach((node, places) -> {
            if (!routes.isConnected(node)) {
                reachability.refused(event, node, places);
            }
        });
        if (!settings.preferred().isEmpty() && settings.preferred().stream().allMatch(reachability::settled)) {
            routes.release();
        }
        requestPump();
    }

    // What the parts use.

    long nowNanos() {
        return loop.clock().nanoTime() - originNanos;
    }

    RandomGenerator random() {
        return loop.random();
    }

    Routes routes() {
        return routes;
    }

    LeaderView leaders() {
        return leaders;
    }

    /** Whether anybody waits for something that only a leader can bring about. */
    boolean leaderAwaited() {
        return submits.busy() || linearizable.busy() || leased.busy() || caughtUp.busy() || ahead.busy()
            || directs.leaderAwaited();
    }

    void call(NodeId node, RpcType type, List<Bytes> request, long timeoutMillis, CallHandler answer) {
        network.call(node, type, request, timeoutMillis, answer);
    }

    Optional<NodeId> routeOf(DirectCall<?> call, long nowNanos) {
        return call.only == null ? routes.pick(call.want(), nowNanos)
            : routes.pickOnly(call.only, Routes.Want.ANY, nowNanos);
    }

    /** Whoever is taken for the leader keeps silent. */
    void doubtLeader() {
        discovery.need();
    }

    /** {@code node} has answered. */
    void worked(NodeId node, Routes.Want want) {
        routes.worked(node, want);
        if (want == Routes.Want.LEADER && routes.preferred().filter(node::equals).isEmpty()) {
            discovery.used();
        }
    }

    /** A call to {@code node} has failed: what that says about the node and the leader. */
    void failed(NodeId node, Routes.Want want, CallFailure failure) {
        RpcError.Code code = failure.error().map(RpcError::code).orElse(null);
        if (code == RpcError.Code.NOT_LEADER) {
            leaders.notLeading(node, Failures.leader(failure.error().get()));
        }
        boolean verdict = code == RpcError.Code.DENIED || code == RpcError.Code.REJECTED
            || code == RpcError.Code.MALFORMED || code == RpcError.Code.OVERLOADED;
        if (!verdict) {
            LOG.debug("a call to node {} failed: {}", node, failure);
            routes.failed(node, want, nowNanos());
            if (want == Routes.Want.LEADER) {
                discovery.need();
            }
        }
    }

    /**
     * How long the overloaded {@code node} has asked to be spared; up to half as long again, so that not all return.
     */
    long pauseNanos(NodeId node, CallFailure failure) {
        ControlPlaneException told = Failures.ofCall(Pipeline.where(node), failure, true);
        long nanos = told instanceof OverloadedException e ? e.retryAfter().toNanos()
            : ClientLimits.OVERLOADED_RETRY_MILLIS * NANOS_PER_MILLI;
        return nanos + loop.random().nextLong(nanos / 2 + 1);
    }

    /** Some node has applied everything up to {@code index}. */
    void applied(LogIndex index) {
        if (index.compareTo(applied) > 0) {
            applied = index;
        }
    }

    boolean knowsApplied(LogIndex index) {
        return index.compareTo(applied) <= 0;
    }

    LeaderView.Offer learn(NodeStatus status) {
        applied(status.appliedIndex());
        LeaderView.Offer offer = leaders.offer(status.term(), status.leader());
        if (offer == LeaderView.Offer.CHANGED) {
            NodeId leader = leaders.leader().orElseThrow();
            LOG.debug("node {} leads in term {}", leader, leaders.term());
            routes.forgive(leader);
            if (settings.preferred().isEmpty() && !routes.isConnected(leader)) {
                reach(leader);
            }
        }
        requestPump();
        return offer;
    }

    /** A look at the peers, from which the client learns where members are that it has not met. */
    DirectCall<PeerView> peersQuestion() {
        return DirectCall.question(RpcType.PEERS, response -> {
            PeerView view = PeerCodec.decodeView(response);
            learn(view);
            return view;
        }, null);
    }

    private void learn(PeerView view) {
        for (Peer peer : view.peers()) {
            List<Endpoint> places = new ArrayList<>();
            for (String text : peer.endpoints()) {
                try {
                    places.add(Endpoint.parse(text));
                } catch (IllegalArgumentException e) {
                    LOG.debug("node {} advertises what this build cannot read: {}", peer.id(), e.getMessage());
                }
            }
            // What a node says of itself on its own connection is newer than what the registry has of it.
            if (!places.isEmpty() && !routes.isConnected(peer.id())) {
                endpoints.put(peer.id(), places);
            }
        }
        aim();
    }

    void unreadable(NodeId node, RpcType type, MalformedBytesException e) {
        LOG.warn("node {} has answered {} with what this build cannot read: {}", node, type, e.getMessage());
    }

    /** When to end an operation that waits to be sent: earlier than its deadline if there is nobody to ask. */
    long endNanos(Pending<?> operation) {
        long end = operation instanceof PendingCommand ? operation.deadlineNanos
            - (operation.deadlineNanos - operation.startNanos) / TOO_LATE_TO_SEND_FRACTION : operation.deadlineNanos;
        if (!routes.isolated()) {
            return end;
        }
        if (reachability.hopeless()) {
            return Long.MIN_VALUE;
        }
        long patience = Math.max(isolatedSinceNanos, operation.startNanos) + settings.connectTimeoutNanos();
        return Math.min(end, patience);
    }

    /** Why {@code node} cannot be asked, if that is certain. */
    Optional<String> unreachable(NodeId node) {
        if (node == null || routes.isConnected(node)) {
            return Optional.empty();
        }
        Optional<String> failure = reachability.failureOf(node);
        if (failure.isEmpty() && !wanted.contains(node) && reachability.settled()) {
            return Optional.of("node " + node + " is not at any configured server, and no endpoint of it is known: "
                + reachability.describe());
        }
        return failure.map(why -> "node " + node + " cannot be reached: " + why);
    }

    /** Nothing happened, and time is over. */
    ControlPlaneException outOfTime(Pending<?> operation, boolean readOnly) {
        if (routes.isolated()) {
            return new UnavailableException("no server can be reached: " + reachability.describe(),
                reachability.lastingReason());
        }
        String within = "not done within its time of "
            + (operation.deadlineNanos - operation.startNanos) / NANOS_PER_MILLI + " ms";
        if (operation.lastFailure != null) {
            ControlPlaneException last =
                Failures.ofCall(Pipeline.where(operation.lastNode), operation.lastFailure, readOnly);
            return last instanceof OverloadedException ? last
                : new UnavailableException(within + "; at last, " + last.getMessage());
        }
        return new UnavailableException(within + "; found " + routes.connected() + " connected and "
            + leaders.leader().map(leader -> leader + " leading").orElse("no leader"));
    }

    ControlPlaneException unavailable(String why) {
        return new UnavailableException(why);
    }

    /** The same of a node that {@link #unreachable} is about. */
    ControlPlaneException unavailable(NodeId node, String why) {
        return new UnavailableException(why, reachability.lastingReason(node));
    }

    /** Milliseconds, rounded up, and at least one. */
    static long millisUp(long nanos) {
        return Math.max(1, (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
    }

    /** Has {@link #pump} run after everything that this turn brings: what comes together is sent together. */
    void requestPump() {
        if (!pumpQueued) {
            pumpQueued = true;
            loop.execute(pump);
        }
    }

    void pump() {
        pumpQueued = false;
        long now = nowNanos();
        takeOver(now);
        if (stopped) {
            return;
        }
        discovery.pump(now);
        for (Pipeline<?> pipeline : pipelines) {
            pipeline.pump(now);
        }
        directs.pump(now);
        setTimer(now);
    }

    private void takeOver(long now) {
        Pending<?> operation = handover.takeAll();
        while (operation != null) {
            Pending<?> next = operation.next;
            operation.next = null;
            if (stopped) {
                capacity.release(1, operation.bytes);
                operation.completeExceptionally(new UnavailableException(QuorateClient.CLOSED));
            } else {
                // One reading of the clock for all that have gathered: they get the same deadline and stay in order.
                operation.startNanos = now;
                operation.deadlineNanos = now + operation.limitNanos(settings.operationTimeoutNanos());
                sort(operation);
            }
            operation = next;
        }
    }

    private void sort(Pending<?> operation) {
        switch (operation) {
            case PendingCommand command -> submits.add(command);
            case PendingQuery query -> pipelineOf(query.consistency).add(query);
            case DirectCall<?> call -> {
                if (call.only != null && !routes.isConnected(call.only)) {
                    reach(call.only);
                }
                directs.add(call);
            }
        }
    }

    private QueryPipeline pipelineOf(Consistency consistency) {
        return switch (consistency) {
            case Consistency.Linearizable all -> linearizable;
            case Consistency.Lease held -> leased;
            case Consistency.Local any -> local;
            case Consistency.AtLeast some -> knowsApplied(some.index()) ? caughtUp : ahead;
        };
    }

    /** Has {@code node} dialed, if an endpoint of it is known or can be asked for. */
    private void reach(NodeId node) {
        if (endpoints.containsKey(node)) {
            wanted.add(node);
            aim();
        } else if (self == PeerIdentity.Kind.OPERATOR && capacity.tryTake(0)) {
            // Applications may not ask this; they reach a leader that they do not know through the nodes that they do.
            DirectCall<PeerView> question = peersQuestion();
            question.startNanos = nowNanos();
            question.deadlineNanos = question.startNanos + settings.operationTimeoutNanos();
            question.whenComplete((view, failure) -> {
                if (view != null && endpoints.containsKey(node)) {
                    wanted.add(node);
                    aim();
                }
            });
            directs.add(question);
            requestPump();
        }
    }

    /** Dials the configured servers, and beside them the wanted nodes that none of them is. */
    private void aim() {
        List<DialTarget> next = new ArrayList<>();
        settings.servers().forEach(server -> next.add(DialTarget.anyNodeAt(server)));
        for (NodeId node : wanted) {
            List<Endpoint> places = endpoints.get(node).stream()
                .filter(place -> settings.schemes().contains(place.scheme())).toList();
            boolean configured = places.stream().anyMatch(settings.servers()::contains);
            if (!configured && !reachability.isAtServer(node) && !places.isEmpty()) {
                next.add(DialTarget.node(node, places));
            }
        }
        if (!stopped && !next.equals(targets)) {
            targets = next;
            network.setTargets(next);
        }
    }

    private void setTimer(long now) {
        long wake = Math.min(discovery.wakeNanos(), directs.wakeNanos(now));
        for (Pipeline<?> pipeline : pipelines) {
            wake = Math.min(wake, pipeline.wakeNanos(now));
        }
        // A timer that is set for earlier stays: it looks again. So deadlines, which only grow, cost nothing each time.
        if (wake >= timerNanos) {
            return;
        }
        if (timer != null) {
            timer.cancel();
        }
        timerNanos = wake;
        timer = loop.schedule(Math.max(0, wake - now), () -> {
            timerNanos = Long.MAX_VALUE;
            timer = null;
            pump();
        });
    }
}
