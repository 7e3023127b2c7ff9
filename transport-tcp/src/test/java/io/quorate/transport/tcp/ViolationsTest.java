package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.wire.FrameFormat;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
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
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongFunction;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What breaks the wire format or an exchange's rules is named, counted, and ends its own connection alone. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ViolationsTest {

    private static final TestCertificateAuthority AUTHORITY = new TestCertificateAuthority("violations");
    private static final TlsCredentials STRANGE = AUTHORITY.node("strange");
    private static final int SUBMIT = RpcType.SUBMIT.code();
    private static TestNode node;
    private static TestNode other;
    private static Peer bystander;

    @BeforeAll
    static void begin() {
        node = new TestNode(Engine.OPENSSL, AUTHORITY.node("node"));
        other = new TestNode(Engine.OPENSSL, AUTHORITY.node("other"));
        other.dial(node.endpoint());
        Peer.active(node.connection());
        bystander = Peer.active(other.connection());
    }

    @AfterAll
    static void end() {
        node.close();
        other.close();
    }

    @BeforeEach
    void forget() {
        node.counted.clear();
    }

    private static void assertBystanderWell() {
        Bytes payload = Bytes.utf8("undisturbed");
        TestNode.await(bystander.capacity, "the bystander's capacity");
        assertEquals(payload, bystander.call(payload).frame().body());
    }

    private static Frame frame(FrameKind kind, boolean end, int type, long call, String text) {
        return new Frame(kind, end, type, call, kind == FrameKind.REQUEST ? 1_000 : 0, List.of(Bytes.utf8(text)));
    }

    private static Bytes encoded(FrameKind kind, int type) {
        return FrameEncoder.encode(frame(kind, true, type, 1, "payload"));
    }

    private static Bytes control(FrameKind kind) {
        return FrameEncoder.encode(Frame.control(kind, 1, Bytes.empty()));
    }

    private static Bytes flipped(Bytes bytes, int at) {
        byte[] copy = bytes.toByteArray();
        copy[at] ^= 1;
        return Bytes.wrap(copy);
    }

    private static Bytes random(int size) {
        byte[] bytes = new byte[size];
        new Random(160).nextBytes(bytes);
        return Bytes.wrap(bytes);
    }

    private static Bytes hex(String hex) {
        return Bytes.wrap(HexFormat.of().parseHex(hex));
    }

    static Stream<Arguments> atTheServer() {
        Bytes request = encoded(FrameKind.REQUEST, SUBMIT);
        return Stream.of(
            Arguments.of("a response", encoded(FrameKind.RESPONSE, SUBMIT), WireViolation.RESPONSE_AS_REQUEST),
            Arguments.of("an error", encoded(FrameKind.ERROR, SUBMIT), WireViolation.RESPONSE_AS_REQUEST),
            Arguments.of("rpc type 160", encoded(FrameKind.REQUEST, 160), WireViolation.UNKNOWN_RPC_TYPE),
            Arguments.of("a bare 160", hex("a0a0a0a0a0"), WireViolation.BAD_MAGIC),
            Arguments.of("a damaged header", flipped(request, 9), WireViolation.HEADER_CHECKSUM),
            Arguments.of("a damaged payload", flipped(request, 33), WireViolation.PAYLOAD_CHECKSUM),
            Arguments.of("a damaged end mark", flipped(request, request.length() - 1), WireViolation.END_MARK),
            Arguments.of("http", Bytes.utf8("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), WireViolation.HTTP),
            Arguments.of("tls in tls", hex("16030102000100"), WireViolation.TLS_RECORD),
            Arguments.of("random bytes", random(1 << 20), WireViolation.BAD_MAGIC),
            Arguments.of("a handshake", control(FrameKind.HANDSHAKE), WireViolation.UNEXPECTED_CONTROL));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("atTheServer")
    void a_server_refuses(String what, Bytes bytes, WireViolation expected) throws Exception {
        try (RawTls client = RawTls.connected(STRANGE, node.port())) {
            Peer server = Peer.active(node.connection());
            awaitActive(client, server);
            writeAll(client, bytes);
            assertEnded(server, expected);
            assertBystanderWell();
        }
    }

    /** The connection is read from, and it was activated before. */
    private static void awaitActive(RawTls client, Peer server) throws IOException {
        client.write(control(FrameKind.PING));
        TestNode.await(server.controls, "the ping");
    }

    private static void writeAll(RawTls to, Bytes bytes) {
        try {
            to.write(bytes);
        } catch (IOException closedAlready) {
            assertTrue(bytes.length() > 1_000, "only a long message can meet a closed connection");
        }
    }

    private static void assertEnded(Peer peer, WireViolation expected) {
        CloseReason reason = peer.closeReason();
        assertEquals(CloseReason.Kind.VIOLATION, reason.kind());
        assertEquals(expected, reason.violation().orElseThrow(), reason.detail());
        assertTrue(reason.detail().contains("found"), reason.detail());
        assertEquals(Map.of(expected.counterName(), 1), node.counted);
        assertEquals(1, peer.closes.get());
    }

    @Test
    void the_other_side_is_told_what_it_did() throws Exception {
        try (RawTls client = RawTls.connected(STRANGE, node.port())) {
            Peer server = Peer.active(node.connection());
            awaitActive(client, server);
            client.write(encoded(FrameKind.RESPONSE, SUBMIT));
            Frame goodbye = client.read();
            assertEquals(FrameKind.GOODBYE, goodbye.kind());
            assertEquals(CloseReason.Kind.VIOLATION.code(), goodbye.body().at(0));
            String said = goodbye.body().utf8();
            assertTrue(said.contains("RESPONSE_AS_REQUEST: found a RESPONSE of SUBMIT, call 1 where a request"), said);
            assertNull(client.read(), "the end behind the goodbye");
        }
    }

    @Test
    void a_second_request_during_a_call_ends_it() throws Exception {
        for (WireViolation expected : List.of(WireViolation.FRAME_AFTER_END, WireViolation.WRONG_CORRELATION,
            WireViolation.WRONG_RPC_TYPE, WireViolation.RESPONSE_AS_REQUEST)) {
            node.counted.clear();
            try (RawTls client = RawTls.connected(STRANGE, node.port())) {
                Peer server = new Peer(node.connection()).silent().activate();
                awaitActive(client, server);
                client.write(frame(FrameKind.REQUEST, expected == WireViolation.FRAME_AFTER_END, SUBMIT, 5, "first"));
                Peer.Call call = TestNode.await(server.served, "the call");
                assertEquals("first", call.frame().body().utf8());
                client.write(switch (expected) {
                    case WRONG_CORRELATION -> frame(FrameKind.REQUEST, true, SUBMIT, 6, "second");
                    case WRONG_RPC_TYPE -> frame(FrameKind.REQUEST, true, RpcType.QUERY.code(), 5, "second");
                    case RESPONSE_AS_REQUEST -> frame(FrameKind.RESPONSE, true, SUBMIT, 5, "second");
                    default -> frame(FrameKind.REQUEST, true, SUBMIT, 5, "second");
                });
                assertEnded(server, expected);
                assertEquals(CloseReason.Kind.VIOLATION, Peer.get(call.reset).kind());
                assertNull(call.frames.poll(), "the second frame must not be delivered");
                assertBystanderWell();
            }
        }
    }

    /** A caller that asks again and again and reads nothing must not fill this side's memory with its responses. */
    @Test
    void a_request_before_the_response_to_the_one_before_was_read_ends_it() throws Exception {
        try (RawTls client = RawTls.connected(STRANGE, node.port())) {
            Peer server = new Peer(node.connection()).silent().activate();
            awaitActive(client, server);
            Bytes large = Bytes.wrap(new byte[FrameFormat.MAX_PAYLOAD_BYTES]);
            int calls = 0;
            while (node.counted.isEmpty() && calls < 16) {
                calls++;
                client.write(frame(FrameKind.REQUEST, true, SUBMIT, 100 + calls, "again"));
                Peer.Call call = server.served.poll(500, TimeUnit.MILLISECONDS);
                if (call == null) {
                    break;
                }
                call.stream.send(call.response(large, true));
            }
            assertEnded(server, WireViolation.REQUEST_BEFORE_RESPONSE);
            assertTrue(calls < 16, "it served " + calls + " calls of a caller that reads nothing");
            assertBystanderWell();
        }
    }

    @Test
    void frames_of_calls_before_activation_end_it() throws Exception {
        try (RawTls client = RawTls.connected(STRANGE, node.port())) {
            client.write(control(FrameKind.PING));
            client.write(encoded(FrameKind.REQUEST, SUBMIT));
            Peer server = new Peer(node.connection());
            TestNode.await(server.controls, "the ping");
            assertEnded(server, WireViolation.RPC_BEFORE_HANDSHAKE);
        }
    }

    @Test
    void a_truncated_frame_ends_it() throws Exception {
        Bytes request = encoded(FrameKind.REQUEST, SUBMIT);
        try (RawTls client = RawTls.connected(STRANGE, node.port())) {
            Peer server = Peer.active(node.connection());
            awaitActive(client, server);
            client.write(request.slice(0, request.length() - 3));
            client.socket.close();
            assertEnded(server, WireViolation.TRUNCATED);
        }
    }

    interface Script {
        void run(RawTls server, Connection dialed) throws Exception;
    }

    /** A dialed connection, active, to a server made by hand. */
    private static Peer dialed(Script script) throws Exception {
        try (SSLServerSocket listener = RawTls.server(STRANGE, "TLSv1.3", "quorate/1")) {
            node.dial(new Endpoint("tcp", "127.0.0.1", listener.getLocalPort()));
            try (RawTls server = new RawTls((SSLSocket) listener.accept())) {
                server.socket.startHandshake();
                Peer client = Peer.active(node.connection());
                TestNode.await(client.capacity, "capacity");
                Peer.Call call = client.call(Bytes.utf8("asked"));
                Frame request = server.read();
                assertEquals("asked", request.body().utf8());
                script.run(server, client.connection);
                client.served.add(call);
                client.closeReason();
                return client;
            }
        }
    }

    private static long call(Peer.Call of) {
        return of.stream.correlationId();
    }

    @Test
    void a_client_refuses_what_is_not_its_response() throws Exception {
        record Case(WireViolation expected, LongFunction<Frame> sent) {
        }
        List<Case> cases = List.of(
            new Case(WireViolation.REQUEST_AS_RESPONSE, id -> frame(FrameKind.REQUEST, true, SUBMIT, id, "x")),
            new Case(WireViolation.WRONG_CORRELATION, id -> frame(FrameKind.RESPONSE, true, SUBMIT, id + 1, "x")),
            new Case(WireViolation.WRONG_RPC_TYPE,
                id -> frame(FrameKind.RESPONSE, true, RpcType.QUERY.code(), id, "x")));
        for (Case one : cases) {
            node.counted.clear();
            long[] id = new long[1];
            Peer client = dialed((server, connection) -> {
                id[0] = ((TcpConnection) connection).life().lessee().correlationId();
                server.write(one.sent().apply(id[0]));
            });
            assertEnded(client, one.expected());
            Peer.Call call = client.served.remove();
            assertEquals(id[0], call(call));
            assertEquals(CloseReason.Kind.VIOLATION, Peer.get(call.reset).kind());
            assertTrue(call.frames.isEmpty());
        }
        assertBystanderWell();
    }

    @Test
    void a_client_that_has_not_called_refuses_everything() throws Exception {
        record Case(WireViolation expected, FrameKind kind, long offset) {
        }
        for (Case one : List.of(new Case(WireViolation.FRAME_AFTER_END, FrameKind.RESPONSE, 0),
            new Case(WireViolation.WRONG_CORRELATION, FrameKind.RESPONSE, 7),
            new Case(WireViolation.NOT_THE_CALLER, FrameKind.REQUEST, 0))) {
            node.counted.clear();
            Peer client = dialed((server, connection) -> {
                long id = ((TcpConnection) connection).life().lessee().correlationId();
                server.write(frame(FrameKind.RESPONSE, true, SUBMIT, id, "answer"));
                server.write(frame(one.kind(), true, SUBMIT, id + one.offset(), "more"));
            });
            assertEnded(client, one.expected());
            Peer.Call call = client.served.remove();
            assertEquals("answer", call.frame().body().utf8());
            assertTrue(!call.reset.isDone(), "the call had ended well");
        }
    }
}
