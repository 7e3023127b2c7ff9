package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * A whole handshake against a stranger who sends whatever he likes, whenever he likes. It ends in one verdict, sends at
 * most one frame after its hello, and accepts nobody whom it has no reason to accept.
 */
public final class HandshakeFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final Bytes NONCE = Bytes.wrap(new byte[] {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
        31, 32});
    private static final Bytes BINDING = Bytes.wrap(new byte[32]);
    private static final int MAX_STEPS = 12;

    /** Who the other side is, and what this side makes of it. */
    private record Case(PeerIdentity peer, boolean proved, Optional<Handshake.Meant> meant, boolean judgeRefuses) {
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 4_000, HandshakeFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(5, "accepted", "refused");
        REACHED.require(10, RefusalReason.MALFORMED_HELLO, RefusalReason.WRONG_CLUSTER,
            RefusalReason.PROTOCOL_VERSION, RefusalReason.IDENTITY_MISMATCH, RefusalReason.CHANNEL_BINDING,
            RefusalReason.CONNECTED_TO_SELF, RefusalReason.UNEXPECTED_NODE, RefusalReason.HANDSHAKE_TIMEOUT,
            RefusalReason.REFUSED_BY_PEER, RefusalReason.WIRE_VIOLATION, RefusalReason.UNTRUSTED_AUTHORITY,
            RefusalReason.REMOVED_NODE);
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        Case now = new Case(new PeerIdentity("example.org",
            in.oneIn(6) ? in.pick(PeerIdentity.Kind.values()) : PeerIdentity.Kind.NODE, in.oneIn(8) ? "n1" : "n2"),
            !in.oneIn(16), in.oneIn(4) ? Optional.of(new Handshake.Meant(in.oneIn(2) ? Optional.empty()
                : Optional.of(new NodeId(in.pick("n2", "n3"))))) : Optional.empty(), in.oneIn(16));
        Handshake handshake = new Handshake(local(in), NONCE, BINDING, now.proved
            ? new Handshake.Verified.Known(now.peer)
            : new Handshake.Verified.Refused(RefusalReason.UNTRUSTED_AUTHORITY, "found a stranger"), now.meant,
            (identity, hello) -> now.judgeRefuses
                ? Optional.of(new Handshake.Refusal(RefusalReason.REMOVED_NODE, "found a removed node"))
                : Optional.empty());
        assertTrue(Hello.decode(handshake.hello().body()).nonce().equals(NONCE));
        drive(in, handshake, now);
    }

    private static void drive(FuzzInput in, Handshake handshake, Case now) throws Exception {
        int sent = 0;
        boolean refused = false;
        for (int i = 0; i < MAX_STEPS; i++) {
            boolean deadline = in.oneIn(12);
            Frame frame = frame(in, now, i == 0);
            Handshake.Step step = deadline ? handshake.onDeadline() : handshake.onFrame(frame);
            for (Frame one : step.send()) {
                assertEquals(FrameKind.HANDSHAKE, one.kind());
                assertTrue(one.payloadLength() <= FrameFormat.MAX_CONTROL_PAYLOAD_BYTES);
                Verdict verdict = Verdict.decode(one.body());
                assertTrue(!verdict.accepted() || now.proved && !now.judgeRefuses, "accepted a stranger");
                sent++;
            }
            assertTrue(sent <= 1, "more than one verdict");
            switch (step.progress()) {
                case Handshake.Progress.Waiting waiting -> assertFalse(refused, "waits after a refusal");
                case Handshake.Progress.Over over -> {
                    assertTrue(refused, "over without a word");
                    assertEquals(List.of(), step.send());
                }
                case Handshake.Progress.Refused refusal -> {
                    assertFalse(refused, "refused twice");
                    assertFalse(refusal.detail().isBlank());
                    refused = true;
                    REACHED.count("refused");
                    REACHED.count(refusal.reason());
                }
                case Handshake.Progress.Accepted accepted -> {
                    assertFalse(refused, "accepted after a refusal");
                    accepted(handshake, now, Verdict.decode(frame.body()));
                    return;
                }
            }
        }
        assertThrows(IllegalStateException.class, () -> handshake.admit(1, new NoConnection()),
            "a session without a handshake");
    }

    /** All that must be so if both sides have accepted, asked anew and in other words. */
    private static void accepted(Handshake handshake, Case now, Verdict verdict) {
        REACHED.count("accepted");
        Hello hello = handshake.theirs().orElseThrow();
        assertTrue(now.proved && !now.judgeRefuses);
        assertTrue(verdict.accepted() && verdict.nonce().equals(NONCE), "a verdict about something else");
        assertEquals(now.peer.kind(), hello.kind());
        assertEquals(now.peer.name(), hello.name());
        assertEquals("c1", hello.cluster().value());
        assertEquals(BINDING, hello.channelBinding());
        assertTrue(hello.minVersion() <= 2 && hello.maxVersion() >= 1);
        if (now.meant.isPresent()) {
            assertEquals(PeerIdentity.Kind.NODE, hello.kind());
            now.meant.get().node().ifPresent(node -> assertEquals(node.value(), hello.name()));
        }
        assertNotNull(handshake.admit(1, new NoConnection()));
        assertThrows(IllegalStateException.class, () -> handshake.admit(1, new NoConnection()),
            "two sessions from one handshake");
    }

    private static LocalDescription local(FuzzInput in) {
        TreeSet<String> capabilities = new TreeSet<>(List.of("common"));
        if (in.oneIn(8)) {
            capabilities.add(Hello.CALLS_ONLY);
        }
        return new LocalDescription(new ClusterId("c1"), new PeerIdentity("example.org", PeerIdentity.Kind.NODE, "n1"),
            7, List.of(Endpoint.parse("tcp://h:1")), "1", capabilities, 1, 2);
    }

    private static Frame frame(FuzzInput in, Case now, boolean first) {
        return switch (in.below(16)) {
            case 9 -> control(FrameKind.HANDSHAKE, HelloFuzzTest.hello(in).encode());
            case 10 -> control(FrameKind.HANDSHAKE, in.some(100));
            case 11 -> new Frame(in.pick(FrameKind.values()), in.oneIn(2), in.u16(), in.number(), in.u8(),
                List.of(in.some(20)));
            case 12 -> control(FrameKind.HANDSHAKE, new Verdict(Optional.of(in.pick(RefusalReason.values())),
                in.text(30), in.oneIn(2) ? NONCE : in.exactly(Hello.NONCE_BYTES)).encode());
            case 13 -> damaged(in, first ? good(now) : new Verdict(Optional.empty(), "", NONCE).encode());
            case 14 -> control(FrameKind.HANDSHAKE, nearlyGood(in, now).encode());
            case 15 -> control(FrameKind.HANDSHAKE, first ? new Verdict(Optional.empty(), "", NONCE).encode()
                : good(now));
            default -> control(FrameKind.HANDSHAKE, first ? good(now)
                : new Verdict(Optional.empty(), "", NONCE).encode());
        };
    }

    private static Frame damaged(FuzzInput in, Bytes payload) {
        byte[] bytes = payload.toByteArray();
        in.damage(bytes, 0, bytes.length);
        return control(FrameKind.HANDSHAKE, Bytes.wrap(bytes));
    }

    private static Bytes good(Case now) {
        return new Hello(1, 1, new TreeSet<>(), new ClusterId("c1"), now.peer.kind(), now.peer.name(), 9, List.of(),
            "1", BINDING, BINDING).encode();
    }

    /** A good hello but for one field: what a check that is left out would let in. */
    private static Hello nearlyGood(FuzzInput in, Case now) {
        int wrong = in.below(6);
        return new Hello(wrong == 1 ? 3 : 1, wrong == 1 ? 4 : 1,
            new TreeSet<>(wrong == 5 ? List.of(Hello.CALLS_ONLY) : List.of()),
            new ClusterId(wrong == 2 ? "c2" : "c1"), now.peer.kind(), wrong == 3 ? "n9" : now.peer.name(),
            wrong == 0 ? 7 : 9, List.of(), "1", BINDING, wrong == 4 ? NONCE : BINDING);
    }

    private static Frame control(FrameKind kind, Bytes payload) {
        return Frame.control(kind, 0, payload);
    }
}
