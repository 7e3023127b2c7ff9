package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * One connection's handshake: a pure, symmetric state machine. Frames and the deadline go in; frames and a verdict come
 * out. It knows no clock, no thread, no transport, and not who began the connection.
 *
 * <pre>
 * state             input                      output                           next
 * ----------------  -------------------------  -------------------------------  ----------------
 * HELLO_AWAITED     good hello                 verdict: accepted                VERDICT_AWAITED
 * HELLO_AWAITED     verdict: refused           Refused(REFUSED_BY_PEER)         OVER
 * HELLO_AWAITED     any other frame, deadline  verdict: refused, and Refused    TOLD
 * VERDICT_AWAITED   verdict: accepted          Accepted                         ACCEPTED
 * VERDICT_AWAITED   verdict: refused           Refused(REFUSED_BY_PEER)         OVER
 * VERDICT_AWAITED   any other frame, deadline  Refused                          OVER
 * TOLD              anything                   Over                             OVER
 * </pre>
 *
 * <p>Both sides send their hello at once. A side that has sent and received acceptance makes the session. In TOLD the
 * other side's verdict may still be under way; closing before it has arrived could make TCP throw this side's verdict
 * away unread (a reset overtakes it), and the other side would see nothing but the end of file (lesson 14).
 *
 * <p>It alone makes a {@link PeerSession}: {@link #admit} works in ACCEPTED and there only, once.
 */
final class Handshake {

    /** What a dialer meant to reach: a node, and which one if it knows. Else a client could pose as a server. */
    record Meant(Optional<NodeId> node) {
    }

    /** What the identity provider made of the evidence. */
    sealed interface Verified {

        record Known(PeerIdentity identity) implements Verified {
        }

        record Refused(RefusalReason reason, String detail) implements Verified {
        }
    }

    /** A reason and its words. */
    record Refusal(RefusalReason reason, String detail) {
    }

    /** Decides what needs more knowledge than one connection's: membership, incarnations, limits. */
    @FunctionalInterface
    interface Judge {
        Optional<Refusal> refusal(PeerIdentity identity, Hello hello);
    }

    /** What the machine answers: frames to send, in order, and where it stands. */
    record Step(List<Frame> send, Progress progress) {
    }

    /** Where it stands after a step. */
    sealed interface Progress {

        /** More input is needed. */
        record Waiting() implements Progress {
        }

        /** Both sides have accepted; {@link Handshake#admit} makes the session. */
        record Accepted() implements Progress {
        }

        /**
         * This connection will not become a session.
         *
         * @param mayStillRead whether the other side's last frame may be under way: close when it has arrived
         */
        record Refused(RefusalReason reason, String detail, boolean mayStillRead) implements Progress {
        }

        /** It was refused before, and nothing more is to be read. */
        record Over() implements Progress {
        }
    }

    private enum State { HELLO_AWAITED, VERDICT_AWAITED, ACCEPTED, TOLD, OVER }

    private final LocalDescription local;
    private final Bytes nonce;
    private final Bytes channelBinding;
    private final Verified verified;
    private final Optional<Meant> meant;
    private final Judge judge;
    private State state = State.HELLO_AWAITED;
    private Hello theirs;
    private int version;
    private boolean admitted;

    /**
     * @param local this side
     * @param nonce fresh random bytes
     * @param channelBinding the evidence's
     * @param verified the identity that the evidence proves
     * @param meant what this side meant to reach, if it began the connection
     * @param judge asked last, about a hello that is good otherwise
     */
    Handshake(LocalDescription local, Bytes nonce, Bytes channelBinding, Verified verified, Optional<Meant> meant,
        Judge judge) {
        this.local = local;
        this.nonce = nonce;
        this.channelBinding = channelBinding;
        this.verified = verified;
        this.meant = meant;
        this.judge = judge;
    }

    /** This side's hello; to be sent at once, whoever began the connection. */
    Frame hello() {
        return frame(new Hello(local.minVersion(), local.maxVersion(), local.capabilities(), local.cluster(),
            local.self().kind(), local.self().name(), local.incarnation(), local.endpoints(), local.build(), nonce,
            channelBinding, local.epoch()).encode());
    }

    /** The frame with which a connection is refused that is not to have a handshake at all. */
    static Frame refusal(RefusalReason reason, String detail) {
        return frame(Verdict.refuse(reason, detail, Optional.empty()).encode());
    }

    /** A frame of the connection arrived. */
    Step onFrame(Frame frame) {
        return switch (state) {
            case HELLO_AWAITED -> frame.kind() == FrameKind.HANDSHAKE ? onFirst(frame.body()) : unexpected(frame);
            case VERDICT_AWAITED -> frame.kind() == FrameKind.HANDSHAKE ? onVerdict(frame.body()) : unexpected(frame);
            case TOLD, OVER -> over();
            case ACCEPTED -> throw new IllegalStateException("found a " + frame.kind()
                + " after the handshake, expected it to go to the session");
        };
    }

    /** The handshake's time is over. */
    Step onDeadline() {
        return switch (state) {
            case HELLO_AWAITED, VERDICT_AWAITED -> refuse(RefusalReason.HANDSHAKE_TIMEOUT, "found no "
                + (state == State.HELLO_AWAITED ? "hello" : "verdict") + " in time");
            case TOLD, OVER, ACCEPTED -> over();
        };
    }

    /** The other side's hello, once a good or bad one could be read. */
    Optional<Hello> theirs() {
        return Optional.ofNullable(theirs);
    }

    /**
     * Makes the session.
     *
     * @param sessionId the gate's number for it: each transport counts its connections for itself, and two transports
     *     would number two sessions alike
     */
    PeerSession admit(long sessionId, Connection connection) {
        if (state != State.ACCEPTED || admitted || !(verified instanceof Verified.Known known)) {
            throw new IllegalStateException("found a handshake in " + state + ", expected one that both sides "
                + "accepted, and that made no session yet");
        }
        admitted = true;
        SortedSet<String> common = new TreeSet<>(local.capabilities());
        common.retainAll(theirs.capabilities());
        return new PeerSession(sessionId, connection, known.identity(), theirs, version, common);
    }

    private Step onFirst(Bytes payload) {
        if (payload.isEmpty() || payload.at(0) != Verdict.MESSAGE) {
            return onHello(payload);
        }
        // A side that has no room for a handshake, or is stopping, refuses in place of its hello.
        try {
            Verdict verdict = Verdict.decode(payload);
            if (!verdict.accepted() && verdict.judges(nonce)) {
                return refusedByPeer(verdict);
            }
        } catch (MalformedBytesException e) {
            return refuse(RefusalReason.MALFORMED_HELLO, "verdict: " + e.getMessage());
        }
        return refuse(RefusalReason.MALFORMED_HELLO, "found a verdict, expected a hello");
    }

    private Step onHello(Bytes payload) {
        try {
            theirs = Hello.decode(payload);
        } catch (MalformedBytesException e) {
            return refuse(RefusalReason.MALFORMED_HELLO, e.getMessage());
        }
        Optional<Refusal> refusal = judge(theirs);
        if (refusal.isPresent()) {
            return refuse(refusal.get().reason(), refusal.get().detail());
        }
        state = State.VERDICT_AWAITED;
        return new Step(List.of(frame(Verdict.accept(theirs).encode())), new Progress.Waiting());
    }

    private Optional<Refusal> judge(Hello hello) {
        return switch (verified) {
            // First: to whom TLS has proved nothing, nothing is told but that.
            case Verified.Refused refused -> refuseWith(refused.reason(), refused.detail());
            case Verified.Known known -> judge(known.identity(), hello);
        };
    }

    private Optional<Refusal> judge(PeerIdentity identity, Hello hello) {
        Optional<Integer> common = Hello.commonVersion(local.minVersion(), local.maxVersion(), hello.minVersion(),
            hello.maxVersion());
        if (common.isEmpty()) {
            return refuseWith(RefusalReason.PROTOCOL_VERSION, "found versions " + hello.minVersion() + " to "
                + hello.maxVersion() + ", expected one of " + local.minVersion() + " to " + local.maxVersion());
        }
        version = common.get();
        if (!hello.cluster().equals(local.cluster())) {
            return refuseWith(RefusalReason.WRONG_CLUSTER, "found cluster " + hello.cluster() + ", expected "
                + local.cluster());
        }
        if (hello.kind() != identity.kind() || !hello.name().equals(identity.name())) {
            return refuseWith(RefusalReason.IDENTITY_MISMATCH, "found a hello of " + hello.claim()
                + ", expected the certificate's " + identity);
        }
        if (identity.kind() == PeerIdentity.Kind.NODE && !isNodeId(identity.name())) {
            return refuseWith(RefusalReason.SPIFFE_ID_MALFORMED, "found " + identity + ", expected the name of a node");
        }
        if (!hello.channelBinding().equals(channelBinding)) {
            return refuseWith(RefusalReason.CHANNEL_BINDING, "found a hello of another TLS session, expected this "
                + "one's; something terminates TLS in between");
        }
        boolean bothPeers = !hello.callsOnly() && !local.capabilities().contains(Hello.CALLS_ONLY);
        if (bothPeers && identity.equals(local.self()) && identity.kind() == PeerIdentity.Kind.NODE) {
            return refuseWith(RefusalReason.CONNECTED_TO_SELF, hello.incarnation() == local.incarnation()
                ? "found this very process" : "found another process with this node's identity " + identity);
        }
        // A node that was removed is told so, and not to upgrade: what others lack comes last.
        return otherEpoch(local, identity, hello.epoch()).or(() -> unexpectedNode(identity, hello))
            .or(() -> judge.refusal(identity, hello)).or(() -> missingFeature(local, identity, hello));
    }

    /** What speaks against {@code epoch}, which the other side has told, by what this side knows of its own now. */
    static Optional<Refusal> otherEpoch(LocalDescription local, PeerIdentity identity, long epoch) {
        return epoch == local.epoch() || epoch == 0 || local.epoch() == 0 ? Optional.empty()
            : refuseWith(RefusalReason.RECOVERY_EPOCH, "found " + identity.name() + " in epoch " + epoch
                + ", expected " + local.epoch() + ", that of " + local.self().name() + ". "
                + (epoch < local.epoch() ? identity.name() : local.self().name())
                + " is from before the cluster was recovered from the loss of its quorum: stop it, wipe its data "
                + "directory, and let it join anew");
    }

    /** What the other side's build lacks of what is on here; processes that only call need none of it. */
    static Optional<Refusal> missingFeature(LocalDescription local, PeerIdentity identity, Hello hello) {
        if (identity.kind() != PeerIdentity.Kind.NODE || hello.callsOnly()) {
            return Optional.empty();
        }
        TreeSet<String> missing = new TreeSet<>(local.required());
        missing.removeAll(hello.features());
        return missing.isEmpty() ? Optional.empty() : refuseWith(RefusalReason.FEATURE_MISSING, "found "
            + identity.name() + " of build " + hello.build() + " without the features " + missing + ", expected all of "
            + local.required() + ", which are on in " + local.cluster() + "; upgrade " + identity.name());
    }

    private static boolean isNodeId(String name) {
        try {
            new NodeId(name);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private Optional<Refusal> unexpectedNode(PeerIdentity identity, Hello hello) {
        if (meant.isEmpty()) {
            return Optional.empty();
        }
        boolean other = meant.get().node().isPresent() && !meant.get().node().get().value().equals(identity.name());
        return identity.kind() == PeerIdentity.Kind.NODE && !hello.callsOnly() && !other ? Optional.empty()
            : refuseWith(RefusalReason.UNEXPECTED_NODE, "found " + identity + ", expected "
                + meant.get().node().map(node -> "node " + node).orElse("a node"));
    }

    private Step onVerdict(Bytes payload) {
        Verdict verdict;
        try {
            verdict = Verdict.decode(payload);
        } catch (MalformedBytesException e) {
            return refuse(RefusalReason.MALFORMED_HELLO, "verdict: " + e.getMessage());
        }
        if (!verdict.judges(nonce)) {
            return refuse(RefusalReason.CHANNEL_BINDING, "found a verdict about another hello, expected one about "
                + "the hello of this connection");
        }
        if (verdict.accepted()) {
            state = State.ACCEPTED;
            return new Step(List.of(), new Progress.Accepted());
        }
        return refusedByPeer(verdict);
    }

    private Step refusedByPeer(Verdict verdict) {
        state = State.OVER;
        String detail = verdict.detail().isEmpty() ? "" : ": " + verdict.detail();
        return new Step(List.of(), new Progress.Refused(RefusalReason.REFUSED_BY_PEER,
            verdict.refusal().orElseThrow().label() + detail, false));
    }

    private Step unexpected(Frame frame) {
        return refuse(RefusalReason.WIRE_VIOLATION, "found a " + frame.kind() + " in the handshake, expected a "
            + (state == State.HELLO_AWAITED ? "hello" : "verdict"));
    }

    private Step refuse(RefusalReason reason, String detail) {
        // Who was silent until the deadline is not waited for once more.
        boolean mayStillRead = state == State.HELLO_AWAITED && reason != RefusalReason.HANDSHAKE_TIMEOUT;
        Progress.Refused refused = new Progress.Refused(reason, detail, mayStillRead);
        if (state == State.VERDICT_AWAITED) {
            // Acceptance was sent: the other side may be active, and a second verdict would be a violation there. The
            // goodbye of the close tells it.
            state = State.OVER;
            return new Step(List.of(), refused);
        }
        state = State.TOLD;
        return new Step(List.of(frame(Verdict.refuse(reason, detail, Optional.ofNullable(theirs)).encode())), refused);
    }

    private Step over() {
        state = state == State.TOLD ? State.OVER : state;
        return new Step(List.of(), new Progress.Over());
    }

    private static Optional<Refusal> refuseWith(RefusalReason reason, String detail) {
        return Optional.of(new Refusal(reason, detail));
    }

    private static Frame frame(Bytes payload) {
        return Frame.control(FrameKind.HANDSHAKE, 0, payload);
    }
}
