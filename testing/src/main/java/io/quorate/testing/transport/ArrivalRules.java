package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.ChannelBinding;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

/** How connections arrive, and with what evidence. */
interface ArrivalRules extends Rules {

    @ContractRule(number = 1, text = "A connection arrives once at each side's sink, with its origin; the dialed one "
        + "carries the number of its dial, and the dial has no other result.")
    default void required_t01_a_connection_arrives_once_with_its_origin() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        long first = a.dial(b.endpoint());
        Connection dialed = a.nextConnection();
        Connection accepted = b.nextConnection();
        assertEquals(Origin.DIALED, dialed.origin());
        assertEquals(first, dialed.dialId().orElse(-1), "the dial's number");
        assertEquals(Origin.ACCEPTED, accepted.origin());
        assertTrue(accepted.dialId().isEmpty(), "an accepted connection has no dial's number");
        assertNotEquals(dialed.id(), accepted.id(), "the connections' numbers");
        assertEquals(a.endpoint().scheme(), dialed.scheme());
        assertEquals(a.endpoint().scheme(), accepted.scheme());
        assertEquals(ConnectionState.HANDSHAKING, dialed.state());
        assertEquals(ConnectionState.HANDSHAKING, accepted.state());
        // A second dial is a second connection; whatever the first one still had to say would have come before.
        ContractPeer keepsFirst = new ContractPeer(bench(), dialed);
        long second = b.dial(a.endpoint());
        assertEquals(second, b.nextConnection().dialId().orElse(-1));
        assertEquals(Origin.ACCEPTED, a.nextConnection().origin());
        assertEquals(2, a.connections().size() + a.failures().size(), "results at a");
        assertEquals(2, b.connections().size() + b.failures().size(), "results at b");
        assertTrue(!keepsFirst.isClosed(), "a second connection between the same two ended the first");
    }

    @ContractRule(number = 2, text = "Evidence is what TLS has proved about the other side: its chain, leaf first, a "
        + "channel binding that both sides compute alike, and the same key exchange or none.")
    default void required_t02_evidence_is_the_other_sides() {
        TlsCredentials ofA = bench().authority().node("a");
        TlsCredentials ofB = bench().authority().node("b");
        ContractNode a = bench().node("a", () -> ofA);
        ContractNode b = bench().node("b", () -> ofB);
        for (boolean forth : List.of(true, false)) {
            TlsCredentials dials = forth ? ofA : ofB;
            TlsCredentials accepts = forth ? ofB : ofA;
            Bench.Ends ends = forth ? bench().connect(a, b) : bench().connect(b, a);
            Evidence atDialer = ends.dialed().evidence();
            Evidence atAccepter = ends.accepted().evidence();
            assertEquals(accepts.chain().get(0), atDialer.chain().get(0), "the accepter's leaf, seen by the dialer");
            assertEquals(dials.chain().get(0), atAccepter.chain().get(0), "the dialer's leaf, seen by the accepter");
            Bytes binding = ChannelBinding.ofEndPoints(dials.chain().get(0), accepts.chain().get(0));
            assertEquals(binding, atDialer.channelBinding(), "the dialer's channel binding");
            assertEquals(binding, atAccepter.channelBinding(), "the accepter's channel binding");
            assertEquals(atDialer.keyExchange(), atAccepter.keyExchange(), "the key exchange");
            assertTrue(!atDialer.description().isBlank() && !atAccepter.description().isBlank(), "a description");
        }
    }

    @ContractRule(number = 3, text = "A certificate that is renewed is used from the next connection on, dialed or "
        + "accepted; connections that are there keep their evidence and go on.")
    default void required_t03_a_renewed_certificate_is_used_from_the_next_connection_on() {
        TlsCredentials before = bench().authority().node("a");
        TlsCredentials after = bench().authority().node("a-renewed");
        AtomicReference<TlsCredentials> current = new AtomicReference<>(before);
        ContractNode a = bench().node("a", current::get);
        ContractNode b = bench().node("b");
        Bench.Peers old = bench().active(a, b);
        current.set(after);
        assertEquals(after.chain().get(0), bench().connect(a, b).accepted().evidence().chain().get(0),
            "the renewed leaf, of a dialer");
        assertEquals(after.chain().get(0), bench().connect(b, a).dialed().evidence().chain().get(0),
            "the renewed leaf, of an accepter");
        assertEquals(before.chain().get(0), old.accepted().connection().evidence().chain().get(0), "the old leaf");
        ContractCall call = bench().open(old.dialed());
        call.send(true, Bytes.utf8("still here"));
        assertEquals("still here", call.answer().utf8());
    }

    @ContractRule(number = 4, text = "A dial that reaches nobody fails once, with CONNECT_FAILED and the number of the "
        + "dial.")
    default void required_t04_a_dial_to_nobody_fails_once() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        long id = a.dial(bench().under().nobody());
        ConnectionFailure failure = a.nextFailure();
        assertEquals(RefusalReason.CONNECT_FAILED, failure.reason(), failure.detail());
        assertEquals(Origin.DIALED, failure.origin());
        assertEquals(id, failure.dialId().orElse(-1));
        bench().connect(a, b);
        assertEquals(1, a.failures().size(), "failures");
        assertEquals(1, a.connections().size(), "connections");
        Endpoint foreign = new Endpoint("other", "127.0.0.1", 1);
        assertThrows(IllegalArgumentException.class, () -> a.transport().dial(foreign, id + 1),
            "a dial to another transport's endpoint");
    }

    @ContractRule(number = 5, text = "A certificate is refused by whoever judges it, dialed or accepted, with the "
        + "judge's own reason; the other side gets no usable connection.")
    default void required_t05_a_refused_certificate_has_the_judges_reason() {
        TestCertificateAuthority good = bench().authority();
        ContractNode judge = bench().node("judge");
        Map<RefusalReason, TlsCredentials> bad = badCredentials(good);
        Map<RefusalReason, ContractNode> refused = new TreeMap<>();
        bad.forEach((reason, credentials) -> refused.put(reason,
            bench().node("refused-" + refused.size(), () -> credentials)));
        // All at once: a network whose refusals are silent makes the refused side wait for its time-out.
        refused.values().forEach(node -> node.dial(judge.endpoint()));
        Set<RefusalReason> atAccepter = new TreeSet<>();
        bad.forEach((reason, credentials) -> atAccepter.add(judge.nextFailure().reason()));
        assertEquals(bad.keySet(), atAccepter, "the reasons of an accepter");
        refused.values().forEach(this::assertNothingUsable);
        Map<Long, RefusalReason> dials = new TreeMap<>();
        refused.forEach((reason, node) -> dials.put(judge.dial(node.endpoint()), reason));
        Map<Long, RefusalReason> atDialer = new TreeMap<>();
        bad.forEach((reason, credentials) -> {
            ConnectionFailure failure = judge.nextFailure();
            atDialer.put(failure.dialId().orElse(-1), failure.reason());
        });
        assertEquals(dials, atDialer, "the reasons of a dialer, by the numbers of its dials");
        assertEquals(0, judge.connections().size(), "connections at the judge");
        bench().connect(bench().node("good"), judge);
    }

    private static Map<RefusalReason, TlsCredentials> badCredentials(TestCertificateAuthority good) {
        String uri = "spiffe://" + good.trustDomain() + "/node/bad";
        TestCertificateAuthority other = new TestCertificateAuthority(good.trustDomain());
        TlsCredentials foreign = other.node("bad");
        Map<RefusalReason, TlsCredentials> bad = new TreeMap<>();
        // Trusts the good authority, so that it is the other side that refuses.
        bad.put(RefusalReason.UNTRUSTED_AUTHORITY,
            new TlsCredentials(foreign.key(), foreign.chain(), good.judge()));
        bad.put(RefusalReason.CERTIFICATE_EXPIRED, good.leaf("bad").uri(uri).expired().credentials());
        bad.put(RefusalReason.CERTIFICATE_NOT_YET_VALID, good.leaf("bad").uri(uri).notYetValid().credentials());
        bad.put(RefusalReason.WRONG_KEY_USAGE, good.leaf("bad").uri(uri).purposes("1.3.6.1.5.5.7.3.3").credentials());
        bad.put(RefusalReason.CA_AS_LEAF, good.leaf("bad").uri(uri).asAuthority().credentials());
        bad.put(RefusalReason.SPIFFE_ID_MISSING, good.leaf("bad").credentials());
        bad.put(RefusalReason.SPIFFE_ID_AMBIGUOUS, good.leaf("bad").uri(uri).uri(uri + "-too").credentials());
        bad.put(RefusalReason.WRONG_TRUST_DOMAIN, good.leaf("bad").uri("spiffe://else.test/node/bad").credentials());
        return bad;
    }

    /** A TLS 1.3 client is done before the server judges it: a connection that ends is as good as a failure. */
    private void assertNothingUsable(ContractNode refused) {
        bench().await("an outcome at the refused side",
            () -> !refused.failures().isEmpty() || !refused.connections().isEmpty());
        if (refused.failures().isEmpty()) {
            ContractPeer peer = new ContractPeer(bench(), refused.nextConnection());
            peer.closeReason();
            assertEquals(List.of(), peer.controls(), "frames at the refused side");
        } else {
            assertEquals(0, refused.connections().size(), "connections beside a failure");
        }
    }

    @ContractRule(number = 6, text = "Nothing is delivered before start; what came before arrives behind it, in order, "
        + "and so does the end.")
    default void required_t06_nothing_is_delivered_before_start() {
        for (Origin late : Origin.values()) {
            String names = late == Origin.DIALED ? "ab" : "cd";
            Bench.Ends ends = bench().connect(bench().node(names.substring(0, 1)), bench().node(names.substring(1)));
            Connection startsLate = late == Origin.DIALED ? ends.dialed() : ends.accepted();
            ContractPeer early = new ContractPeer(bench(), late == Origin.DIALED ? ends.accepted() : ends.dialed());
            for (int i = 1; i <= 3; i++) {
                early.connection().send(Frame.control(FrameKind.HANDSHAKE, i, Bytes.utf8("hello " + i)));
            }
            early.connection().close(CloseReason.of(CloseReason.Kind.REFUSED, "not this one"));
            early.closeReason();
            // Time for it to arrive where nobody has asked for it yet.
            bench().within(IsolationRules.NOW, () -> false);
            ContractPeer peer = new ContractPeer(bench(), startsLate);
            CloseReason reason = peer.closeReason();
            assertEquals(List.of(1L, 2L, 3L), peer.controls().stream().map(Frame::correlationId).toList(),
                "frames that came before the start of a connection that was " + late);
            assertEquals(CloseReason.Kind.GOODBYE, reason.kind(), reason.detail());
        }
    }
}
