package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireViolation;
import java.util.ArrayList;
import java.util.List;

/** The connection's own frames, and the way to its activation. */
interface ControlRules extends Rules {

    @ContractRule(number = 20, text = "Frames of the connection arrive in the order of their sending, once each, "
        + "from nothing to the largest.")
    default void required_t20_control_frames_arrive_in_order() {
        Bench.Ends ends = bench().connect(bench().node("a"), bench().node("b"));
        ContractPeer dialed = new ContractPeer(bench(), ends.dialed());
        ContractPeer accepted = new ContractPeer(bench(), ends.accepted());
        dialed.activate();
        accepted.activate();
        // The limit before activation is 16 KiB, behind it there is none: both sides are active by now.
        List<Frame> sent = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int size = switch (i % 4) {
                case 0 -> 0;
                case 1 -> 1;
                case 2 -> 700;
                default -> FrameFormat.MAX_CONTROL_PAYLOAD_BYTES;
            };
            sent.add(Frame.control(i % 2 == 0 ? FrameKind.PING : FrameKind.PONG, i, Payloads.of(i, size)));
        }
        sent.forEach(dialed.connection()::send);
        sent.forEach(accepted.connection()::send);
        bench().await("all control frames",
            () -> dialed.controls().size() >= sent.size() && accepted.controls().size() >= sent.size());
        assertEquals(sent, accepted.controls(), "frames of the dialer");
        assertEquals(sent, dialed.controls(), "frames of the accepter");
    }

    /** Nobody has a precedence: a scripted hello, verdict, ping and pong, heard frame by frame. */
    @ContractRule(number = 21, text = "The handshake's transcript does not depend on the origin: the same script gives "
        + "the same frames and callbacks at the dialer and at the accepter.")
    default void required_t21_the_transcript_does_not_depend_on_the_origin() {
        Bench.Ends ends = bench().connect(bench().node("a"), bench().node("b"));
        List<String> atDialer = new ArrayList<>();
        List<String> atAccepter = new ArrayList<>();
        ContractPeer dialed = scripted(ends.dialed(), atDialer);
        ContractPeer accepted = scripted(ends.accepted(), atAccepter);
        bench().await("the end of the handshake",
            () -> heard(dialed, FrameKind.PONG) && heard(accepted, FrameKind.PONG));
        assertEquals(List.of("HANDSHAKE 1 hello", "HANDSHAKE 2 verdict on hello", "PING 3 ", "PONG 3 "),
            sortedPings(atDialer), "heard by the dialer");
        assertEquals(sortedPings(atDialer), sortedPings(atAccepter), "heard by the accepter");
        assertEquals(dialed.connection().state(), accepted.connection().state());
        assertEquals(ConnectionState.IDLE, dialed.connection().state());
        dialed.connection().close(CloseReason.of(CloseReason.Kind.NORMAL, "done"));
        assertEquals(CloseReason.Kind.GOODBYE, accepted.closeReason().kind());
        assertEquals(CloseReason.Kind.NORMAL, dialed.closeReason().kind());
    }

    private ContractPeer scripted(Connection connection, List<String> transcript) {
        Opening opening = new Opening(connection);
        ContractPeer started = new ContractPeer(bench(), connection, (peer, frame) -> {
            opening.say();
            transcript.add(frame.kind() + " " + frame.correlationId() + " " + frame.body().utf8());
            switch ((int) frame.correlationId()) {
                case 1 -> peer.connection().send(Frame.control(FrameKind.HANDSHAKE, 2,
                    Bytes.utf8("verdict on " + frame.body().utf8())));
                case 2 -> {
                    peer.activate();
                    peer.ping(3);
                }
                default -> {
                    if (frame.kind() == FrameKind.PING) {
                        peer.connection().send(Frame.control(FrameKind.PONG, frame.correlationId(), frame.body()));
                    }
                }
            }
        });
        opening.say();
        return started;
    }

    /** The first frame of a script. What the other side says first may be heard before it, and is answered after it. */
    final class Opening {
        private final Connection connection;
        private boolean said;

        private Opening(Connection connection) {
            this.connection = connection;
        }

        private synchronized void say() {
            if (!said) {
                said = true;
                connection.send(Frame.control(FrameKind.HANDSHAKE, 1, Bytes.utf8("hello")));
            }
        }
    }

    private static boolean heard(ContractPeer peer, FrameKind kind) {
        return peer.controls().stream().anyMatch(frame -> frame.kind() == kind);
    }

    /** The other side's ping and the answer to the own one may cross. */
    private static List<String> sortedPings(List<String> transcript) {
        List<String> sorted = new ArrayList<>(transcript);
        sorted.subList(Math.min(2, sorted.size()), sorted.size()).sort(null);
        return sorted;
    }

    @ContractRule(number = 22, text = "Before activation there is no capacity and no call can be opened; start and "
        + "activate are called once, in this order, and send takes no call's frame.")
    default void required_t22_no_call_before_activation() {
        Bench.Ends ends = bench().connect(bench().node("a"), bench().node("b"));
        for (Connection connection : List.of(ends.dialed(), ends.accepted())) {
            String of = " of the connection that was " + connection.origin();
            assertThrows(IllegalStateException.class, () -> connection.activate(stream -> null),
                "activation before the start" + of);
            ContractPeer peer = new ContractPeer(bench(), connection);
            assertEquals(0, connection.openCapacity(), "capacity before activation" + of);
            assertTrue(peer.tryOpen().isEmpty(), "a call before activation" + of);
            assertThrows(IllegalStateException.class, () -> new ContractPeer(bench(), connection),
                "a second start" + of);
            Frame request = new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), 1, 1, List.of());
            assertThrows(IllegalArgumentException.class, () -> connection.send(request), "a call's frame" + of);
            peer.activate();
            assertThrows(IllegalStateException.class, peer::activate, "a second activation" + of);
            assertEquals(0, peer.controls().size());
        }
    }

    @ContractRule(number = 23, text = "A frame of the handshake after activation is the violation UNEXPECTED_CONTROL "
        + "and ends the connection.")
    default void required_t23_a_handshake_after_activation_is_a_violation() {
        bench().expect(WireViolation.UNEXPECTED_CONTROL);
        for (Origin sender : Origin.values()) {
            String names = sender == Origin.DIALED ? "ab" : "cd";
            ContractNode a = bench().node(names.substring(0, 1));
            ContractNode b = bench().node(names.substring(1));
            Bench.Peers peers = bench().active(a, b);
            ContractPeer sends = sender == Origin.DIALED ? peers.dialed() : peers.accepted();
            ContractPeer judges = sender == Origin.DIALED ? peers.accepted() : peers.dialed();
            sends.connection().send(Frame.control(FrameKind.HANDSHAKE, 5, Bytes.utf8("hello again")));
            CloseReason reason = judges.closeReason();
            assertEquals(WireViolation.UNEXPECTED_CONTROL, reason.violation().orElse(null), reason.toString());
            assertEquals(CloseReason.Kind.GOODBYE, sends.closeReason().kind());
            assertEquals(1, (sender == Origin.DIALED ? b : a).counted(WireViolation.UNEXPECTED_CONTROL));
            assertEquals(List.of(), judges.controls());
        }
    }
}
