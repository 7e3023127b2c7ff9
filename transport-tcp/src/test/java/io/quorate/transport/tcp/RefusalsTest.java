package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.testing.identity.TestCertificateAuthority;
import io.quorate.transport.tcp.TestNode.Engine;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever is not a peer of this kind fails exactly once, under its own name, in words for people. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class RefusalsTest {

    private final TestCertificateAuthority authority = new TestCertificateAuthority("ours");
    private final TestCertificateAuthority foreign = new TestCertificateAuthority("foreign");

    private TestNode node(Engine engine) {
        return new TestNode(engine, authority.node("node"));
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

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void speakPlainly(int port, byte[] bytes) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            try {
                socket.getOutputStream().write(bytes);
                while (socket.getInputStream().read() >= 0) {
                    continue; // an alert, perhaps
                }
            } catch (IOException reset) {
                assertTrue(bytes.length > 1_000, "only a long message can meet a closed connection: " + reset);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void what_is_not_tls(Engine engine) throws Exception {
        try (TestNode node = node(engine)) {
            speakPlainly(node.port(), ascii("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_NOT_SPOKEN, "found an HTTP request (\"GET /health",
                "expected TLS 1.3");
            speakPlainly(node.port(), ascii("SSH-2.0-OpenSSH_9.2\r\n"));
            assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_NOT_SPOKEN, "SSH");
            speakPlainly(node.port(), ascii("QRT1 and no more"));
            assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_NOT_SPOKEN, "a frame without TLS");
            byte[] random = new byte[1 << 20];
            new Random(1).nextBytes(random);
            speakPlainly(node.port(), random);
            assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_NOT_SPOKEN, "found bytes ");
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void garbage_that_begins_like_tls(Engine engine) throws Exception {
        try (TestNode node = node(engine)) {
            byte[] random = new byte[1 << 20];
            new Random(2).nextBytes(random);
            System.arraycopy(new byte[] {22, 3, 3, 0x3F, 0}, 0, random, 0, 5);
            speakPlainly(node.port(), random);
            ConnectionFailure failure = node.failure();
            assertTrue(failure.reason() == RefusalReason.TLS_FAILED || failure.reason() == RefusalReason.PREAUTH_LIMIT,
                failure.toString());
            node.assertNothingMore();
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void who_connects_and_leaves(Engine engine) throws Exception {
        try (TestNode node = node(engine)) {
            new Socket("127.0.0.1", node.port()).close();
            assertRefused(node, Origin.ACCEPTED, RefusalReason.CONNECTION_LOST);
        }
    }

    /** The alert arrives behind the client's own handshake, or meets it while it still writes. */
    private static void assertRefusedAtTheClient(RawTls client) {
        assertThrows(IOException.class, () -> {
            client.socket.startHandshake();
            client.read();
        });
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_client_without_a_certificate(Engine engine) throws Exception {
        try (TestNode node = node(engine); RawTls client = RawTls.client(null, node.port(), "TLSv1.3", "quorate/1")) {
            assertRefusedAtTheClient(client);
            assertRefused(node, Origin.ACCEPTED, RefusalReason.NO_CERTIFICATE, "found no certificate", "mutual");
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_client_of_another_authority(Engine engine) throws Exception {
        try (TestNode node = node(engine);
                RawTls client = RawTls.client(
                    foreign.node("stranger"), node.port(), "TLSv1.3", "quorate/1")) {
            assertRefusedAtTheClient(client);
            assertRefused(node, Origin.ACCEPTED, RefusalReason.UNTRUSTED_AUTHORITY,
                "found CN=stranger, which this authority has not signed");
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_client_of_tls_1_2(Engine engine) throws Exception {
        try (TestNode node = node(engine);
                RawTls client = RawTls.client(authority.node("old"), node.port(), "TLSv1.2", "quorate/1")) {
            assertThrows(IOException.class, client.socket::startHandshake);
            assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_VERSION, "found TLS 1.2", "expected TLS 1.3");
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,other/9", "OPENSSL,", "JDK,other/9", "JDK,"})
    void a_client_of_another_protocol(Engine engine, String alpn) throws Exception {
        String[] offered = alpn == null ? new String[0] : new String[] {alpn};
        try (TestNode node = node(engine);
                RawTls client = RawTls.client(authority.node("c"), node.port(), "TLSv1.3", offered)) {
            try {
                client.socket.startHandshake();
                client.read();
            } catch (IOException refused) {
                assertTrue(engine == Engine.JDK || alpn == null, refused.toString());
            }
            assertRefused(node, Origin.ACCEPTED, RefusalReason.TLS_ALPN, "expected \"quorate/1\"");
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void every_reason_of_the_judge_arrives(Engine engine) {
        for (RefusalReason reason : RefusalReason.values()) {
            if (reason.code() >= 20) {
                continue;
            }
            TlsCredentials strict = authority.node("node", chain -> {
                throw new CertificateRefusedException(reason, "found this, expected that: " + reason);
            });
            try (TestNode accepter = new TestNode(engine, strict);
                    TestNode dialer = new TestNode(engine, authority.node("dialer"))) {
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
    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_session_is_never_resumed(Engine engine) throws Exception {
        AtomicInteger judged = new AtomicInteger();
        TlsCredentials counting = authority.node("node", chain -> judged.incrementAndGet());
        SSLContext remembers = RawTls.context(authority.node("client"));
        try (TestNode node = new TestNode(engine, counting)) {
            for (int i = 1; i <= 3; i++) {
                try (RawTls client = RawTls.again(remembers, node.port(), "TLSv1.3", "quorate/1")) {
                    client.socket.startHandshake();
                    Peer server = Peer.active(node.connection());
                    server.connection.send(Frame.control(FrameKind.PING, i, Bytes.empty()));
                    assertEquals(i, client.read().correlationId()); // any ticket has been read with it
                    assertEquals(i, judged.get());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_judge_that_breaks_refuses(Engine engine) {
        TlsCredentials broken = authority.node("node", chain -> {
            throw new IllegalStateException("no clock");
        });
        try (TestNode accepter = new TestNode(engine, broken);
                TestNode dialer = new TestNode(engine, authority.node("dialer"))) {
            dialer.dial(accepter.endpoint());
            assertRefused(accepter, Origin.ACCEPTED, RefusalReason.CERTIFICATE_INVALID, "no clock");
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,OPENSSL", "OPENSSL,JDK", "JDK,OPENSSL", "JDK,JDK"})
    void a_dialer_hears_late_that_its_own_certificate_was_refused(Engine dials, Engine accepts) {
        TlsCredentials expired = authority.leaf("dialer").uri("spiffe://ours/node/dialer").expired()
            .credentials();
        try (TestNode accepter = node(accepts); TestNode dialer = new TestNode(dials, expired)) {
            dialer.dial(accepter.endpoint());
            assertRefused(accepter, Origin.ACCEPTED, RefusalReason.CERTIFICATE_EXPIRED,
                "NotAfter: ");
            CloseReason reason = new Peer(dialer.connection()).closeReason();
            assertEquals(CloseReason.Kind.LOST, reason.kind());
            assertEquals("tls-alert-received: the other side refused this side's certificate with the alert "
                + (accepts == Engine.OPENSSL ? "certificate_expired" : "certificate_unknown"), reason.detail());
            dialer.assertNothingMore();
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void an_accepter_hears_the_alert_of_a_dialer_that_refuses_it(Engine engine) {
        try (TestNode accepter = new TestNode(engine, foreign.node("imposter"));
                TestNode dialer = node(engine)) {
            dialer.dial(accepter.endpoint());
            assertRefused(dialer, Origin.DIALED, RefusalReason.UNTRUSTED_AUTHORITY, "CN=imposter");
            assertRefused(accepter, Origin.ACCEPTED, RefusalReason.TLS_ALERT_RECEIVED, "with the alert ");
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_target_that_is_not_there(Engine engine) throws Exception {
        int port;
        try (ServerSocket gone = new ServerSocket(0)) {
            port = gone.getLocalPort();
        }
        try (TestNode node = node(engine)) {
            long id = node.dial(new Endpoint("tcp", "127.0.0.1", port));
            ConnectionFailure failure = node.failure();
            assertEquals(RefusalReason.CONNECT_FAILED, failure.reason());
            assertEquals(id, failure.dialId().orElseThrow());
            assertEquals("found nobody listening at 127.0.0.1:" + port + " (Connection refused), expected a node",
                failure.detail());
            assertEquals("127.0.0.1:" + port, failure.remote());
            node.dial(new Endpoint("tcp", "no-such-host.invalid", port));
            assertRefused(node, Origin.DIALED, RefusalReason.CONNECT_FAILED, "no address for the name");
            node.assertNothingMore();
        }
    }

    @Test
    void a_name_with_several_addresses_is_tried_through() {
        try (Pair pair = new Pair(Engine.OPENSSL)) {
            pair.dialer.dial(new Endpoint("tcp", "localhost", pair.accepter.port()));
            Peer.active(pair.accepter.connection());
            assertEquals("by name",
                Peer.active(pair.dialer.connection()).call(Bytes.utf8("by name")).frame().body().utf8());
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_target_that_answers_without_tls(Engine engine) throws Exception {
        try (TestNode node = node(engine); ServerSocket server = new ServerSocket(0)) {
            node.dial(new Endpoint("tcp", "127.0.0.1", server.getLocalPort()));
            try (Socket socket = server.accept()) {
                socket.getOutputStream().write(ascii("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
                assertRefused(node, Origin.DIALED, RefusalReason.TLS_NOT_SPOKEN, "found an HTTP response");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_target_that_hangs_up(Engine engine) throws Exception {
        try (TestNode node = node(engine); ServerSocket server = new ServerSocket(0)) {
            node.dial(new Endpoint("tcp", "127.0.0.1", server.getLocalPort()));
            server.accept().close();
            assertRefused(node, Origin.DIALED, RefusalReason.CONNECTION_LOST);
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,TLSv1.2,quorate/1,TLS_VERSION", "JDK,TLSv1.2,quorate/1,TLS_VERSION",
        "OPENSSL,TLSv1.3,other/9,TLS_ALPN", "JDK,TLSv1.3,other/9,TLS_ALPN"})
    void a_target_of_another_kind(Engine engine, String protocol, String alpn, RefusalReason reason) throws Exception {
        try (TestNode node = node(engine);
                SSLServerSocket server = RawTls.server(authority.node("s"), protocol, alpn)) {
            node.dial(new Endpoint("tcp", "127.0.0.1", server.getLocalPort()));
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                assertThrows(IOException.class, socket::startHandshake);
                assertRefused(node, Origin.DIALED, reason);
            }
        }
    }

    @Test
    void a_key_of_another_certificate_is_this_sides_own_fault() {
        TlsCredentials good = authority.node("good");
        TlsCredentials mixed = new TlsCredentials(authority.node("else").key(), good.chain(), good.trust());
        for (Engine engine : Engine.values()) {
            try (TestNode accepter = node(engine); TestNode dialer = new TestNode(engine, mixed)) {
                dialer.dial(accepter.endpoint());
                ConnectionFailure other = accepter.failure();
                assertTrue(other.reason() == RefusalReason.TLS_FAILED
                    || other.reason() == RefusalReason.TLS_ALERT_RECEIVED
                    || other.reason() == RefusalReason.CONNECTION_LOST, other.toString());
            }
        }
    }
}
