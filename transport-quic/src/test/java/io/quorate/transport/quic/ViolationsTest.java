package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.codec.quic.QuicStreamType;
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
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What breaks the rules on a call's stream ends that call alone; on the control stream, the connection. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ViolationsTest {

    private static final int SUBMIT = RpcType.SUBMIT.code();
    private static final TestCertificateAuthority AUTHORITY = new TestCertificateAuthority("violations");
    private static final TlsCredentials STRANGE = AUTHORITY.node("strange");

    private TestNode node;

    @BeforeEach
    void start() {
        node = new TestNode(AUTHORITY.node("node"));
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private static Frame frame(FrameKind kind, boolean end, int type, long call, String text) {
        return new Frame(kind, end, type, call, kind == FrameKind.REQUEST ? 1_000 : 0, List.of(Bytes.utf8(text)));
    }

    private static Bytes encoded(FrameKind kind, int type) {
        return FrameEncoder.encode(frame(kind, true, type, 1, "payload"));
    }

    private static Frame control(FrameKind kind) {
        return Frame.control(kind, 1, Bytes.empty());
    }

    private static Bytes flipped(Bytes bytes, int at) {
        byte[] copy = bytes.toByteArray();
        copy[at] ^= 1;
        return Bytes.wrap(copy);
    }

    private static Bytes hex(String hex) {
        return Bytes.wrap(HexFormat.of().parseHex(hex));
    }

    private static Bytes random(int size) {
        byte[] bytes = new byte[size];
        new Random(160).nextBytes(bytes);
        return Bytes.wrap(bytes);
    }

    /** The connection is read from, and it was activated before. */
    private Peer active(RawQuic client, boolean echoes) {
        Peer server = new Peer(node.connection());
        if (!echoes) {
            server.silent();
        }
        server.activate();
        client.control(control(FrameKind.PING));
        TestNode.await(server.controls, "the ping");
        return server;
    }

    static Stream<Arguments> onACallsStream() {
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
            Arguments.of("tls in quic", hex("16030102000100"), WireViolation.TLS_RECORD),
            Arguments.of("random bytes", random(1 << 19), WireViolation.BAD_MAGIC),
            Arguments.of("a ping", FrameEncoder.encode(control(FrameKind.PING)), WireViolation.UNEXPECTED_CONTROL),
            Arguments.of("a handshake", FrameEncoder.encode(control(FrameKind.HANDSHAKE)),
                WireViolation.UNEXPECTED_CONTROL));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("onACallsStream")
    void a_violation_on_a_calls_stream_resets_it_alone(String what, Bytes bytes, WireViolation expected) {
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            Peer server = active(client, true);
            RawQuic.Stream bystander = client.call().write(frame(FrameKind.REQUEST, false, SUBMIT, 8, "one"));
            assertEquals("one", bystander.frame().body().utf8());
            RawQuic.Stream broken = client.call().write(bytes);
            assertEquals(CloseReason.Kind.VIOLATION.code(), broken.resetCode());
            assertEquals(Map.of(expected.counterName(), 1), node.counted);
            bystander.write(frame(FrameKind.REQUEST, true, SUBMIT, 8, "two"));
            assertEquals("two", bystander.frame().body().utf8());
            assertFalse(server.closed.isDone());
        }
    }

    @Test
    void what_follows_a_good_request_is_held_to_its_rules() {
        for (WireViolation expected : List.of(WireViolation.FRAME_AFTER_END, WireViolation.WRONG_CORRELATION,
            WireViolation.WRONG_RPC_TYPE, WireViolation.RESPONSE_AS_REQUEST)) {
            node.counted.clear();
            try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
                Peer server = active(client, false);
                RawQuic.Stream stream = client.call().write(
                    frame(FrameKind.REQUEST, expected == WireViolation.FRAME_AFTER_END, SUBMIT, 5, "first"));
                Peer.Call call = TestNode.await(server.served, "the call");
                assertEquals("first", call.frame().body().utf8());
                stream.write(switch (expected) {
                    case WRONG_CORRELATION -> frame(FrameKind.REQUEST, true, SUBMIT, 6, "second");
                    case WRONG_RPC_TYPE -> frame(FrameKind.REQUEST, true, RpcType.QUERY.code(), 5, "second");
                    case RESPONSE_AS_REQUEST -> frame(FrameKind.RESPONSE, true, SUBMIT, 5, "second");
                    default -> frame(FrameKind.REQUEST, true, SUBMIT, 5, "second");
                });
                CloseReason reason = Peer.get(call.reset);
                assertEquals(expected, reason.violation().orElseThrow(), reason.detail());
                assertEquals(Map.of(expected.counterName(), 1), node.counted);
                assertNull(call.frames.poll(), "the second frame must not be delivered");
                assertFalse(server.closed.isDone());
            }
        }
    }

    @Test
    void a_stream_that_ends_too_early_is_truncated() {
        Bytes request = encoded(FrameKind.REQUEST, SUBMIT);
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            Peer server = active(client, false);
            client.call().write(request.slice(0, request.length() - 3)).end();
            TestNode.await(() -> node.counted.getOrDefault(WireViolation.TRUNCATED.counterName(), 0) == 1, "the first");
            RawQuic.Stream unended = client.call().write(frame(FrameKind.REQUEST, false, SUBMIT, 5, "first"));
            Peer.Call call = TestNode.await(server.served, "the call");
            unended.end();
            assertEquals(WireViolation.TRUNCATED, Peer.get(call.reset).violation().orElseThrow());
            assertFalse(server.closed.isDone());
        }
    }

    @Test
    void a_reset_of_the_other_side_ends_its_own_call_alone() {
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            Peer server = active(client, false);
            RawQuic.Stream stream = client.call().write(frame(FrameKind.REQUEST, false, SUBMIT, 5, "first"));
            Peer.Call call = TestNode.await(server.served, "the call");
            stream.reset(CloseReason.Kind.CALL_RESET.code());
            assertEquals("call-reset: the other side gave the call up (call-reset)",
                Peer.get(call.reset).toString());
            assertTrue(node.counted.isEmpty());
            assertFalse(server.closed.isDone());
        }
    }

    static Stream<Arguments> onTheControlStream() {
        return Stream.of(
            Arguments.of("a request", encoded(FrameKind.REQUEST, SUBMIT), WireViolation.NOT_THE_CALLER),
            Arguments.of("a response", encoded(FrameKind.RESPONSE, SUBMIT), WireViolation.WRONG_CORRELATION),
            Arguments.of("a handshake", FrameEncoder.encode(control(FrameKind.HANDSHAKE)),
                WireViolation.UNEXPECTED_CONTROL),
            Arguments.of("http", Bytes.utf8("GET / HTTP/1.1\r\n\r\n"), WireViolation.HTTP),
            Arguments.of("a bare 160", hex("a0a0a0a0a0"), WireViolation.BAD_MAGIC));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("onTheControlStream")
    void a_violation_on_the_control_stream_ends_the_connection(String what, Bytes bytes, WireViolation expected) {
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            Peer server = new Peer(node.connection()).activate();
            RawQuic.Stream control = client.control(control(FrameKind.PING));
            TestNode.await(server.controls, "the ping");
            control.write(bytes);
            assertEnded(server, expected);
            var closed = TestNode.await(client.closes, "the close");
            assertTrue(closed.isApplicationClose());
            assertEquals(CloseReason.Kind.VIOLATION.code(), closed.error());
            assertTrue(new String(closed.reason(), java.nio.charset.StandardCharsets.UTF_8)
                .startsWith(expected.name() + ": found "));
        }
    }

    private void assertEnded(Peer peer, WireViolation expected) {
        CloseReason reason = peer.closeReason();
        assertEquals(CloseReason.Kind.VIOLATION, reason.kind());
        assertEquals(expected, reason.violation().orElseThrow(), reason.detail());
        assertTrue(reason.detail().contains("found"), reason.detail());
        assertEquals(Map.of(expected.counterName(), 1), node.counted);
        assertEquals(1, peer.closes.get());
    }

    @Test
    void a_second_control_stream_ends_the_connection() {
        // QUIC itself permits one; a peer that does not keep to that is told so by QUIC.
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            Peer server = active(client, true);
            assertEquals(0, client.channel().peerAllowedStreams(QuicStreamType.UNIDIRECTIONAL));
            assertFalse(server.closed.isDone());
        }
    }

    @Test
    void the_end_of_the_control_stream_without_a_goodbye_is_a_loss() {
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            Peer server = new Peer(node.connection()).activate();
            RawQuic.Stream control = client.control(control(FrameKind.PING));
            TestNode.await(server.controls, "the ping");
            control.end();
            assertEquals("lost: the other side ended its control stream without a goodbye",
                server.closeReason().toString());
        }
    }

    @Test
    void a_calls_stream_before_activation_ends_the_connection() {
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            client.control(control(FrameKind.PING));
            Peer server = new Peer(node.connection());
            TestNode.await(server.controls, "the ping");
            client.call().write(encoded(FrameKind.REQUEST, SUBMIT));
            assertEnded(server, WireViolation.RPC_BEFORE_HANDSHAKE);
        }
    }

    @Test
    void a_request_on_the_control_stream_before_activation_ends_the_connection() {
        try (RawQuic client = RawQuic.connected(STRANGE, node.port())) {
            client.control(control(FrameKind.PING)).write(encoded(FrameKind.REQUEST, SUBMIT));
            assertEnded(new Peer(node.connection()), WireViolation.RPC_BEFORE_HANDSHAKE);
        }
    }

    @Test
    void a_caller_refuses_what_is_not_its_response() {
        record Case(WireViolation expected, LongFunction<Frame> sent) {
        }
        List<Case> cases = List.of(
            new Case(WireViolation.REQUEST_AS_RESPONSE, id -> frame(FrameKind.REQUEST, true, SUBMIT, id, "x")),
            new Case(WireViolation.WRONG_CORRELATION, id -> frame(FrameKind.RESPONSE, true, SUBMIT, id + 1, "x")),
            new Case(WireViolation.WRONG_RPC_TYPE,
                id -> frame(FrameKind.RESPONSE, true, RpcType.QUERY.code(), id, "x")));
        try (RawQuic server = RawQuic.server(RawQuic.context(false, STRANGE, builder -> builder))) {
            node.dial(new Endpoint("quic", "127.0.0.1", server.port()));
            Peer client = Peer.active(node.connection());
            server.accept();
            TestNode.await(() -> client.connection.openCapacity() > 0, "capacity");
            Peer.Call bystander = client.call(Bytes.utf8("bystander"));
            RawQuic.Stream other = call(server);
            for (Case one : cases) {
                node.counted.clear();
                Peer.Call call = client.call(Bytes.utf8("asked"));
                RawQuic.Stream stream = call(server);
                Frame request = stream.frame();
                assertEquals("asked", request.body().utf8());
                stream.write(one.sent().apply(request.correlationId()));
                CloseReason reason = Peer.get(call.reset);
                assertEquals(one.expected(), reason.violation().orElseThrow(), reason.detail());
                assertEquals(Map.of(one.expected().counterName(), 1), node.counted);
                assertTrue(call.frames.isEmpty());
            }
            other.write(frame(FrameKind.RESPONSE, true, SUBMIT, other.frame().correlationId(), "well"));
            assertEquals("well", bystander.frame().body().utf8());
        }
    }

    /** The next stream that is a call's. */
    private static RawQuic.Stream call(RawQuic server) {
        while (true) {
            RawQuic.Stream stream = TestNode.await(server.streams, "a stream");
            if (stream.channel().type() == QuicStreamType.BIDIRECTIONAL) {
                return stream;
            }
        }
    }

    @Test
    void a_frame_behind_the_last_one_is_counted_and_harms_nobody() {
        try (RawQuic server = RawQuic.server(RawQuic.context(false, STRANGE, builder -> builder))) {
            node.dial(new Endpoint("quic", "127.0.0.1", server.port()));
            Peer client = Peer.active(node.connection());
            server.accept();
            TestNode.await(() -> client.connection.openCapacity() > 0, "capacity");
            Peer.Call call = client.call(Bytes.utf8("asked"));
            RawQuic.Stream stream = call(server);
            long id = stream.frame().correlationId();
            stream.write(frame(FrameKind.RESPONSE, true, SUBMIT, id, "answer"));
            stream.write(frame(FrameKind.RESPONSE, true, SUBMIT, id, "more"));
            assertEquals("answer", call.frame().body().utf8());
            TestNode.await(() -> node.counted.containsKey(WireViolation.FRAME_AFTER_END.counterName()), "the count");
            assertTrue(call.frames.isEmpty());
            assertFalse(call.reset.isDone(), "the call had ended well");
            assertFalse(client.closed.isDone());
        }
    }
}
