package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.WireViolation;
import io.quorate.testing.identity.TestCertificateAuthority;
import io.quorate.transport.tcp.TestNode.Engine;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a connection may cost before it has proved who it is, and what may wait in memory after. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class LimitsTest {

    private static final long LONG_MILLIS = 60_000;
    private static final long SHORT_MILLIS = 150;

    private final TestCertificateAuthority authority = new TestCertificateAuthority("limits");

    private TestNode node(Engine engine, TcpLimits limits) {
        TlsCredentials own = authority.node("node");
        return new TestNode(engine, () -> own, true, limits);
    }

    private static TcpLimits counts(int pending, int perSource, int accepted) {
        return new TcpLimits(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS, 16 << 10, pending, perSource, accepted);
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void silence_instead_of_tls_is_ended(Engine engine) throws Exception {
        TcpLimits limits = new TcpLimits(LONG_MILLIS, SHORT_MILLIS, LONG_MILLIS, 16 << 10, 10, 10, 10);
        try (TestNode node = node(engine, limits)) {
            try (Socket silent = new Socket("127.0.0.1", node.port())) {
                ConnectionFailure failure = node.failure();
                assertEquals(RefusalReason.HANDSHAKE_TIMEOUT, failure.reason());
                assertTrue(failure.detail().startsWith("found no byte in time"), failure.detail());
                assertEnd(silent);
            }
            try (Socket slow = new Socket("127.0.0.1", node.port())) {
                slow.getOutputStream().write(new byte[] {22, 3, 1});
                ConnectionFailure failure = node.failure();
                assertEquals(RefusalReason.HANDSHAKE_TIMEOUT, failure.reason());
                assertTrue(failure.detail().startsWith("found only a part of the TLS handshake"), failure.detail());
            }
            try (ServerSocket mute = new ServerSocket(0)) {
                node.dial(new Endpoint("tcp", "127.0.0.1", mute.getLocalPort()));
                assertEquals(RefusalReason.HANDSHAKE_TIMEOUT, node.failure().reason());
            }
            node.assertNothingMore();
        }
    }

    private static void assertEnd(Socket socket) throws IOException {
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(TestNode.WAIT_SECONDS));
        byte[] rest = new byte[4096];
        int size = socket.getInputStream().read(rest);
        while (size >= 0) {
            size = socket.getInputStream().read(rest);
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_connection_that_nobody_activates_is_ended(Engine engine) {
        TcpLimits limits = new TcpLimits(LONG_MILLIS, LONG_MILLIS, 1_500, 16 << 10, 10, 10, 10);
        TlsCredentials other = authority.node("other");
        try (TestNode node = node(engine, limits); TestNode dialer = new TestNode(engine, other)) {
            dialer.dial(node.endpoint());
            Peer dialed = new Peer(dialer.connection());
            Peer accepted = new Peer(node.connection());
            CloseReason reason = accepted.closeReason();
            assertEquals(CloseReason.Kind.HANDSHAKE_LIMIT, reason.kind());
            assertTrue(dialed.closeReason().detail().startsWith("handshake-limit: found no end of the handshake"));
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void more_bytes_than_a_hello_needs_are_a_violation(Engine engine) throws Exception {
        try (TestNode node = node(engine, TcpLimits.standard());
                RawTls client = RawTls.connected(authority.node("talker"), node.port())) {
            Peer server = new Peer(node.connection());
            for (int i = 0; i < 3; i++) {
                client.write(Frame.control(FrameKind.HANDSHAKE, i, Bytes.wrap(new byte[5_000])));
                assertEquals(i, TestNode.await(server.controls, "a hello").correlationId());
            }
            client.write(Frame.control(FrameKind.HANDSHAKE, 3, Bytes.wrap(new byte[5_000])));
            CloseReason reason = server.closeReason();
            assertEquals(WireViolation.PREAUTH_BYTES, reason.violation().orElseThrow());
            assertEquals(1, node.counted.get(WireViolation.PREAUTH_BYTES.counterName()));
        }
    }

    @Test
    void the_same_bytes_are_welcome_after_activation() throws Exception {
        try (TestNode node = node(Engine.OPENSSL, TcpLimits.standard());
                RawTls client = RawTls.connected(authority.node("talker"), node.port())) {
            Peer server = Peer.active(node.connection());
            for (int i = 0; i < 5; i++) {
                client.write(Frame.control(FrameKind.PING, i, Bytes.wrap(new byte[5_000])));
                TestNode.await(server.controls, "a ping");
            }
        }
    }

    @Test
    void handshakes_are_bounded_by_source_and_overall() throws Exception {
        for (RefusalReason expected : List.of(RefusalReason.TOO_MANY_HANDSHAKES_FROM_SOURCE,
            RefusalReason.TOO_MANY_HANDSHAKES)) {
            TcpLimits limits = expected == RefusalReason.TOO_MANY_HANDSHAKES
                ? counts(3, 100, 100) : counts(100, 3, 100);
            List<Socket> silent = new ArrayList<>();
            try (TestNode node = node(Engine.OPENSSL, limits)) {
                for (int i = 0; i < 4; i++) {
                    silent.add(new Socket("127.0.0.1", node.port()));
                }
                assertEquals(expected, node.failure().reason());
                assertEnd(silent.get(3));
                node.assertNothingMore();
                assertEquals(3, node.transport.pendingAccepted());
                // Room again as soon as one is gone, and an active connection takes none of it.
                silent.get(0).close();
                assertEquals(RefusalReason.CONNECTION_LOST, node.failure().reason());
                try (RawTls client = RawTls.connected(authority.node("c"), node.port())) {
                    Peer.active(node.connection());
                    assertEquals(2, node.transport.pendingAccepted());
                    assertTrue(client.socket.isConnected());
                }
            } finally {
                for (Socket socket : silent) {
                    socket.close();
                }
            }
        }
    }

    @Test
    void accepted_connections_are_bounded() throws Exception {
        try (TestNode node = node(Engine.OPENSSL, counts(100, 100, 2));
                RawTls one = RawTls.connected(authority.node("c"), node.port());
                RawTls two = RawTls.connected(authority.node("c"), node.port())) {
            Peer first = Peer.active(node.connection());
            Peer.active(node.connection());
            try (Socket third = new Socket("127.0.0.1", node.port())) {
                assertEquals(RefusalReason.TOO_MANY_CONNECTIONS, node.failure().reason());
                assertEnd(third);
            }
            assertTrue(two.socket.isConnected());
            one.socket.close();
            first.closeReason();
            try (RawTls again = RawTls.connected(authority.node("c"), node.port())) {
                Peer.active(node.connection());
                assertTrue(again.socket.isConnected());
            }
        }
    }

    @Test
    void a_reader_that_stops_makes_its_sender_stop_and_nobody_else() {
        try (Pair pair = new Pair(Engine.OPENSSL)) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed());
            Peer bystander = pair.active().dialed();
            TestNode.await(client.capacity, "capacity");
            Peer.Call call = client.open();
            Bytes piece = Bytes.wrap(random(1 << 20));
            call.stream.send(call.request(piece, false));
            Peer.Call served = TestNode.await(server.served, "the call");
            served.frame();
            served.stream.read(false);
            int sent = 1;
            while (call.stream.send(call.request(piece, false))) {
                sent++;
                assertTrue(sent < 64, "nothing holds the sender back");
            }
            assertTrue(call.writable.isEmpty());
            assertEquals("free", bystander.call(Bytes.utf8("free")).frame().body().utf8());
            int beforeResuming = served.frames.size();
            assertTrue(beforeResuming <= 2, beforeResuming + " frames were delivered to a reader that had stopped");
            served.stream.read(true);
            TestNode.await(call.writable, "room");
            call.stream.send(call.request(Bytes.utf8("end"), true));
            Frame last = served.frame();
            int received = 1;
            while (!last.end()) {
                assertEquals(piece, last.body());
                last = served.frame();
                received++;
            }
            assertEquals("end", last.body().utf8());
            assertEquals(sent + 2, received + 1);
            served.stream.send(served.response(Bytes.utf8("all"), true));
            assertEquals("all", call.frame().body().utf8());
        }
    }

    @Test
    void a_sender_is_told_before_more_than_its_share_waits() {
        assertTrue(TransportLimits.WRITE_HIGH_WATER_BYTES >= 4 * TcpLimits.WRITE_LOW_WATER_BYTES);
        try (Pair pair = new Pair(Engine.OPENSSL)) {
            var ends = pair.connect();
            Peer client = Peer.active(ends.dialed());
            new Peer(ends.accepted()).silent().activate();
            TestNode.await(client.capacity, "capacity");
            Peer.Call call = client.open();
            Bytes tooMuch = Bytes.wrap(random(6 << 20));
            assertTrue(!call.stream.send(call.request(tooMuch, false)), "6 MiB are above the high water");
            TestNode.await(call.writable, "room");
        }
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void new_credentials_serve_new_connections(Engine engine) {
        AtomicReference<TlsCredentials> current = new AtomicReference<>(authority.node("first"));
        try (TestNode node = new TestNode(engine, current::get, true, TcpLimits.standard());
                TestNode dialer = new TestNode(engine, authority.node("dialer"))) {
            dialer.dial(node.endpoint());
            Peer.active(node.connection());
            Peer before = Peer.active(dialer.connection());
            current.set(authority.node("second"));
            dialer.dial(node.endpoint());
            Peer.active(node.connection());
            Peer after = Peer.active(dialer.connection());
            assertEquals("CN=first", name(before));
            assertEquals("CN=second", name(after));
            assertEquals("old", before.call(Bytes.utf8("old")).frame().body().utf8());
            assertEquals("new", after.call(Bytes.utf8("new")).frame().body().utf8());
        }
    }

    private static String name(Peer peer) {
        return peer.connection.evidence().chain().get(0).getSubjectX500Principal().toString();
    }
}
