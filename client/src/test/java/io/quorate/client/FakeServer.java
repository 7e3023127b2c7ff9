package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.api.Term;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.PeerChangesRequest;
import io.quorate.registry.protocol.PeerCodec;
import io.quorate.registry.protocol.QueryRequest;
import io.quorate.registry.protocol.QueryResponse;
import io.quorate.registry.protocol.StatusCodec;
import io.quorate.registry.protocol.SubmitResponse;
import io.quorate.registry.protocol.WatchRequest;
import io.quorate.registry.protocol.WatchResponse;
import io.quorate.registry.session.AdmissionPolicy;
import io.quorate.registry.session.CallServer;
import io.quorate.registry.session.Caller;
import io.quorate.registry.session.Counters;
import io.quorate.registry.session.Incarnation;
import io.quorate.registry.session.LocalDescription;
import io.quorate.registry.session.ServedCall;
import io.quorate.registry.session.SessionListener;
import io.quorate.registry.session.SessionSettings;
import io.quorate.registry.session.Sessions;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.time.VirtualLoop;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One node of a {@link FakeCluster}: answers as a node would, unless a test has scripted its next answers. */
final class FakeServer implements CallServer {

    /** The answer to a query that begins with {@code big}. */
    static final int BIG_ANSWER_BYTES = 64 << 10;

    /** An answer to one call instead of the usual one. */
    @FunctionalInterface
    interface Answer {
        void give(Bytes request, ServedCall call);
    }

    /** One call that arrived. */
    record Arrived(RpcType type, long atMillis, Bytes request) {
    }

    final NodeId id;
    final List<Arrived> arrived = new ArrayList<>();

    /** How long the node works on a call. */
    long serviceNanos = FakeCluster.MILLI;

    /** Used up in order, then the node answers by itself again. */
    private final Map<RpcType, Deque<Answer>> scripted = new EnumMap<>(RpcType.class);

    /** Used instead of the node's own answers for as long as it is there. */
    private final Map<RpcType, Answer> always = new EnumMap<>(RpcType.class);
    private final FakeCluster cluster;
    private Sessions sessions;
    private VirtualLoop loop;
    private boolean up;

    FakeServer(FakeCluster cluster, String name) {
        this.cluster = cluster;
        this.id = new NodeId(name);
        start(TestIdentity.node(name));
    }

    void start(Identity identity) {
        loop = new VirtualLoop(cluster.world);
        Counters counters = new Counters();
        var endpoint = FakeCluster.endpoint(id.value());
        var transport = cluster.network.transport(id.value(), new TransportContext(identity::credentials,
            Optional.of(endpoint), counters, false, Map.of()));
        AdmissionPolicy everybody = new AdmissionPolicy() {
            @Override
            public Optional<RefusalReason> refusal(PeerIdentity who) {
                return Optional.empty();
            }

            @Override
            public io.quorate.api.Standing standing(PeerIdentity who) {
                return AdmissionPolicy.forClient().standing(who);
            }
        };
        sessions = new Sessions(new Sessions.Context(loop, identity, List.of(transport),
            LocalDescription.of(FakeCluster.ID, identity.self(), Incarnation.fresh(loop), List.of(endpoint), "fake"),
            everybody, this, new SessionListener() { }, SessionSettings.forNode(), counters));
        try {
            sessions.start();
        } catch (TransportException e) {
            throw new AssertionError(e);
        }
        up = true;
    }

    /** As kill -9 would: the kernel closes its connections, and nothing that it was working on comes to an end. */
    void kill() {
        up = false;
        loop.kill();
        cluster.network.kill(id.value());
    }

    void restart() {
        start(TestIdentity.node(id.value()));
    }

    /** The next call of {@code type} gets this answer; called twice, the one after it the next. */
    void next(RpcType type, Answer answer) {
        scripted.computeIfAbsent(type, ignored -> new ArrayDeque<>()).add(answer);
    }

    /** All calls of {@code type} get this answer from now on; null for the node's own. */
    void always(RpcType type, Answer answer) {
        if (answer == null) {
            always.remove(type);
        } else {
            always.put(type, answer);
        }
    }

    static Answer error(RpcError.Code code, String detail) {
        return (request, call) -> call.fail(new RpcError(code, "scripted " + code, detail));
    }

    static Answer error(RpcError.Code code) {
        return error(code, "");
    }

    static Answer silence() {
        return (request, call) -> { };
    }

    /** The calls of one type that have arrived. */
    List<Arrived> arrived(RpcType type) {
        return arrived.stream().filter(each -> each.type() == type).toList();
    }

    /** How many commands each SUBMIT brought. */
    List<Integer> batchSizes() {
        return arrived(RpcType.SUBMIT).stream().map(each -> commands(each.request()).size()).toList();
    }

    @Override
    public void serve(Caller caller, RpcType type, Bytes request, long budgetMillis, ServedCall call) {
        arrived.add(new Arrived(type, cluster.nowMillis(), request));
        Deque<Answer> next = scripted.get(type);
        Answer answer = next != null && !next.isEmpty() ? next.poll() : always.get(type);
        if (answer != null) {
            answer.give(request, call);
            return;
        }
        try {
            switch (type) {
                case SUBMIT -> submit(request, call);
                case QUERY -> later(() -> query(request, call));
                case WATCH -> watch(WatchRequest.decode(request), call);
                case STATUS -> call.respond(StatusCodec.encode(status()));
                case PEERS -> peers(caller, call);
                case PEER_CHANGES -> changes(PeerChangesRequest.decode(request), call);
                default -> call.fail(RpcError.of(RpcError.Code.DENIED, "not for clients"));
            }
        } catch (MalformedBytesException e) {
            call.fail(RpcError.of(RpcError.Code.MALFORMED, e.getMessage()));
        }
    }

    /** Applies a batch and answers, unless the node is killed while it works. */
    void apply(Bytes request, ServedCall call) {
        call.respond(new SubmitResponse(cluster.nextIndex(), outcomesOf(request)).encode());
    }

    /** As {@link #apply}, and nobody hears of it. */
    Answer applyInSilence() {
        return (request, call) -> outcomesOf(request);
    }

    private List<Outcome> outcomesOf(Bytes request) {
        List<Outcome> outcomes = new ArrayList<>();
        for (CommandBatch.Group group : groups(request)) {
            for (int i = 0; i < group.commands().size(); i++) {
                String text = group.commands().get(i).utf8();
                outcomes.add(cluster.sessions.outcome(group, i, () -> {
                    cluster.applied.add(text);
                    return outcome(text, "r:" + text);
                }));
            }
        }
        return outcomes;
    }

    private void submit(Bytes request, ServedCall call) {
        later(() -> {
            FakeServer leader = cluster.leader == null ? null : cluster.server(cluster.leader.value());
            if (leader == null || !leader.up) {
                call.fail(RpcError.of(RpcError.Code.UNAVAILABLE, id + " knows no leader"));
            } else if (leader == this) {
                apply(request, call);
            } else {
                // Passed on, and so one more way to go.
                cluster.world.schedule(2 * FakeCluster.HOP, () -> leader.later(() -> leader.apply(request, call)));
            }
        });
    }

    private void query(Bytes request, ServedCall call) {
        try {
            QueryRequest decoded = QueryRequest.decode(request);
            long needed = decoded.consistency() instanceof Consistency.AtLeast some ? some.index().value() : 0;
            if (needed > cluster.index) {
                // Waits, as a node does that has not applied so much yet.
                cluster.world.schedule(FakeCluster.MILLI, () -> query(request, call));
                return;
            }
            List<Outcome> outcomes = new ArrayList<>();
            for (Bytes query : decoded.queries()) {
                String text = query.utf8();
                String answer = text.startsWith("big") ? text + "@" + "x".repeat(BIG_ANSWER_BYTES) : text + "@" + id;
                outcomes.add(outcome(text, answer));
            }
            call.respond(new QueryResponse(new LogIndex(cluster.index), outcomes).encode());
        } catch (MalformedBytesException e) {
            call.fail(RpcError.of(RpcError.Code.MALFORMED, e.getMessage()));
        }
    }

    private static Outcome outcome(String request, String answer) {
        return request.startsWith("reject") ? Outcome.rejected("no " + request) : Outcome.ok(Bytes.utf8(answer));
    }

    private void watch(WatchRequest request, ServedCall call) {
        long until = cluster.world.clock().nanoTime() + request.waitMillis() * FakeCluster.MILLI;
        poll(until, call, () -> cluster.news.map(Bytes::utf8),
            news -> call.respond(new WatchResponse(news).encode()));
    }

    private void changes(PeerChangesRequest request, ServedCall call) {
        long until = cluster.world.clock().nanoTime() + request.waitMillis() * FakeCluster.MILLI;
        poll(until, call, () -> cluster.news.map(Bytes::utf8), news -> call.respond(PeerCodec.encode(new PeerChanges(
            request.after() + (news.isPresent() ? 1 : 0), false, List.of(),
            news.map(ignored -> new PeerEvent(request.after() + 1, PeerStatus.ONLINE, peer(id))).stream().toList()))));
    }

    private void poll(long until, ServedCall call, java.util.function.Supplier<Optional<Bytes>> look,
            java.util.function.Consumer<Optional<Bytes>> answer) {
        if (call.cancelled() || !up) {
            return;
        }
        if (look.get().isPresent() || cluster.world.clock().nanoTime() >= until) {
            answer.accept(look.get());
            return;
        }
        cluster.world.schedule(FakeCluster.MILLI, () -> poll(until, call, look, answer));
    }

    private void peers(Caller caller, ServedCall call) {
        if (caller.standing() != io.quorate.api.Standing.OPERATOR) {
            call.fail(RpcError.of(RpcError.Code.DENIED, "PEERS is for operators"));
            return;
        }
        call.respond(PeerCodec.encode(new PeerView(7,
            cluster.servers.values().stream().map(server -> peer(server.id)).toList(), List.of())));
    }

    private static Peer peer(NodeId node) {
        return new Peer(node, 1, PeerStatus.ONLINE, "", Optional.empty(), Optional.empty(),
            List.of(FakeCluster.endpoint(node.value()).toString()), "fake", Instant.EPOCH, Optional.empty(), Term.ZERO);
    }

    NodeStatus status() {
        boolean leads = id.equals(cluster.leader);
        LogIndex index = new LogIndex(cluster.index);
        return new NodeStatus(id, FakeCluster.ID, 1, "fake", leads ? "leader" : "follower", cluster.term,
            Optional.ofNullable(cluster.leader), index, index, index,
            cluster.servers.values().stream().map(server -> server.id).toList(), List.of(), "fake", 0, new TreeMap<>(),
            Optional.empty());
    }

    private void later(Runnable work) {
        cluster.world.schedule(serviceNanos, () -> {
            if (up) {
                work.run();
            }
        });
    }

    static List<Bytes> commands(Bytes request) {
        return groups(request).stream().flatMap(group -> group.commands().stream()).toList();
    }

    static List<CommandBatch.Group> groups(Bytes request) {
        try {
            return CommandBatch.decode(request).groups();
        } catch (MalformedBytesException e) {
            throw new AssertionError(e);
        }
    }
}
