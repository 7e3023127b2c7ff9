package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The one gate: every connection of every transport, dialed or accepted, comes through here and through one
 * {@link Handshake}. It brings what the pure machine has not: the loop, the clock, the bounds, the words to the other
 * side, the counting and the log.
 *
 * <p>Transport threads call in and only enqueue; everything else is on the loop.
 */
final class ConnectionGate implements ConnectionSink {

    /** What the gate hands admitted sessions to. */
    interface Sessions {

        /** Takes a session in before its connection is activated; or says what has overtaken its handshake. */
        Optional<Handshake.Refusal> admit(PeerSession session);

        /** Its connection is active, and its first ping may leave. */
        void activated(PeerSession session);

        void control(PeerSession session, Frame frame);

        void closed(PeerSession session, CloseReason reason);
    }

    private final NodeLoop loop;
    private final Identity identity;
    private final Supplier<LocalDescription> local;
    private final Handshake.Judge judge;
    private final SessionSettings settings;
    private final Counters counters;
    private final RefusalLog refusals;
    private final Dialer dialer;
    private final Sessions sessions;
    private final Consumer<RefusalEvent> onRefusal;
    private final boolean requirePostQuantum;
    private final Set<Entrance> entrances = new LinkedHashSet<>();
    private final Map<String, Integer> acceptedBySource = new HashMap<>();
    private int accepted;
    private long nextSessionId = 1;
    private boolean stopped;

    ConnectionGate(NodeLoop loop, Identity identity, Supplier<LocalDescription> local, Handshake.Judge judge,
        SessionSettings settings, Counters counters, RefusalLog refusals, Dialer dialer, Sessions sessions,
        Consumer<RefusalEvent> onRefusal, boolean requirePostQuantum) {
        this.loop = loop;
        this.identity = identity;
        this.local = local;
        this.judge = judge;
        this.settings = settings;
        this.counters = counters;
        this.refusals = refusals;
        this.dialer = dialer;
        this.sessions = sessions;
        this.onRefusal = onRefusal;
        this.requirePostQuantum = requirePostQuantum;
    }

    @Override
    public void onConnection(Connection connection) {
        loop.execute(() -> enter(connection));
    }

    @Override
    public void onFailure(ConnectionFailure failure) {
        loop.execute(() -> {
            String subject = failure.dialId().isPresent()
                ? dialer.subject(failure.dialId().getAsLong()).orElse(failure.remote()) : host(failure.remote());
            if (!stopped) {
                tell(failure.scheme(), failure.origin(), subject, failure.remote(), failure.reason(), failure.detail());
            }
            failure.dialId().ifPresent(id -> dialer.failed(id, failure.reason(), failure.detail()));
        });
    }

    /** How many handshakes are under way; loop only. */
    int underWay() {
        return entrances.size();
    }

    /** Refuses everything from now on. */
    void stop() {
        stopped = true;
        for (Entrance entrance : new ArrayList<>(entrances)) {
            entrance.refuse(RefusalReason.SHUTTING_DOWN, "this side is stopping", CloseReason.Kind.SHUTDOWN);
        }
    }

    private void enter(Connection connection) {
        Entrance entrance = new Entrance(connection);
        Optional<Handshake.Refusal> atOnce = refusalAtOnce(connection);
        entrance.occupy();
        connection.start(entrance);
        if (atOnce.isPresent()) {
            connection.send(Handshake.refusal(atOnce.get().reason(), atOnce.get().detail()));
            entrance.refuse(atOnce.get().reason(), atOnce.get().detail(), CloseReason.Kind.REFUSED);
            return;
        }
        entrance.begin();
    }

    private Optional<Handshake.Refusal> refusalAtOnce(Connection connection) {
        if (stopped) {
            return refusal(RefusalReason.SHUTTING_DOWN, "this side is stopping");
        }
        Optional<String> weak = KeyExchanges.refusal(connection.evidence(), requirePostQuantum);
        if (weak.isPresent()) {
            return refusal(RefusalReason.KEY_EXCHANGE, weak.get());
        }
        if (connection.origin() == Origin.DIALED) {
            return Optional.empty();
        }
        if (accepted >= settings.maxHandshakes()) {
            return refusal(RefusalReason.TOO_MANY_HANDSHAKES, "found " + accepted + " handshakes under way, expected "
                + "fewer than " + settings.maxHandshakes());
        }
        int fromSource = acceptedBySource.getOrDefault(connection.source(), 0);
        if (fromSource >= settings.maxHandshakesPerSource()) {
            return refusal(RefusalReason.TOO_MANY_HANDSHAKES_FROM_SOURCE, "found " + fromSource + " handshakes of "
                + connection.source() + " under way, expected fewer than " + settings.maxHandshakesPerSource());
        }
        return Optional.empty();
    }

    private static Optional<Handshake.Refusal> refusal(RefusalReason reason, String detail) {
        return Optional.of(new Handshake.Refusal(reason, detail));
    }

    private void tell(String scheme, Origin origin, String subject, String remote, RefusalReason reason,
        String detail) {
        onRefusal.accept(refusals.record(scheme, origin, subject, remote, reason, detail));
    }

    private static String host(String remote) {
        int colon = remote.lastIndexOf(':');
        return colon < 0 ? remote : remote.substring(0, colon);
    }

    private Handshake.Verified verify(Connection connection) {
        try {
            return new Handshake.Verified.Known(identity.verify(connection.evidence()));
        } catch (CertificateRefusedException refused) {
            return new Handshake.Verified.Refused(refused.reason(), refused.getMessage());
        } catch (RuntimeException broken) {
            // A certificate that breaks its judge must not break the node.
            return new Handshake.Verified.Refused(RefusalReason.CERTIFICATE_INVALID, "found a certificate that cannot "
                + "be judged: " + broken);
        }
    }

    /** One connection from its arrival to its end: in the handshake first, then as the session's ear. */
    private final class Entrance implements ConnectionHandler {
        private final Connection connection;
        private final long ownNotAfterMillis = Expiry.notAfterMillis(identity.credentials().chain());
        private Optional<PeerIdentity> verified = Optional.empty();
        private Handshake handshake;
        private Cancellable deadline;
        private boolean inHandshake;
        private boolean refused;
        private boolean closed;
        private volatile PeerSession session;

        private Entrance(Connection connection) {
            this.connection = connection;
        }

        // ---- transport threads ----

        @Override
        public void onControl(Frame frame) {
            loop.execute(() -> control(frame));
        }

        @Override
        public void onCapacity() {
            PeerSession admitted = session;
            if (admitted != null && admitted.state.link.waiting()) {
                loop.execute(admitted.state.link::pump);
            }
        }

        @Override
        public void onClosed(CloseReason reason) {
            loop.execute(() -> closed(reason));
        }

        // ---- loop ----

        private void occupy() {
            inHandshake = true;
            entrances.add(this);
            if (connection.origin() == Origin.ACCEPTED) {
                accepted++;
                acceptedBySource.merge(connection.source(), 1, Integer::sum);
            }
        }

        private void vacate() {
            if (inHandshake) {
                inHandshake = false;
                entrances.remove(this);
                if (deadline != null) {
                    deadline.cancel();
                }
                if (connection.origin() == Origin.ACCEPTED) {
                    accepted--;
                    acceptedBySource.computeIfPresent(connection.source(), (s, count) -> count == 1 ? null : count - 1);
                }
            }
        }

        private void begin() {
            Optional<Handshake.Meant> meant = Optional.empty();
            if (connection.dialId().isPresent()) {
                meant = dialer.meant(connection.dialId().getAsLong());
                if (meant.isEmpty()) {
                    vacate();
                    connection.close(CloseReason.of(CloseReason.Kind.NORMAL, "not a target any more"));
                    dialEnded(RefusalReason.CONNECTION_LOST, "not a target any more");
                    return;
                }
            }
            Handshake.Verified verdict = verify(connection);
            if (verdict instanceof Handshake.Verified.Known known) {
                verified = Optional.of(known.identity());
            }
            byte[] nonce = new byte[Hello.NONCE_BYTES];
            loop.random().nextBytes(nonce);
            handshake = new Handshake(local.get(), Bytes.wrap(nonce), connection.evidence().channelBinding(), verdict,
                meant, judge);
            deadline = loop.schedule(settings.handshakeTimeoutMillis() * 1_000_000, () -> {
                counters.accept("handshake.deadline");
                follow(handshake.onDeadline());
            });
            connection.send(handshake.hello());
        }

        private void control(Frame frame) {
            PeerSession admitted = session;
            if (admitted != null) {
                sessions.control(admitted, frame);
            } else if (inHandshake && !closed) {
                follow(handshake.onFrame(frame));
            }
        }

        private void follow(Handshake.Step step) {
            step.send().forEach(connection::send);
            switch (step.progress()) {
                case Handshake.Progress.Waiting waiting -> {
                }
                case Handshake.Progress.Accepted accepted -> admit();
                case Handshake.Progress.Refused refusal -> {
                    note(refusal.reason(), refusal.detail());
                    if (!refusal.mayStillRead()) {
                        leave(kind(refusal.reason()), refusal.detail());
                    }
                }
                case Handshake.Progress.Over over -> leave(CloseReason.Kind.REFUSED, "");
            }
        }

        private void admit() {
            PeerSession made = handshake.admit(nextSessionId++, connection);
            vacate();
            Optional<Handshake.Refusal> overtaken = sessions.admit(made);
            if (overtaken.isPresent()) {
                note(overtaken.get().reason(), overtaken.get().detail());
                connection.close(CloseReason.of(CloseReason.Kind.SUPERSEDED, overtaken.get().detail()));
                return;
            }
            // Before the activation: a call must not arrive that finds no session (lesson 7).
            made.state.ownNotAfterMillis = ownNotAfterMillis;
            session = made;
            counters.accept(KeyExchanges.counterName(connection.evidence()));
            connection.dialId().ifPresent(id -> dialer.succeeded(id, made));
            refusals.wentWell(made.identity().uri());
            refusals.wentWell(connection.source());
            connection.activate(stream -> new InboundCall(made, stream));
            sessions.activated(made);
        }

        private void refuse(RefusalReason reason, String detail, CloseReason.Kind kind) {
            note(reason, detail);
            leave(kind, detail);
        }

        private void note(RefusalReason reason, String detail) {
            if (!refused) {
                refused = true;
                tell(connection.scheme(), connection.origin(), subject(), connection.remote(), reason, detail);
                dialEnded(reason, detail);
            }
        }

        private void dialEnded(RefusalReason reason, String detail) {
            connection.dialId().ifPresent(id -> dialer.failed(id, reason, detail));
        }

        private void leave(CloseReason.Kind kind, String detail) {
            vacate();
            connection.close(CloseReason.of(kind, detail));
        }

        private void closed(CloseReason reason) {
            closed = true;
            PeerSession admitted = session;
            if (admitted != null) {
                sessions.closed(admitted, reason);
                return;
            }
            if (inHandshake) {
                RefusalReason why = switch (reason.kind()) {
                    case VIOLATION -> RefusalReason.WIRE_VIOLATION;
                    case HANDSHAKE_LIMIT -> RefusalReason.PREAUTH_LIMIT;
                    default -> RefusalReason.CONNECTION_LOST;
                };
                note(why, reason.toString());
                vacate();
            }
        }

        private String subject() {
            return verified.map(PeerIdentity::uri).orElse(connection.source());
        }

        private static CloseReason.Kind kind(RefusalReason reason) {
            return reason == RefusalReason.HANDSHAKE_TIMEOUT ? CloseReason.Kind.HANDSHAKE_LIMIT
                : CloseReason.Kind.REFUSED;
        }
    }
}
