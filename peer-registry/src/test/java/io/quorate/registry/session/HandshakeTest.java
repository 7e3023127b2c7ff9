package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The handshake as a pure machine: two of them, and a wire in between that the test holds. */
class HandshakeTest {

    private static final Bytes BINDING = Bytes.utf8("the binding of this TLS session.");

    /** One side; what a test changes is no longer the good case. */
    private static final class Side {
        private LocalDescription local;
        private Bytes nonce;
        private Bytes binding = BINDING;
        private Handshake.Verified otherSide;
        private Optional<Handshake.Meant> meant = Optional.empty();
        private Handshake.Judge judge = (identity, hello) -> Optional.empty();
        private final List<Frame> sent = new ArrayList<>();
        private Handshake handshake;
        private Handshake.Progress progress = new Handshake.Progress.Waiting();

        private Side(String name, String other, int seed) {
            local = describe(TestHost.node(name), 1, 1, "common", "of-" + name);
            nonce = HelloTest.nonce(seed);
            otherSide = new Handshake.Verified.Known(TestHost.node(other));
        }

        private void begin() {
            handshake = new Handshake(local, nonce, binding, otherSide, meant, judge);
            sent.add(handshake.hello());
        }

        private void receive(Frame frame) {
            follow(handshake.onFrame(frame));
        }

        private void follow(Handshake.Step step) {
            sent.addAll(step.send());
            progress = step.progress() instanceof Handshake.Progress.Over ? progress : step.progress();
        }

        private boolean accepted() {
            return progress instanceof Handshake.Progress.Accepted;
        }

        private RefusalReason reason() {
            return progress instanceof Handshake.Progress.Refused refused ? refused.reason() : null;
        }

        private String detail() {
            return progress instanceof Handshake.Progress.Refused refused ? refused.detail() : "";
        }
    }

    /** Two sides. {@code a} dials if {@code aDials}, otherwise {@code b}. */
    private static final class Pair {
        private final Side a = new Side("n1", "n2", 1);
        private final Side b = new Side("n2", "n1", 2);

        private Pair(boolean aDials) {
            (aDials ? a : b).meant = Optional.of(new Handshake.Meant(Optional.of(new NodeId(aDials ? "n2" : "n1"))));
        }

        /** Carries frames both ways until nothing is left. */
        private Pair run() {
            a.begin();
            b.begin();
            int fromA = 0;
            int fromB = 0;
            while (fromA < a.sent.size() || fromB < b.sent.size()) {
                fromA = deliver(a, b, fromA);
                fromB = deliver(b, a, fromB);
            }
            return this;
        }

        private static int deliver(Side from, Side to, int next) {
            if (next >= from.sent.size()) {
                return next;
            }
            if (!to.accepted()) {
                to.receive(from.sent.get(next));
            }
            return next + 1;
        }
    }

    private static LocalDescription describe(PeerIdentity self, int min, int max, String... capabilities) {
        return new LocalDescription(TestHost.CLUSTER, self, 5, List.of(), "test", new TreeSet<>(List.of(capabilities)),
            min, max);
    }

    private static Frame handshakeFrame(Bytes payload) {
        return Frame.control(FrameKind.HANDSHAKE, 0, payload);
    }

    @Test
    void bothSidesAcceptWithAHelloAndAVerdictEach() {
        Pair pair = new Pair(true).run();
        assertTrue(pair.a.accepted() && pair.b.accepted());
        assertEquals(2, pair.a.sent.size());
        assertEquals(2, pair.b.sent.size());
    }

    @Test
    void theTranscriptIsTheSameWhoeverDialed() {
        Pair dialed = new Pair(true).run();
        Pair accepted = new Pair(false).run();
        assertEquals(dialed.a.sent, accepted.a.sent);
        assertEquals(dialed.b.sent, accepted.b.sent);
    }

    private record Case(String name, RefusalReason reason, Consumer<Side> change, Consumer<Side> other) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** How side a is made so that side b refuses it, for each reason that the handshake itself can have. */
    private static List<Case> refusals() {
        PeerIdentity n1 = TestHost.node("n1");
        return List.of(
            new Case("from before the recovery", RefusalReason.RECOVERY_EPOCH,
                a -> a.local = a.local.withAgreed(1, new TreeSet<>()),
                b -> b.local = b.local.withAgreed(2, new TreeSet<>())),
            new Case("without a feature that is on", RefusalReason.FEATURE_MISSING,
                a -> a.local = describe(n1, 1, 1, "feature:small"),
                b -> b.local = b.local.withAgreed(1, new TreeSet<>(List.of("fast", "small")))),
            new Case("newer versions only", RefusalReason.PROTOCOL_VERSION,
                a -> a.local = describe(n1, 2, 3), b -> { }),
            new Case("older versions only", RefusalReason.PROTOCOL_VERSION,
                a -> { }, b -> b.local = describe(TestHost.node("n2"), 2, 3)),
            new Case("another cluster", RefusalReason.WRONG_CLUSTER,
                a -> a.local = LocalDescription.of(new ClusterId("other"), n1, 5, List.of(), "test"), b -> { }),
            new Case("another name than the certificate's", RefusalReason.IDENTITY_MISMATCH,
                a -> a.local = describe(TestHost.node("n3"), 1, 1), b -> { }),
            new Case("another kind than the certificate's", RefusalReason.IDENTITY_MISMATCH,
                a -> a.local = describe(new PeerIdentity("test", PeerIdentity.Kind.OPERATOR, "n1"), 1, 1), b -> { }),
            new Case("another TLS session", RefusalReason.CHANNEL_BINDING,
                a -> a.binding = Bytes.utf8("another"), b -> { }),
            new Case("a certificate that proves nothing", RefusalReason.SPIFFE_ID_AMBIGUOUS, a -> { },
                b -> b.otherSide = new Handshake.Verified.Refused(RefusalReason.SPIFFE_ID_AMBIGUOUS, "two names")),
            new Case("a node certificate with a name that is no node id", RefusalReason.SPIFFE_ID_MALFORMED,
                a -> a.local = describe(TestHost.node("No_Node"), 1, 1),
                b -> b.otherSide = new Handshake.Verified.Known(TestHost.node("No_Node"))),
            new Case("the owner's refusal", RefusalReason.REMOVED_NODE, a -> { }, b -> b.judge = (identity, hello) ->
                Optional.of(new Handshake.Refusal(RefusalReason.REMOVED_NODE, "removed"))),
            new Case("itself", RefusalReason.CONNECTED_TO_SELF,
                a -> a.local = describe(TestHost.node("n2"), 1, 1),
                b -> b.otherSide = new Handshake.Verified.Known(TestHost.node("n2"))));
    }

    private static Stream<Arguments> refusalsOnBothOrigins() {
        return refusals().stream().flatMap(one -> Stream.of(Arguments.of(one, true), Arguments.of(one, false)));
    }

    @ParameterizedTest(name = "{0}, dialed by the refused side: {1}")
    @MethodSource("refusalsOnBothOrigins")
    void aRefusalIsTheSameOnBothOriginsAndIsTold(Case refusal, boolean aDials) {
        Pair pair = new Pair(aDials);
        if (!aDials) {
            // What it meant to reach is another matter, tested below.
            pair.b.meant = Optional.empty();
        }
        refusal.change.accept(pair.a);
        refusal.other.accept(pair.b);
        pair.run();
        assertEquals(refusal.reason, pair.b.reason(), pair.b.detail());
        assertFalse(pair.a.accepted());
        // The refused side learns the reason, from its own judgement or from the other's words.
        assertTrue(pair.a.reason() == refusal.reason || pair.a.reason() == RefusalReason.REFUSED_BY_PEER
            && pair.a.detail().startsWith(refusal.reason.label()), pair.a.reason() + ": " + pair.a.detail());
        assertThrows(IllegalStateException.class, () -> pair.b.handshake.admit(1, null));
    }

    @Test
    void aDialerChecksThatItReachedTheNodeThatItMeant() {
        Pair pair = new Pair(true);
        pair.a.meant = Optional.of(new Handshake.Meant(Optional.of(new NodeId("n3"))));
        pair.run();
        assertEquals(RefusalReason.UNEXPECTED_NODE, pair.a.reason());
        assertEquals(RefusalReason.REFUSED_BY_PEER, pair.b.reason());
    }

    /** Whoever holds a client's certificate must not be able to answer as a server. */
    @Test
    void aDialerThatTakesAnyNodeTakesNoClient() {
        Pair pair = new Pair(true);
        PeerIdentity client = new PeerIdentity("test", PeerIdentity.Kind.CLIENT, "app");
        pair.a.meant = Optional.of(new Handshake.Meant(Optional.empty()));
        pair.a.otherSide = new Handshake.Verified.Known(client);
        pair.b.local = describe(client, 1, 1);
        pair.run();
        assertEquals(RefusalReason.UNEXPECTED_NODE, pair.a.reason());

        Pair good = new Pair(true);
        good.a.meant = Optional.of(new Handshake.Meant(Optional.empty()));
        assertTrue(good.run().a.accepted());
    }

    @Test
    void theHighestCommonVersionAndTheCommonCapabilitiesCount() {
        Pair pair = new Pair(true);
        pair.a.local = describe(TestHost.node("n1"), 1, 4, "common", "of-n1");
        pair.b.local = describe(TestHost.node("n2"), 2, 3, "common", "of-n2");
        pair.run();
        for (Side side : List.of(pair.a, pair.b)) {
            PeerSession session = side.handshake.admit(1, new NoConnection());
            assertEquals(3, session.version());
            assertTrue(session.supports("common"));
            assertFalse(session.supports("of-n1") || session.supports("of-n2"));
        }
    }

    @Test
    void oneHandshakeMakesOneSession() {
        Pair pair = new Pair(true).run();
        assertEquals(TestHost.node("n2"), pair.a.handshake.admit(1, new NoConnection()).identity());
        assertThrows(IllegalStateException.class, () -> pair.a.handshake.admit(1, new NoConnection()));
    }

    @Test
    void everyTruncatedOrForeignHelloIsRefusedByName() {
        Side sender = new Side("n1", "n2", 1);
        sender.begin();
        Bytes hello = sender.sent.get(0).body();
        for (int length = 0; length < hello.length(); length++) {
            Side reader = new Side("n2", "n1", 2);
            reader.begin();
            reader.receive(handshakeFrame(hello.slice(0, length)));
            assertEquals(RefusalReason.MALFORMED_HELLO, reader.reason(), "cut at " + length);
            assertEquals(2, reader.sent.size(), "the other side is told, cut at " + length);
        }
    }

    @Test
    void aVerdictBeforeTheHelloOrASecondHelloIsMalformed() {
        Pair pair = new Pair(true);
        pair.a.begin();
        pair.b.begin();
        pair.b.receive(handshakeFrame(new Verdict(Optional.empty(), "", pair.b.nonce).encode()));
        assertEquals(RefusalReason.MALFORMED_HELLO, pair.b.reason());

        Pair twice = new Pair(true);
        twice.a.begin();
        twice.b.begin();
        twice.b.receive(twice.a.sent.get(0));
        twice.b.receive(twice.a.sent.get(0));
        assertEquals(RefusalReason.MALFORMED_HELLO, twice.b.reason());
    }

    @Test
    void aReplayedVerdictOfAnotherConnectionIsWorthNothing() {
        Pair recorded = new Pair(true).run();
        Side a = new Side("n1", "n2", 77);
        a.begin();
        a.receive(recorded.b.sent.get(0));
        a.receive(recorded.b.sent.get(1));
        assertEquals(RefusalReason.CHANNEL_BINDING, a.reason());
        assertTrue(a.detail().contains("another hello"), a.detail());
    }

    @Test
    void anAcceptanceMustNameTheHelloButARefusalNeedNot() {
        Side a = new Side("n1", "n2", 1);
        a.begin();
        Pair other = new Pair(true).run();
        a.receive(other.b.sent.get(0));
        a.receive(handshakeFrame(new Verdict(Optional.empty(), "", Bytes.wrap(new byte[Hello.NONCE_BYTES])).encode()));
        assertEquals(RefusalReason.CHANNEL_BINDING, a.reason());

        Side refused = new Side("n1", "n2", 1);
        refused.begin();
        refused.receive(other.b.sent.get(0));
        refused.receive(Handshake.refusal(RefusalReason.TOO_MANY_HANDSHAKES, "later"));
        assertEquals(RefusalReason.REFUSED_BY_PEER, refused.reason());
        assertTrue(refused.detail().startsWith("too-many-handshakes"), refused.detail());
    }

    /** A refusal may come before the hello: when the other side has no room for a handshake at all. */
    @Test
    void aRefusalInPlaceOfTheHelloIsUnderstood() {
        Side a = new Side("n1", "n2", 1);
        a.begin();
        a.receive(Handshake.refusal(RefusalReason.TOO_MANY_HANDSHAKES, "later"));
        assertEquals(RefusalReason.REFUSED_BY_PEER, a.reason());
        assertTrue(a.detail().startsWith("too-many-handshakes"), a.detail());
    }

    @Test
    void theDeadlineRefusesInEveryStateThatWaits() {
        Side waitsForHello = new Side("n1", "n2", 1);
        waitsForHello.begin();
        waitsForHello.follow(waitsForHello.handshake.onDeadline());
        assertEquals(RefusalReason.HANDSHAKE_TIMEOUT, waitsForHello.reason());
        assertEquals(2, waitsForHello.sent.size(), "the other side is told");

        Pair pair = new Pair(true);
        pair.a.begin();
        pair.b.begin();
        pair.a.receive(pair.b.sent.get(0));
        assertNull(pair.a.reason());
        pair.a.follow(pair.a.handshake.onDeadline());
        assertEquals(RefusalReason.HANDSHAKE_TIMEOUT, pair.a.reason());
        assertEquals(2, pair.a.sent.size(), "its verdict was sent; a second one would be a violation");
    }

    @Test
    void otherFramesThanHandshakesAreViolations() {
        Side a = new Side("n1", "n2", 1);
        a.begin();
        a.receive(Frame.control(FrameKind.PING, 1, Bytes.empty()));
        assertEquals(RefusalReason.WIRE_VIOLATION, a.reason());
    }
}
