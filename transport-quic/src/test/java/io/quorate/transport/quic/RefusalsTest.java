package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.QuicSslContext;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whatever is not a peer of this kind fails exactly once, under its own name, in words for people. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class RefusalsTest {

    private static final QuicLimits QUICK =
        new QuicLimits(400, 600, 1_000, 16 << 10, 100, 100, 100, 10_000, 100, 1_000);

    private final TestCertificateAuthority authority = new TestCertificateAuthority("ours");
    private final TestCertificateAuthority foreign = new TestCertificateAuthority("foreign");

    private TestNode node() {
        return new TestNode(authority.node("node"));
    }

    private static void assertRefused(TestNode node, Origin origin, RefusalReason reason, String... words) {
        ConnectionFailure failure = node.failure();
        assertEquals(reason, failure.reason(), failure.detail());
        assertEquals(origin, failure.origin());
        for (String word : words) {
            assertTrue(failure.detail().contains(word), failure.detail());
        }
        assertFalse(failure.detail().contains("netty") || failure.detail().contains("Exception")
            || failure.detail().contains("javax"), failure.detail());
        node.assertNothingMore();
    }

    /** The code of the CONNECTION_CLOSE with which a client was turned away. */
    private static int closeCode(RawQuic client) {
        return TestNode.await(client.closes, "the refusal").error();
    }

    @Test
    void a_client_without_a_certificate() {
        try (TestNode node = node();
                RawQuic client = RawQuic.dialing(RawQuic.context(true, null, builder -> builder), node.port())) {
            assertEquals(0x100 + 116, closeCode(client), "certificate_required");
            assertRefused(node, Origin.ACCEPTED, RefusalReason.NO_CERTIFICATE, "found no certificate", "mutual");
        }
    }

    @Test
    void a_client_of_another_authority() {
        QuicSslContext stranger = RawQuic.context(true, foreign.node("stranger"), builder -> builder);
        try (TestNode node = node(); RawQuic client = RawQuic.dialing(stranger, node.port())) {
            assertEquals(0x100 + 48, closeCode(client), "unknown_ca");
            assertRefused(node, Origin.ACCEPTED, RefusalReason.UNTRUSTED_AUTHORITY,
                "found CN=stranger, which this authority has not signed");
        }
    }

    @Test
    void a_client_of_another_protocol() {
        QuicSslContext other = RawQuic.context(true, authority.node("c"),
            builder -> builder.applicationProtocols("other/9"));
        try (TestNode node = node(); RawQuic client = RawQuic.dialing(other, node.port())) {
            assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_ALPN, "expected \"quorate-quic/1\"");
            assertEquals(0x100 + 120, closeCode(client), "no_application_protocol");
        }
    }

    @Test
    void a_client_of_another_key_exchange() {
        QuicSslContext old = RawQuic.context(true, authority.node("old"),
            builder -> builder.option(BoringSSLContextOption.GROUPS, new String[] {"P-521"}));
        try (TestNode node = node(); RawQuic client = RawQuic.dialing(old, node.port())) {
            assertEquals(0x100 + 40, closeCode(client), "handshake_failure");
            assertRefused(node, Origin.ACCEPTED, RefusalReason.KEY_EXCHANGE, "found no key exchange in common");
        }
    }

    @Test
    void every_reason_of_the_judge_arrives() {
        for (RefusalReason reason : RefusalReason.values()) {
            if (reason.code() >= 20) {
                continue;
            }
            TlsCredentials strict = authority.node("node", chain -> {
                throw new CertificateRefusedException(reason, "found this, expected that: " + reason);
            });
            try (TestNode accepter = new TestNode(strict);
                    TestNode dialer = new TestNode(authority.node("dialer"))) {
                dialer.dial(accepter.endpoint());
                assertRefused(accepter, Origin.ACCEPTED, reason, "found this, expected that: " + reason);
                // And in the other direction, where the strict one dials.
                accepter.dial(dialer.endpoint());
                assertRefused(accepter, Origin.DIALED, reason, "found this, expected that: " + reason);
            }
        }
    }

    /**
     * RFC 8446 §2.2: a resumed session carries no certificate, and nobody would ask whether the old one is still good.
     */
    @Test
    void a_resumed_session_is_refused() {
        AtomicInteger judged = new AtomicInteger();
        TlsCredentials counting = authority.node("node", chain -> judged.incrementAndGet());
        QuicSslContext remembers = RawQuic.context(true, authority.node("client"),
            builder -> builder.sessionCacheSize(100).sessionTimeout(1_000).earlyData(true));
        try (TestNode node = new TestNode(counting)) {
            int connections = 0;
            int refused = 0;
            for (int i = 0; i < 4; i++) {
                try (RawQuic client = new RawQuic()) {
                    client.dial(remembers, node.port(), true);
                    TestNode.await(() -> !node.connections.isEmpty() || !node.failures.isEmpty(), "an outcome");
                    if (node.failures.isEmpty()) {
                        connections++;
                        Peer.active(node.connection());
                        TestNode.await(client.connected, "the handshake").config();
                    } else {
                        refused++;
                        assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_FAILED, "no certificate was judged");
                    }
                }
            }
            assertEquals(judged.get(), connections, "a connection without a judgement");
            assertEquals(4, connections + refused);
        }
    }

    @Test
    void a_judge_that_breaks_refuses() {
        TlsCredentials broken = authority.node("node", chain -> {
            throw new IllegalStateException("no clock");
        });
        try (TestNode accepter = new TestNode(broken);
                TestNode dialer = new TestNode(authority.node("dialer"))) {
            dialer.dial(accepter.endpoint());
            assertRefused(accepter, Origin.ACCEPTED, RefusalReason.CERTIFICATE_INVALID, "no clock");
        }
    }

    @Test
    void a_dialer_hears_late_that_its_own_certificate_was_refused() {
        TlsCredentials expired = authority.leaf("dialer").uri("spiffe://ours/node/dialer").expired()
            .credentials();
        try (TestNode accepter = node(); TestNode dialer = new TestNode(expired)) {
            dialer.dial(accepter.endpoint());
            assertRefused(accepter, Origin.ACCEPTED, RefusalReason.CERTIFICATE_EXPIRED,
                "NotAfter: ");
            CloseReason reason = new Peer(dialer.connection()).closeReason();
            assertEquals(CloseReason.Kind.LOST, reason.kind());
            assertEquals("tls-alert-received: the other side refused this side's certificate with the alert "
                + "certificate_expired", reason.detail());
            dialer.assertNothingMore();
        }
    }

    @Test
    void an_accepter_hears_the_alert_of_a_dialer_that_refuses_it() {
        try (TestNode accepter = new TestNode(foreign.node("imposter")); TestNode dialer = node()) {
            dialer.dial(accepter.endpoint());
            assertRefused(dialer, Origin.DIALED, RefusalReason.UNTRUSTED_AUTHORITY, "CN=imposter");
            assertRefused(accepter, Origin.ACCEPTED, RefusalReason.TLS_ALERT_RECEIVED, "with the alert unknown_ca");
        }
    }

    @Test
    void a_target_that_is_not_there() throws Exception {
        int port;
        try (DatagramSocket gone = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            port = gone.getLocalPort();
        }
        try (TestNode node = node()) {
            long id = node.dial(new Endpoint("quic", "127.0.0.1", port));
            ConnectionFailure failure = node.failure();
            assertEquals(RefusalReason.CONNECT_FAILED, failure.reason());
            assertEquals(id, failure.dialId().orElseThrow());
            assertEquals("found nobody listening at 127.0.0.1:" + port + " (Connection refused), expected a node",
                failure.detail());
            assertEquals("127.0.0.1:" + port, failure.remote());
            node.dial(new Endpoint("quic", "no-such-host.invalid", port));
            assertRefused(node, Origin.DIALED, RefusalReason.CONNECT_FAILED, "no address for the name");
        }
    }

    @Test
    void a_target_that_says_nothing() throws Exception {
        try (TestNode node = new TestNode(authority.node("node"), QUICK);
                DatagramSocket mute = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            node.dial(new Endpoint("quic", "127.0.0.1", mute.getLocalPort()));
            assertRefused(node, Origin.DIALED, RefusalReason.CONNECT_FAILED,
                "found no answer within 400 ms, expected one");
        }
    }

    @Test
    void a_target_that_speaks_something_else() throws Exception {
        try (TestNode node = new TestNode(authority.node("node"), QUICK);
                DatagramSocket chatty = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            node.dial(new Endpoint("quic", "127.0.0.1", chatty.getLocalPort()));
            DatagramPacket first = new DatagramPacket(new byte[2_000], 2_000);
            chatty.receive(first);
            byte[] words = "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
            chatty.send(new DatagramPacket(words, words.length, first.getSocketAddress()));
            assertRefused(node, Origin.DIALED, RefusalReason.TLS_NOT_SPOKEN, "HTTP", "expected QUIC");
        }
    }

    @Test
    void a_name_with_several_addresses_is_tried_through() {
        try (Pair pair = new Pair()) {
            pair.dialer.dial(new Endpoint("quic", "localhost", pair.accepter.port()));
            Peer server = Peer.active(pair.accepter.connection());
            assertEquals("by name", Peer.active(pair.dialer.connection()).confirmed(server)
                .call(Bytes.utf8("by name")).frame().body().utf8());
        }
    }

    @Test
    void a_target_of_another_protocol() {
        QuicSslContext other = RawQuic.context(false, authority.node("s"),
            builder -> builder.applicationProtocols("other/9"));
        try (TestNode node = node(); RawQuic server = RawQuic.server(other)) {
            node.dial(new Endpoint("quic", "127.0.0.1", server.port()));
            assertRefused(node, Origin.DIALED, RefusalReason.TLS_ALPN, "quorate-quic/1");
        }
    }

    @Test
    void a_key_of_another_certificate_is_this_sides_own_fault() {
        TlsCredentials one = authority.node("one");
        TlsCredentials two = authority.node("two");
        TlsCredentials mixed = new TlsCredentials(one.key(), two.chain(), one.trust());
        try (TestNode node = new TestNode(mixed); TestNode good = node()) {
            node.dial(good.endpoint());
            ConnectionFailure failure = node.failure();
            assertEquals(RefusalReason.TLS_FAILED, failure.reason(), failure.detail());
        }
    }

    @Test
    void who_requires_the_post_quantum_exchange_refuses_all_others_by_name() {
        QuicSslContext classical = RawQuic.context(true, authority.node("classical"),
            builder -> builder.option(BoringSSLContextOption.GROUPS, new String[] {"X25519"}));
        QuicSslContext classicalServer = RawQuic.context(false, authority.node("classical"),
            builder -> builder.option(BoringSSLContextOption.GROUPS, new String[] {"X25519"}));
        try (TestNode strict = TestNode.postQuantum(authority.node("strict"))) {
            assertTrue(strict.transport.description().contains("key exchange X25519MLKEM768, ALPN"));
            try (RawQuic client = RawQuic.dialing(classical, strict.port())) {
                assertEquals(0x100 + 40, closeCode(client), "handshake_failure");
                assertRefused(strict, Origin.ACCEPTED, RefusalReason.KEY_EXCHANGE,
                    "expected X25519MLKEM768, which is required here");
            }
            try (RawQuic server = RawQuic.server(classicalServer)) {
                strict.dial(new Endpoint("quic", "127.0.0.1", server.port()));
                assertRefused(strict, Origin.DIALED, RefusalReason.KEY_EXCHANGE,
                    "expected it to have X25519MLKEM768, which is required here");
            }
            try (TestNode other = node()) {
                other.dial(strict.endpoint());
                assertEquals(Optional.of(Evidence.POST_QUANTUM_GROUP), strict.connection().evidence().keyExchange());
                assertTrue(other.connection().evidence().isPostQuantum());
            }
        }
    }

    @Test
    void a_classical_one_is_seen_for_what_it_is() {
        QuicSslContext classical = RawQuic.context(true, authority.node("classical"),
            builder -> builder.option(BoringSSLContextOption.GROUPS, new String[] {"X25519"}));
        try (TestNode node = node(); RawQuic client = RawQuic.dialing(classical, node.port())) {
            Evidence evidence = node.connection().evidence();
            assertEquals(Optional.of("X25519"), evidence.keyExchange());
            assertFalse(evidence.isPostQuantum());
            assertTrue(client.closes.isEmpty());
        }
    }
}
