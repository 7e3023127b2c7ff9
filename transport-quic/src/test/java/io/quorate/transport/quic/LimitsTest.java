package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.codec.quic.QuicStreamType;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireViolation;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a connection may cost before it has proved who it is, and what may wait in memory after. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class LimitsTest {

    private static final long LONG_MILLIS = 20_000;

    private final TestCertificateAuthority authority = new TestCertificateAuthority("limits");

    private static QuicLimits counts(int pending, int perSource, int accepted) {
        return new QuicLimits(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS, 16 << 10, pending, perSource, accepted, 10_000,
            256, 1_000);
    }

    @Test
    void a_connection_that_nobody_activates_is_ended() {
        QuicLimits limits =
            new QuicLimits(LONG_MILLIS, LONG_MILLIS, 1_000, 16 << 10, 10, 10, 10, 10_000, 256, 1_000);
        try (TestNode node = new TestNode(authority.node("node"), limits);
                TestNode dialer = new TestNode(authority.node("other"))) {
            dialer.dial(node.endpoint());
            Peer dialed = new Peer(dialer.connection());
            Peer accepted = new Peer(node.connection());
            assertEquals(CloseReason.Kind.HANDSHAKE_LIMIT, accepted.closeReason().kind());
            assertTrue(dialed.closeReason().detail().startsWith("handshake-limit: found no end of the handshake"));
        }
    }

    @Test
    void more_bytes_than_a_hello_needs_are_a_violation() {
        try (TestNode node = new TestNode(authority.node("node"));
                RawQuic client = RawQuic.connected(authority.node("talker"), node.port())) {
            Peer server = new Peer(node.connection());
            RawQuic.Stream control = client.control();
            for (int i = 0; i < 3; i++) {
                control.write(Frame.control(FrameKind.HANDSHAKE, i, Bytes.wrap(new byte[5_000])));
                assertEquals(i, TestNode.await(server.controls, "a hello").correlationId());
            }
            control.write(Frame.control(FrameKind.HANDSHAKE, 3, Bytes.wrap(new byte[5_000])));
            assertEquals(WireViolation.PREAUTH_BYTES, server.closeReason().violation().orElseThrow());
            assertEquals(Map.of(WireViolation.PREAUTH_BYTES.counterName(), 1), node.counted);
        }
    }

    @Test
    void they_are_one_before_the_start_too() {
        try (TestNode node = new TestNode(authority.node("node"));
                RawQuic client = RawQuic.connected(authority.node("talker"), node.port())) {
            var unstarted = node.connection();
            RawQuic.Stream control = client.control();
            for (int i = 0; i < 4; i++) {
                control.write(Frame.control(FrameKind.HANDSHAKE, i, Bytes.wrap(new byte[5_000])));
            }
            TestNode.await(client.closes, "the end");
            assertEquals(WireViolation.PREAUTH_BYTES, new Peer(unstarted).closeReason().violation().orElseThrow());
        }
    }

    @Test
    void the_same_bytes_are_welcome_after_activation() {
        try (TestNode node = new TestNode(authority.node("node"));
                RawQuic client = RawQuic.connected(authority.node("talker"), node.port())) {
            Peer server = Peer.active(node.connection());
            RawQuic.Stream control = client.control();
            for (int i = 0; i < 20; i++) {
                control.write(Frame.control(FrameKind.PING, i, Bytes.wrap(new byte[5_000])));
                TestNode.await(server.controls, "a ping");
            }
        }
    }

    @Test
    void handshakes_are_bounded_by_source_and_overall() {
        for (RefusalReason expected : List.of(RefusalReason.TOO_MANY_HANDSHAKES_FROM_SOURCE,
            RefusalReason.TOO_MANY_HANDSHAKES)) {
            QuicLimits limits = expected == RefusalReason.TOO_MANY_HANDSHAKES
                ? counts(3, 100, 100) : counts(100, 3, 100);
            List<RawQuic> clients = new ArrayList<>();
            try (TestNode node = new TestNode(authority.node("node"), limits)) {
                for (int i = 0; i < 3; i++) {
                    clients.add(RawQuic.connected(authority.node("c"), node.port()));
                }
                Peer first = new Peer(node.connection());
                node.connection();
                node.connection();
                assertEquals(3, node.transport.pendingAccepted());
                try (RawQuic refused = RawQuic.dialing(
                        RawQuic.context(true, authority.node("c"), builder -> builder), node.port())) {
                    assertEquals(expected, node.failure().reason());
                    assertTrue(refused.connected.isEmpty());
                }
                // An active connection takes none of the room.
                first.activate();
                TestNode.await(() -> node.transport.pendingAccepted() == 2, "room");
                clients.add(RawQuic.connected(authority.node("c"), node.port()));
                node.connection();
            } finally {
                clients.forEach(RawQuic::close);
            }
        }
    }

    @Test
    void accepted_connections_are_bounded() {
        AtomicInteger prepared = new AtomicInteger();
        TlsCredentials own = authority.node("node");
        try (TestNode node = new TestNode(Map.of(), () -> {
            prepared.incrementAndGet();
            return own;
        }, true, counts(100, 100, 1), false);
                RawQuic one = RawQuic.connected(authority.node("c"), node.port())) {
            Peer first = Peer.active(node.connection());
            int before = prepared.get();
            try (RawQuic second = RawQuic.dialing(
                    RawQuic.context(true, authority.node("c"), builder -> builder), node.port())) {
                assertEquals(RefusalReason.TOO_MANY_CONNECTIONS, node.failure().reason());
                assertTrue(second.connected.isEmpty());
                node.assertNothingMore();
            }
            one.channel().close();
            first.closeReason();
            try (RawQuic again = RawQuic.connected(authority.node("c"), node.port())) {
                Peer.active(node.connection());
                assertTrue(again.channel().isActive());
                assertEquals(before + 1, prepared.get(), "TLS was prepared for one who found no room");
            }
        }
    }

    @Test
    void a_reader_that_stops_makes_its_sender_stop_and_no_other_call() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            Bytes piece = Bytes.wrap(random(1 << 20));
            // More of them than a window of the whole connection would carry.
            List<Peer.Call> stalled = new ArrayList<>();
            List<Peer.Call> servedStalled = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                Peer.Call call = client.open();
                call.stream.send(call.request(Bytes.utf8("first"), false));
                Peer.Call served = TestNode.await(server.served, "the call");
                served.frame();
                served.stream.read(false);
                int sent = 0;
                while (call.stream.send(call.request(piece, false))) {
                    sent++;
                    assertTrue(sent < 64, "nothing holds the sender back");
                }
                stalled.add(call);
                servedStalled.add(served);
            }
            Peer.Call free = client.call(Bytes.utf8("free"));
            Peer.Call servedFree = TestNode.await(server.served, "the free call");
            servedFree.stream.send(servedFree.response(servedFree.frame().body(), true));
            assertEquals("free", free.frame().body().utf8());
            Frame ping = Frame.control(FrameKind.PING, 5, Bytes.empty());
            client.connection.send(ping);
            assertEquals(ping, TestNode.await(server.controls, "a ping"));
            for (Peer.Call served : servedStalled) {
                assertTrue(served.frames.size() <= 2, "frames were delivered to a reader that had stopped");
            }
            Peer.Call first = stalled.get(0);
            servedStalled.get(0).stream.read(true);
            TestNode.await(first.writable, "room");
            first.stream.send(first.request(Bytes.utf8("end"), true));
            Frame last = servedStalled.get(0).frame();
            while (!last.end()) {
                assertEquals(piece, last.body());
                last = servedStalled.get(0).frame();
            }
            assertEquals("end", last.body().utf8());
        }
    }

    /** STOP_SENDING behind a whole request: quiche counts the stream as done, and nobody here is told. */
    @Test
    void calls_whose_caller_stops_reading_them_are_bounded_too() {
        int permitted = 4;
        QuicLimits few =
            new QuicLimits(2_000, 3_000, 5_000, 16 << 10, 100, 100, 100, 10_000, permitted, 1_000);
        try (TestNode node = new TestNode(authority.node("node"), few);
                RawQuic client = RawQuic.connected(authority.node("greedy"), node.port())) {
            Peer server = new Peer(node.connection()).silent().activate();
            client.control(Frame.control(FrameKind.PING, 1, Bytes.empty()));
            TestNode.await(server.controls, "the ping");
            int begun = 0;
            while (!server.closed.isDone()) {
                TestNode.await(() -> client.channel().peerAllowedStreams(QuicStreamType.BIDIRECTIONAL) > 0, "credit");
                begun++;
                assertTrue(begun <= 2 * permitted + 1, "nothing bounds the calls under way");
                RawQuic.Stream stream = client.call().write(
                    new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), begun, 5_000, List.of(Bytes.empty())));
                stream.end();
                TestNode.await(() -> !server.served.isEmpty() || server.closed.isDone(), "the call");
                server.served.clear();
                stream.channel().shutdownInput(CloseReason.Kind.CALL_RESET.code());
            }
            assertEquals(2 * permitted + 1, begun);
            assertEquals("violation: found 9 streams of calls that this side has not ended, expected at most 8",
                server.closeReason().toString());
            assertEquals(Map.of(QuicLimits.STREAM_LIMIT_COUNTER, 1), node.counted);
        }
    }

    @Test
    void a_connection_with_too_many_calls_cut_short_is_given_up() {
        QuicLimits few = new QuicLimits(2_000, 3_000, 5_000, 16 << 10, 100, 100, 100, 10_000, 256, 20);
        try (Pair pair = new Pair(few)) {
            Peer client = pair.active().dialed();
            for (int i = 0; i < 20; i++) {
                assertFalse(client.closed.isDone(), "given up after " + i + " calls");
                Peer.Call call = client.open();
                call.stream.send(call.request(Bytes.utf8("begins"), false));
                TestNode.await(() -> !call.frames.isEmpty() || client.closed.isDone(), "an echo");
                call.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "enough"));
            }
            assertTrue(client.closeReason().detail().contains("calls cut short, expected fewer"));
        }
    }

    /** What was cut over months must not cost the calls that are under way now. */
    @Test
    void calls_under_way_end_well_on_a_connection_that_is_retired() {
        QuicLimits few = new QuicLimits(2_000, 3_000, 5_000, 16 << 10, 100, 100, 100, 10_000, 256, 3);
        try (Pair pair = new Pair(few)) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            Peer.Call going = client.call(Bytes.utf8("going"));
            Peer.Call served = TestNode.await(server.served, "the call");
            for (int i = 0; i < 3; i++) {
                Peer.Call call = client.open();
                call.stream.send(call.request(Bytes.utf8("begins"), false));
                TestNode.await(server.served, "the call");
                call.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "enough"));
                Peer.get(call.reset);
            }
            assertEquals(0, client.connection.openCapacity());
            served.stream.send(served.response(Bytes.utf8("well"), true));
            assertEquals("well", going.frame().body().utf8());
            // Whichever side has counted its third first; both say the same.
            assertTrue(client.closeReason().detail().contains("found 3 calls cut short, expected fewer"));
            assertFalse(going.reset.isDone());
        }
    }

    @Test
    void new_credentials_serve_new_connections() {
        AtomicReference<TlsCredentials> current = new AtomicReference<>(authority.node("first"));
        try (TestNode node = new TestNode(Map.of(), current::get, true, QuicLimits.standard(), false);
                TestNode dialer = new TestNode(authority.node("dialer"))) {
            dialer.dial(node.endpoint());
            Peer one = Peer.active(node.connection());
            Peer before = Peer.active(dialer.connection()).confirmed(one);
            current.set(authority.node("second"));
            dialer.dial(node.endpoint());
            Peer two = Peer.active(node.connection());
            Peer after = Peer.active(dialer.connection()).confirmed(two);
            assertEquals("CN=first", name(before));
            assertEquals("CN=second", name(after));
            assertEquals("old", before.call(Bytes.utf8("old")).frame().body().utf8());
            assertEquals("new", after.call(Bytes.utf8("new")).frame().body().utf8());
        }
    }

    /** RFC 9000 §9: the address behind a connection may change; who is there is not proved by it. */
    @Test
    void calls_go_on_when_the_path_moves() {
        TestNode accepter = new TestNode(authority.node("accepter"));
        TestNode dialer = new TestNode(authority.node("dialer"));
        try (accepter; dialer; MovingPath path = new MovingPath(accepter.port())) {
            dialer.dial(path.endpoint());
            Peer server = Peer.active(accepter.connection());
            Peer client = Peer.active(dialer.connection()).confirmed(server);
            assertEquals("before", client.call(Bytes.utf8("before")).frame().body().utf8());
            for (int i = 0; i < 3; i++) {
                path.move();
                Bytes payload = Bytes.wrap(random(300_000));
                assertEquals(payload, client.call(payload).frame().body());
                assertEquals("back " + i, server.call(Bytes.utf8("back " + i)).frame().body().utf8());
                assertTrue(path.passedSinceMove.get() > 0);
            }
            assertFalse(client.closed.isDone() || server.closed.isDone());
        }
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static String name(Peer peer) {
        return peer.connection.evidence().chain().get(0).getSubjectX500Principal().toString();
    }
}
