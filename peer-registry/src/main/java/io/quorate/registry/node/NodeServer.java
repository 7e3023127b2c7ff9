package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeStatus;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerView;
import io.quorate.api.Standing;
import io.quorate.registry.protocol.AdministrationAnswer;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Failures;
import io.quorate.registry.protocol.MembershipChangeRequest;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.PeerChangesRequest;
import io.quorate.registry.protocol.PeerCodec;
import io.quorate.registry.protocol.PresenceReport;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.registry.protocol.QueryRequest;
import io.quorate.registry.protocol.QueryResponse;
import io.quorate.registry.protocol.StatusCodec;
import io.quorate.registry.protocol.TransferRequest;
import io.quorate.registry.protocol.WatchRequest;
import io.quorate.registry.protocol.WatchResponse;
import io.quorate.registry.session.CallServer;
import io.quorate.registry.session.Caller;
import io.quorate.registry.session.Counters;
import io.quorate.registry.session.Hello;
import io.quorate.registry.session.PeerSession;
import io.quorate.registry.session.ServedCall;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Optional;

/** Serves the calls of other nodes, clients and operators: authorises, decodes, hands on. Loop only. */
final class NodeServer implements CallServer {

    /** What the procedures are served with. */
    interface Services {

        Submissions submissions();

        Reads reads();

        Watches watches();

        PresenceExchange presence();

        Consensus consensus();

        Vouching vouching();

        NodeStatus status();

        PeerView peers();

        /** Why this node serves nothing but its status, if so. */
        Optional<String> outOfService();
    }

    private final Services node;
    private final Counters counters;

    NodeServer(Services node, Counters counters) {
        this.node = node;
        this.counters = counters;
    }

    @Override
    public void serve(Caller caller, RpcType type, Bytes request, long budgetMillis, ServedCall call) {
        if (!permits(caller, type)) {
            counters.accept(Authorization.deniedCounter(type));
            call.fail(RpcError.of(RpcError.Code.DENIED, "found " + caller.identity() + " with standing "
                + caller.standing() + ", which may not call " + type));
            return;
        }
        if (node.outOfService().isPresent() && type != RpcType.STATUS) {
            call.fail(RpcError.of(RpcError.Code.UNAVAILABLE, node.outOfService().get()));
            return;
        }
        try {
            dispatch(caller, type, request, budgetMillis, call);
        } catch (MalformedBytesException e) {
            counters.accept("rpc.malformed." + Authorization.label(type));
            call.fail(RpcError.of(RpcError.Code.MALFORMED, type + ": " + e.getMessage()));
        }
    }

    private boolean permits(Caller caller, RpcType type) {
        if (Authorization.permits(type, caller.standing())) {
            return true;
        }
        if (caller.node().isEmpty() || !Authorization.permitsVouched(type, caller.standing())) {
            return false;
        }
        boolean accepted = node.vouching().accepts(caller.node().get());
        if (!accepted) {
            node.vouching().refused(caller.node().get());
        }
        return accepted;
    }

    private void dispatch(Caller caller, RpcType type, Bytes request, long budgetMillis, ServedCall call)
            throws MalformedBytesException {
        switch (type) {
            case PRE_VOTE, REQUEST_VOTE, HEARTBEAT, APPEND_ENTRIES, READ_INDEX, INSTALL_SNAPSHOT, TIMEOUT_NOW ->
                consensus(caller, type, request, call);
            case PRESENCE -> {
                PresenceReport report = PresenceReport.decode(request);
                caller.node().ifPresent(observer -> node.presence().accept(observer, report));
                call.respond(List.of());
            }
            case SUBMIT -> {
                CommandBatch batch = CommandBatch.decode(request);
                boolean member = caller.standing() == Standing.MEMBER;
                if (!member && batch.openings() > ProtocolLimits.MAX_OPENINGS_PER_SUBMIT) {
                    throw new MalformedBytesException("found " + batch.openings() + " sessions to open, expected at "
                        + "most " + ProtocolLimits.MAX_OPENINGS_PER_SUBMIT);
                }
                node.submissions().submit(batch, budgetMillis, member, call);
            }
            case QUERY -> {
                QueryRequest query = QueryRequest.decode(request);
                node.reads().read(query.consistency(), query.queries(), answerWithin(budgetMillis),
                    new QueryAnswer(call));
            }
            case WATCH -> {
                WatchRequest watch = WatchRequest.decode(request);
                long waitMillis = Math.min(watch.waitMillis(), answerWithin(budgetMillis));
                LongPoll<Bytes> poll = node.watches().watch(watch.request(), waitMillis, new WatchAnswer(call));
                call.onCancelled(() -> node.watches().callOff(poll));
            }
            case CHANGE_MEMBERSHIP -> {
                MembershipChangeRequest order = MembershipChangeRequest.decode(request);
                node.consensus().changeMembership(order.change(), order.force(), Math.max(1,
                    answerWithin(budgetMillis)), result -> AdministrationAnswer.give(result, call));
            }
            case TRANSFER_LEADERSHIP -> node.consensus().transferLeadership(TransferRequest.decode(request).to(),
                Math.max(1, answerWithin(budgetMillis)), result -> AdministrationAnswer.give(result, call));
            case STATUS -> call.respond(StatusCodec.encode(status(caller.session())));
            case PEERS -> call.respond(PeerCodec.encode(peersFor(caller)));
            case PEER_CHANGES -> {
                PeerChangesRequest changes = PeerChangesRequest.decode(request);
                long waitMillis = Math.min(changes.waitMillis(), answerWithin(budgetMillis));
                LongPoll<PeerChanges> poll = node.watches().watchPeers(changes.after(), waitMillis,
                    new PeerChangesAnswer(changes.after(), call));
                call.onCancelled(() -> node.watches().callOff(poll));
            }
        }
    }

    /** As below. */
    private NodeStatus status(PeerSession reader) {
        NodeStatus status = node.status();
        return reader.supports(Hello.FEATURES) ? status
            : reader.supports(Hello.CONFIGURATION) ? status.withoutFeatures() : status.withoutConfiguration();
    }

    /** A reader of an earlier build would take what it does not know for damage. */
    private PeerView peersFor(Caller caller) {
        PeerView view = node.peers();
        return caller.session().supports(Hello.SESSION_LIST) ? view
            : new PeerView(view.number(), view.peers(), view.presence());
    }

    private void consensus(Caller caller, RpcType type, Bytes request, ServedCall call) {
        if (caller.node().isPresent() && node.consensus().procedures().contains(type)) {
            node.consensus().serve(caller.node().get(), type, request, call);
        } else {
            call.fail(RpcError.of(RpcError.Code.UNAVAILABLE, "this node's consensus does not serve " + type));
        }
    }

    private static long answerWithin(long budgetMillis) {
        return Math.max(0, budgetMillis - NodeLimits.ANSWER_MARGIN_MILLIS);
    }

    private record QueryAnswer(RpcResponder call) implements Read.Reader {
        @Override
        public void answered(LogIndex appliedIndex, List<Outcome> outcomes) {
            call.respond(new QueryResponse(appliedIndex, outcomes).encode());
        }

        @Override
        public void failed(ControlPlaneException why) {
            call.fail(Failures.toError(why));
        }
    }

    private record WatchAnswer(RpcResponder call) implements LongPoll.Reader<Bytes> {
        @Override
        public void news(Bytes news) {
            WatchResponse response = new WatchResponse(Optional.of(news));
            if (response.fits()) {
                call.respond(response.encode());
            } else {
                failed(new CommandRejectedException("the news of " + news.length() + " bytes do not fit a response; "
                    + "watch less at a time"));
            }
        }

        @Override
        public void nothing() {
            call.respond(new WatchResponse(Optional.empty()).encode());
        }

        @Override
        public void failed(ControlPlaneException why) {
            call.fail(Failures.toError(why));
        }
    }

    private record PeerChangesAnswer(long after, RpcResponder call) implements LongPoll.Reader<PeerChanges> {
        @Override
        public void news(PeerChanges news) {
            call.respond(PeerCodec.encode(news));
        }

        @Override
        public void nothing() {
            call.respond(PeerCodec.encode(new PeerChanges(after, false, List.of(), List.of())));
        }

        @Override
        public void failed(ControlPlaneException why) {
            call.fail(Failures.toError(why));
        }
    }
}
