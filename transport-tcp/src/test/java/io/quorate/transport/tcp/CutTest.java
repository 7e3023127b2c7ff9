package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireViolation;
import io.quorate.testing.identity.TestCertificateAuthority;
import io.quorate.transport.tcp.TestNode.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A connection may be cut anywhere: its own call ends, in one of the named ways, and nothing else does. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class CutTest {

    private final TestCertificateAuthority authority = new TestCertificateAuthority("cut");
    private final TlsCredentials strange = authority.node("strange");

    private static Frame frame(FrameKind kind, long call) {
        return new Frame(kind, true, RpcType.SUBMIT.code(), call, kind == FrameKind.REQUEST ? 1_000 : 0,
            List.of(Bytes.utf8("12345678")));
    }

    private static void assertCut(Peer peer, int at) {
        CloseReason reason = peer.closeReason();
        if (at == 0) {
            assertEquals(CloseReason.Kind.LOST, reason.kind(), reason.detail());
        } else {
            assertEquals(WireViolation.TRUNCATED, reason.violation().orElseThrow(), reason.detail());
        }
    }

    @Test
    void a_request_cut_at_every_byte() throws Exception {
        Bytes request = FrameEncoder.encode(frame(FrameKind.REQUEST, 3));
        try (Pair pair = new Pair(Engine.OPENSSL)) {
            Peer bystander = pair.active().dialed();
            for (int at = 0; at < request.length(); at++) {
                try (RawTls client = RawTls.connected(
                        pair.authority.node("strange"), pair.accepter.port())) {
                    Peer server = Peer.active(pair.accepter.connection());
                    client.write(Frame.control(FrameKind.PING, at, Bytes.empty()));
                    TestNode.await(server.controls, "the ping");
                    client.write(request.slice(0, at));
                    client.socket.close();
                    assertCut(server, at);
                    assertTrue(server.served.isEmpty(), "a part of a request was served");
                }
                TestNode.await(bystander.capacity, "capacity");
                assertEquals("well", bystander.call(Bytes.utf8("well")).frame().body().utf8());
            }
            assertEquals(request.length() - 1,
                pair.accepter.counted.get(WireViolation.TRUNCATED.counterName()));
        }
    }

    @Test
    void a_response_cut_at_every_byte() throws Exception {
        int length = FrameEncoder.encode(frame(FrameKind.RESPONSE, 3)).length();
        try (TestNode node = new TestNode(Engine.OPENSSL, authority.node("node"));
                SSLServerSocket listener = RawTls.server(strange, "TLSv1.3", "quorate/1")) {
            for (int at = 0; at < length; at++) {
                node.dial(new Endpoint("tcp", "127.0.0.1", listener.getLocalPort()));
                try (RawTls server = new RawTls((SSLSocket) listener.accept())) {
                    server.socket.startHandshake();
                    Peer client = Peer.active(node.connection());
                    TestNode.await(client.capacity, "capacity");
                    Peer.Call call = client.call(Bytes.utf8("12345678"));
                    Frame request = server.read();
                    server.write(FrameEncoder.encode(frame(FrameKind.RESPONSE, request.correlationId())).slice(0, at));
                    server.socket.close();
                    assertCut(client, at);
                    assertEquals(client.closeReason(), Peer.get(call.reset));
                    assertTrue(call.frames.isEmpty(), "a part of a response was delivered");
                }
            }
        }
    }

    /** Cut below TLS, in its handshake and in its records: every attempt has one outcome, and the transport goes on. */
    @Test
    void a_socket_cut_all_over_the_handshake() throws Exception {
        int step = 97;
        int most = 3_400;
        try (Pair pair = new Pair(Engine.OPENSSL); ServerSocket proxy = new ServerSocket(0);
                ExecutorService threads = Executors.newCachedThreadPool()) {
            for (int at = 1; at < most; at += step) {
                pair.dialer.dial(new Endpoint("tcp", "127.0.0.1", proxy.getLocalPort()));
                int bytes = at;
                try (Socket front = proxy.accept(); Socket back = new Socket("127.0.0.1", pair.accepter.port())) {
                    var up = threads.submit(() -> forward(front, back, bytes));
                    var down = threads.submit(() -> forward(back, front, bytes));
                    up.get();
                    down.get();
                }
                assertOneOutcome(pair.dialer);
                assertOneOutcome(pair.accepter);
            }
            assertEquals("well", pair.active().dialed().call(Bytes.utf8("well")).frame().body().utf8());
        }
    }

    private static Void forward(Socket from, Socket to, int most) throws IOException {
        byte[] one = new byte[most];
        int left = most;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            from.setSoTimeout(100);
            while (left > 0) {
                int size = in.read(one, 0, left);
                if (size < 0) {
                    break;
                }
                out.write(one, 0, size);
                left -= size;
            }
        } catch (IOException ended) {
            left = 0; // the other direction has been cut already
        }
        from.close();
        to.close();
        return null;
    }

    private static void assertOneOutcome(TestNode node) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TestNode.WAIT_SECONDS);
        while (node.connections.isEmpty() && node.failures.isEmpty()) {
            assertTrue(System.nanoTime() < deadline, "no outcome");
            Thread.onSpinWait();
        }
        if (node.failures.poll() == null) {
            CloseReason reason = new Peer(node.connections.take()).closeReason();
            assertEquals(CloseReason.Kind.LOST, reason.kind(), reason.detail());
        }
        node.assertNothingMore();
    }
}
