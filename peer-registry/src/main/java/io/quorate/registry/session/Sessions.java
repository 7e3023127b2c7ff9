package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The door of this package: sessions with nodes (and, on a node, with clients and operators), kept up by dialing,
 * watched for life, and calls over them. A node and a client use it alike.
 *
 * <p><b>Threading.</b> Everything happens on the loop. Methods are loop only, except where said, and do not block.
 *
 * <p><b>Use.</b> Create, {@link #start}, then on the loop {@link #setTargets}; read {@link #presence()} whenever the
 * listener hears something, and now and then. {@link #close} ends it.
 */
public final class Sessions implements PeerCaller, AutoCloseable {

    /** How long {@link #close} waits for the loop, in milliseconds. */
    public static final long STOP_TIMEOUT_MILLIS = 2_000;

    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

    /**
     * What the owner gives.
     *
     * @param loop the thread on which everything here happens
     * @param identity started before {@link Sessions#start}; judges the other side's evidence
     * @param transports created and not started, at most one of each scheme; {@link Sessions} starts and closes them
     * @param local what this side says of itself
     * @param policy whom to admit, and with which standing
     * @param server serves the calls of others
     * @param listener hears of sessions
     * @param settings limits and intervals
     * @param counters counts
     * @param prefer the schemes of the preferred transports, the best first: in this order the endpoints of a target
     *     are tried and its connections used. Others follow in the order in which a target's endpoints list them.
     * @param requirePostQuantum whether to refuse a connection whose key exchange is known not to be the post-quantum
     *     one, whatever its transport has let pass
     */
    public record Context(
        NodeLoop loop,
        Identity identity,
        List<Transport> transports,
        LocalDescription local,
        AdmissionPolicy policy,
        CallServer server,
        SessionListener listener,
        SessionSettings settings,
        Counters counters,
        List<String> prefer,
        boolean requirePostQuantum) {

        public Context {
            transports = List.copyOf(transports);
            prefer = List.copyOf(prefer);
        }

        /** Without a preference of its own, and with any key exchange. */
        public Context(NodeLoop loop, Identity identity, List<Transport> transports, LocalDescription local,
            AdmissionPolicy policy, CallServer server, SessionListener listener, SessionSettings settings,
            Counters counters) {
            this(loop, identity, transports, local, policy, server, listener, settings, counters, List.of(), false);
        }
    }

    private final Context context;
    private final NodeLoop loop;
    private final Completions completions;
    private final CallContext calls;
    private final SessionTable table;
    private final Dialer dialer;
    private final Liveness liveness;
    private final Expiry expiry;
    private final RefusalLog refusals;
    private final ConnectionGate gate;
    private final int ticksPerWindow;
    private volatile LocalDescription local;
    private boolean stopped;

    /**
     * Creates the sessions; starts nothing, and touches neither identity nor transports.
     *
     * @throws IllegalArgumentException if two transports have the same scheme, or the description is of another
     *     identity
     */
    public Sessions(Context context) {
        this.context = context;
        this.loop = context.loop();
        this.local = context.local();
        SessionSettings settings = context.settings();
        this.completions = new Completions(loop);
        this.calls = new CallContext(loop, settings, context.policy(), context.server(), new Deadlines(loop),
            completions, new CallCounters(context.counters()), this::onDemand);
        this.table = new SessionTable(calls, new DialerFirst(), context.counters());
        this.dialer = new Dialer(loop, table, settings, context.counters(), context.transports(),
            new SchemePreference(context.prefer()));
        this.liveness = new Liveness(loop, table, settings, () -> local.epoch(), this::judgeAgain,
            this::onTick);
        this.expiry = new Expiry(loop, context.identity(), context.policy(), table);
        this.refusals = new RefusalLog(loop.clock(), context.counters());
        this.ticksPerWindow = liveness.ticksOf(Math.max(settings.idleShrinkMillis() / 2, 1));
        this.gate = new ConnectionGate(loop, context.identity(), () -> local, this::judge, settings, context.counters(),
            refusals, dialer, new GateSessions(), context.listener()::refused, context.requirePostQuantum());
    }

    /**
     * Starts the transports, which then listen and deliver connections. Blocks until they are bound; called once, on
     * any thread. If one fails, those started before are closed.
     */
    public void start() throws TransportException {
        if (!context.identity().self().equals(context.local().self())) {
            throw new IllegalStateException("found a description of " + context.local().self() + ", expected one of "
                + context.identity().self());
        }
        List<Transport> started = new ArrayList<>();
        for (Transport transport : context.transports()) {
            try {
                transport.start(gate);
            } catch (TransportException e) {
                started.forEach(Transport::close);
                throw e;
            }
            started.add(transport);
        }
    }

    /** Where the transports listen, with the ports that were chosen; in the order of the transports. Any thread. */
    public List<Endpoint> listening() {
        return context.transports().stream().flatMap(transport -> transport.listening().stream()).toList();
    }

    /** Changes the endpoints that later hellos advertise; for listeners that chose their own port. Any thread. */
    public void advertise(List<Endpoint> endpoints) {
        local = local.withEndpoints(endpoints);
    }

    /**
     * Changes the epoch that later hellos tell and the features that they must have, and judges the sessions that there
     * are by them: those whose other side has told another epoch, or lacks a feature, are closed. The new epoch is told
     * on all sessions, so that the other sides can judge as well.
     *
     * <p>Scenario: a node with an empty directory has met a node from before a recovery, and then learns the epoch from
     * one of the recovered cluster; without this, it would go on listening to both.
     *
     * <p>Loop only; before {@link #start} also whoever starts it.
     */
    public void agreed(long epoch, SortedSet<String> features) {
        boolean news = local.epoch() != epoch;
        if (!news && local.required().equals(features)) {
            return;
        }
        local = local.withAgreed(epoch, features);
        for (PeerSession session : table.sessions()) {
            if (!judgeAgain(session) && news) {
                liveness.ping(session);
            }
        }
    }

    /** @return whether the session has ended, since the two do not belong together any more */
    private boolean judgeAgain(PeerSession session) {
        Optional<Handshake.Refusal> refusal =
            Handshake.otherEpoch(local, session.identity(), session.epoch())
                .or(() -> Handshake.missingFeature(local, session.identity(), session.hello()));
        refusal.ifPresent(why -> {
            context.counters().accept(why.reason() == RefusalReason.RECOVERY_EPOCH ? "session.other-epoch"
                : "session.feature-missing");
            table.close(session, CloseReason.of(CloseReason.Kind.REFUSED, why.reason().label() + ": " + why.detail()));
        });
        return refusal.isPresent();
    }

    /** What this side says of itself now. Any thread. */
    public LocalDescription local() {
        return local;
    }

    /** The counters; any thread. */
    public Counters counters() {
        return context.counters();
    }

    /**
     * Says to which nodes connections are to be kept from now on; replaces what was said before. Targets that stay keep
     * their connections; connections dialed for targets that are gone are closed as soon as no call uses them. This
     * side's own node must not be among them.
     */
    public void setTargets(Collection<DialTarget> targets) {
        dialer.setTargets(targets);
    }

    /**
     * Calls a node: exactly one answer, on the loop, never within this call.
     *
     * <p>If no session to the node lives, the answer is NOT_SENT at once. If one does, and all connections are in use,
     * the call waits its turn within its lane, and for at most its time.
     *
     * @throws IllegalArgumentException if {@code timeoutMillis} is below 1 or above
     *     {@link FrameFormat#MAX_BUDGET_MILLIS}: there is no call without a deadline
     */
    @Override
    public void call(NodeId peer, RpcType type, List<Bytes> request, long timeoutMillis, CallHandler answer) {
        if (timeoutMillis < 1 || timeoutMillis > FrameFormat.MAX_BUDGET_MILLIS) {
            throw new IllegalArgumentException("found a time limit of " + timeoutMillis + " ms for " + type
                + ", expected "
                + "1 to " + FrameFormat.MAX_BUDGET_MILLIS);
        }
        PeerLink link = stopped ? null : table.link(peer);
        if (link == null) {
            notSent(answer, "found no session with " + peer + dialer.lastProblem(peer).map(p -> "; " + p).orElse(""));
            return;
        }
        long bytes = 0;
        for (Bytes part : request) {
            bytes += part.length();
        }
        if (bytes > FrameFormat.MAX_PAYLOAD_BYTES) {
            notSent(answer, "found a request of " + bytes + " bytes, expected at most "
                + FrameFormat.MAX_PAYLOAD_BYTES);
            return;
        }
        link.call(type, request, timeoutMillis, answer);
    }

    private void notSent(CallHandler answer, String detail) {
        calls.counted().failed(CallFailure.Kind.NOT_SENT);
        completions.failLater(answer, new CallFailure(CallFailure.Kind.NOT_SENT, Optional.empty(), detail));
    }

    /** What this side sees of every node: those with sessions, and those that had some. In order of node id. */
    public SortedMap<NodeId, NodePresence> presence() {
        return table.presence();
    }

    /** The same for one node; empty if it has never had a session. */
    public Optional<NodePresence> presence(NodeId node) {
        return table.presence(node);
    }

    /** Why the last attempt to reach a target node failed; empty if none did since it last had a session. */
    public Optional<String> lastDialProblem(NodeId node) {
        return dialer.lastProblem(node);
    }

    /** The refusals that have not ended well yet, the last of each kind; in order of subject and reason. */
    public List<RefusalEvent> refusals() {
        return refusals.open();
    }

    /** All live sessions, those of clients and operators too, in order of their admission; a copy. */
    public List<PeerSession> sessions() {
        return table.sessions();
    }

    /** Closes every session of a node, telling it why. If the node is a target, it will be dialed again. */
    public void disconnect(NodeId node, CloseReason reason) {
        PeerLink link = table.link(node);
        if (link != null) {
            List.copyOf(link.sessions()).forEach(session -> table.close(session, reason));
        }
    }

    /**
     * Ends everything on the loop: no more dialing, handshakes are refused with SHUTTING_DOWN, sessions closed with
     * SHUTDOWN, calls failed. Does not block, does not close the transports. Idempotent.
     */
    public void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        dialer.stop();
        gate.stop();
        CloseReason shutdown = CloseReason.of(CloseReason.Kind.SHUTDOWN, "this side is stopping");
        table.sessions().forEach(session -> table.close(session, shutdown));
        liveness.stop();
    }

    /**
     * {@link #stop}, then closes the transports. Idempotent; any thread. On the loop it does not wait for the loop; on
     * another thread it waits at most {@link #STOP_TIMEOUT_MILLIS} for it, and then for each transport's close.
     */
    @Override
    public void close() {
        if (loop.inLoop()) {
            stop();
        } else {
            CountDownLatch done = new CountDownLatch(1);
            loop.execute(() -> {
                try {
                    stop();
                } finally {
                    done.countDown();
                }
            });
            try {
                if (!done.await(STOP_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)) {
                    LOG.warn("The loop did not end the sessions within {} ms; the transports are closed all the same",
                        STOP_TIMEOUT_MILLIS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        context.transports().forEach(Transport::close);
    }

    private Optional<Handshake.Refusal> judge(PeerIdentity identity, Hello hello) {
        if (stopped) {
            return Optional.of(new Handshake.Refusal(RefusalReason.SHUTTING_DOWN, "this side is stopping"));
        }
        return context.policy().refusal(identity)
            .map(reason -> new Handshake.Refusal(reason, identity + " is not admitted to " + local.cluster()))
            .or(() -> table.refusal(identity, hello));
    }

    private void onDemand() {
        dialer.check();
    }

    private void onTick() {
        expiry.onTick();
        table.links().forEach(link -> link.onTick(ticksPerWindow));
        dialer.onTick();
    }

    /** The dialer hears of sessions before the owner: what the owner then asks for finds dialing under way. */
    private final class DialerFirst implements SessionListener {

        @Override
        public void sessionAdmitted(PeerSession session) {
            dialer.sessionAdmitted(session);
            context.listener().sessionAdmitted(session);
        }

        @Override
        public void sessionConfirmed(PeerSession session) {
            dialer.sessionConfirmed(session);
            context.listener().sessionConfirmed(session);
        }

        @Override
        public void sessionClosed(PeerSession session, CloseReason reason) {
            dialer.sessionClosed(session, reason);
            context.listener().sessionClosed(session, reason);
        }
    }

    private final class GateSessions implements ConnectionGate.Sessions {

        @Override
        public Optional<Handshake.Refusal> admit(PeerSession session) {
            // The handshake has judged by the epoch and the features that were known when it began.
            return Handshake.otherEpoch(local, session.identity(), session.epoch())
                .or(() -> Handshake.missingFeature(local, session.identity(), session.hello()))
                .or(() -> table.admit(session));
        }

        @Override
        public void activated(PeerSession session) {
            liveness.admitted(session);
            table.tell();
        }

        @Override
        public void control(PeerSession session, Frame frame) {
            liveness.onControl(session, frame);
        }

        @Override
        public void closed(PeerSession session, CloseReason reason) {
            table.connectionClosed(session, reason);
        }
    }
}
