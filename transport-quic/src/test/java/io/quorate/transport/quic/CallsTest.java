package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class CallsTest {

    private static Bytes random(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return Bytes.wrap(bytes);
    }

    @Test
    void both_origins_see_the_same() {
        try (Pair pair = new Pair()) {
            long dialId = pair.dialer.dial(pair.accepter.endpoint());
            Connection dialed = pair.dialer.connection();
            Connection accepted = pair.accepter.connection();
            assertEquals(Origin.DIALED, dialed.origin());
            assertEquals(Origin.ACCEPTED, accepted.origin());
            assertEquals(dialId, dialed.dialId().orElseThrow());
            assertTrue(accepted.dialId().isEmpty());
            assertEquals("127.0.0.1", accepted.source());
            assertEquals("127.0.0.1:" + pair.accepter.port(), dialed.remote());
            Evidence ofAccepter = dialed.evidence();
            Evidence ofDialer = accepted.evidence();
            assertEquals("CN=accepter", ofAccepter.chain().get(0).getSubjectX500Principal().toString());
            assertEquals("CN=dialer", ofDialer.chain().get(0).getSubjectX500Principal().toString());
            assertEquals(32, ofAccepter.channelBinding().length());
            assertEquals(ofAccepter.channelBinding(), ofDialer.channelBinding());
            assertEquals("TLSv1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768 over QUIC v1", ofAccepter.description());
            assertEquals(ofAccepter.description(), ofDialer.description());
            assertTrue(ofAccepter.isPostQuantum() && ofDialer.isPostQuantum());
            Peer server = new Peer(accepted);
            Peer client = new Peer(dialed);
            Frame hello = Frame.control(FrameKind.HANDSHAKE, 7, Bytes.utf8("hello"));
            dialed.send(hello);
            accepted.send(hello);
            assertEquals(hello, TestNode.await(server.controls, "the dialer's hello"));
            assertEquals(hello, TestNode.await(client.controls, "the accepter's hello"));
            pair.dialer.assertNothingMore();
            pair.accepter.assertNothingMore();
        }
    }

    @Test
    void either_side_calls_over_the_one_connection() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted());
            Peer client = new Peer(ends.dialed());
            assertEquals(ConnectionState.HANDSHAKING, ends.dialed().state());
            assertTrue(ends.dialed().open(RpcType.SUBMIT, new Peer.Call()).isEmpty());
            server.activate();
            client.activate();
            TestNode.await(client.capacity, "capacity after activation");
            TestNode.await(server.capacity, "capacity after activation");
            assertEquals(ConnectionState.IDLE, ends.dialed().state());
            assertEquals(QuicLimits.MAX_CALLS, ends.dialed().openCapacity());
            assertEquals(QuicLimits.MAX_CALLS, ends.accepted().openCapacity());

            Peer.Call there = client.open();
            Peer.Call back = server.open();
            assertEquals(ConnectionState.LEASED, ends.dialed().state());
            assertEquals(QuicLimits.MAX_CALLS - 1, ends.dialed().openCapacity());
            there.stream.send(there.request(Bytes.utf8("there"), true));
            back.stream.send(back.request(Bytes.utf8("back"), true));
            assertEquals("there", there.frame().body().utf8());
            assertEquals("back", back.frame().body().utf8());
            TestNode.await(() -> ends.dialed().state() == ConnectionState.IDLE, "idleness");
            assertNotEquals(there.stream.correlationId(), back.stream.correlationId());

            // What belongs to an ended call cannot touch another.
            Peer.Call next = client.open();
            there.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "late"));
            there.stream.read(false);
            next.stream.send(next.request(Bytes.utf8("next"), true));
            assertEquals("next", next.frame().body().utf8());
            assertEquals(there.stream.correlationId() >>> 32, next.stream.correlationId() >>> 32);
            assertFalse(there.reset.isDone());
        }
    }

    @Test
    void of_many_threads_each_gets_a_stream_of_its_own_or_none() throws Exception {
        int most = 8;
        QuicLimits few = new QuicLimits(2_000, 3_000, 5_000, 16 << 10, 100, 100, 100, 10_000, most, 1_000);
        try (Pair pair = new Pair(few); var threads = Executors.newFixedThreadPool(4)) {
            Peer client = pair.active().dialed();
            for (int round = 0; round < 50; round++) {
                TestNode.await(() -> client.connection.openCapacity() >= 1, "capacity");
                List<Future<Peer.Call>> tries = new ArrayList<>();
                for (int i = 0; i < 3 * most; i++) {
                    tries.add(threads.submit(() -> {
                        Peer.Call call = new Peer.Call();
                        call.stream = client.connection.open(RpcType.SUBMIT, call).orElse(null);
                        return call;
                    }));
                }
                List<Peer.Call> got = new ArrayList<>();
                for (Future<Peer.Call> tried : tries) {
                    if (tried.get().stream != null) {
                        got.add(tried.get());
                    }
                }
                assertTrue(got.size() <= most, got.size() + " streams where " + most + " are permitted");
                for (Peer.Call call : got) {
                    Bytes payload = Bytes.utf8("call " + call.stream.correlationId());
                    call.stream.send(call.request(payload, true));
                    assertEquals(payload, call.frame().body());
                }
            }
        }
    }

    @Test
    void calls_that_are_given_up_unused_give_their_capacity_back() {
        QuicLimits few = new QuicLimits(2_000, 3_000, 5_000, 16 << 10, 100, 100, 100, 10_000, 4, 1_000);
        try (Pair pair = new Pair(few)) {
            Peer client = pair.active().dialed();
            for (int i = 0; i < 40; i++) {
                TestNode.await(() -> client.connection.openCapacity() > 0, "capacity");
                Peer.Call call = client.open();
                call.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "not needed"));
                assertEquals(CloseReason.Kind.CALL_RESET, Peer.get(call.reset).kind());
            }
            assertEquals("well", client.call(Bytes.utf8("well")).frame().body().utf8());
        }
    }

    /** Another thread gives a call up when its last frame is there and not delivered yet. */
    @Test
    void a_call_ends_once_where_its_reset_meets_its_last_frame() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            Peer.Call call = client.call(Bytes.utf8("asked"));
            Peer.Call served = TestNode.await(server.served, "the call");
            served.frame();
            synchronized (call.stream) { // the lock that guards the rules of the exchange
                served.stream.send(served.response(Bytes.utf8("answered"), true));
                TestNode.await(() -> Thread.getAllStackTraces().keySet().stream().anyMatch(thread ->
                    thread.getName().startsWith("quorate-quic-") && thread.getState() == Thread.State.BLOCKED),
                    "the last frame, held up at the lock");
                call.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "enough"));
            }
            Peer.get(call.reset);
            assertTrue(call.frames.isEmpty(), "a call ended well, and was reset too");
        }
    }

    @Test
    void every_response_is_its_requests_own() throws Exception {
        int[] sizes = {1, 0, 255, 256, 4_000, 16_384, 65_500, 70_000, 1 << 20, 4 << 20};
        int callers = 16;
        try (Pair pair = new Pair(); var threads = Executors.newFixedThreadPool(4)) {
            Pair.Peers peers = pair.active();
            List<Future<Integer>> done = new ArrayList<>();
            for (int c = 0; c < callers; c++) {
                Random random = new Random(c);
                int number = c;
                Peer caller = c % 2 == 0 ? peers.dialed() : peers.accepted();
                done.add(threads.submit(() -> {
                    for (int i = 0; i < sizes.length; i++) {
                        int size = sizes[(i + number) % sizes.length];
                        Bytes payload = random(random, size > 70_000 && number % 4 != 0 ? size / 64 : size);
                        Peer.Call call = caller.call(payload);
                        Frame response = call.frame();
                        assertEquals(call.stream.correlationId(), response.correlationId());
                        assertEquals(payload, response.body(), "caller " + number + ", call " + i);
                    }
                    return sizes.length;
                }));
            }
            for (Future<Integer> calls : done) {
                assertEquals(sizes.length, calls.get(40, TimeUnit.SECONDS));
            }
            assertTrue(pair.accepter.counted.isEmpty(), pair.accepter.counted.toString());
            assertTrue(pair.dialer.counted.isEmpty(), pair.dialer.counted.toString());
        }
    }

    @Test
    void thousands_of_calls_at_once_on_one_connection() {
        int calls = 5_000;
        try (Pair pair = new Pair()) {
            Pair.Peers peers = pair.active();
            List<Peer.Call> under = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                Peer caller = i % 2 == 0 ? peers.dialed() : peers.accepted();
                TestNode.await(() -> caller.connection.openCapacity() > 0, "capacity");
                under.add(caller.call(Bytes.utf8("call " + i)));
            }
            for (int i = 0; i < calls; i++) {
                assertEquals("call " + i, under.get(i).frame().body().utf8());
            }
        }
    }

    @Test
    void a_payload_of_several_parts_arrives_whole() {
        try (Pair pair = new Pair()) {
            Peer client = pair.active().dialed();
            Random random = new Random(11);
            List<Bytes> parts = List.of(random(random, 100_000), Bytes.empty(), random(random, 1),
                random(random, 65_536));
            Peer.Call call = client.open();
            Frame request = new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), call.stream.correlationId(), 1,
                parts);
            call.stream.send(request);
            assertEquals(request.body(), call.frame().body());
        }
    }

    @Test
    void the_platforms_selectors_and_small_datagrams_serve_as_well() {
        TestCertificateAuthority authority = new TestCertificateAuthority("nio");
        Map<String, String> nio = Map.of("io", "nio", "io-threads", "2", "udp-payload-bytes", "1200");
        var one = authority.node("one");
        var two = authority.node("two");
        try (TestNode accepter = new TestNode(nio, () -> one, true, QuicLimits.standard(), false);
                TestNode dialer = new TestNode(nio, () -> two, false, QuicLimits.standard(), false)) {
            assertTrue(dialer.transport.listening().isEmpty());
            dialer.dial(accepter.endpoint());
            Peer server = Peer.active(accepter.connection());
            Peer client = Peer.active(dialer.connection()).confirmed(server);
            Bytes payload = random(new Random(3), 3_000_000);
            assertEquals(payload, client.call(payload).frame().body());
            client.connection.close(CloseReason.of(CloseReason.Kind.NORMAL, "done"));
        }
    }

    @Test
    void a_dial_after_the_end_fails_like_any_other() {
        try (Pair pair = new Pair()) {
            pair.dialer.transport.close();
            pair.dialer.dial(pair.accepter.endpoint());
            assertEquals(RefusalReason.SHUTTING_DOWN, pair.dialer.failure().reason());
            pair.dialer.assertNothingMore();
        }
    }

    @Test
    void pings_pass_while_a_call_is_under_way() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            Peer.Call call = client.call(Bytes.utf8("slow"));
            Peer.Call served = TestNode.await(server.served, "the call");
            Frame ping = Frame.control(FrameKind.PING, 99, Bytes.empty());
            client.connection.send(ping);
            assertEquals(ping, TestNode.await(server.controls, "the ping"));
            server.connection.send(Frame.control(FrameKind.PONG, 99, Bytes.empty()));
            assertEquals(FrameKind.PONG, TestNode.await(client.controls, "the pong").kind());
            assertEquals(ConnectionState.LEASED, server.connection.state());
            served.stream.send(served.response(Bytes.utf8("done"), true));
            assertEquals("done", call.frame().body().utf8());
            assertTrue(client.connection.bytesRead() > 0);
        }
    }

    @Test
    void an_error_may_come_before_the_request_has_ended() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            Peer.Call call = client.open();
            call.stream.send(call.request(Bytes.utf8("part"), false));
            Peer.Call served = TestNode.await(server.served, "the call");
            served.stream.send(new Frame(FrameKind.ERROR, true, RpcType.SUBMIT.code(), served.stream.correlationId(), 0,
                List.of(RpcError.of(RpcError.Code.DENIED, "no").encode())));
            assertEquals(FrameKind.ERROR, call.frame().kind());
            assertEquals(ConnectionState.LEASED, client.connection.state());
            call.stream.send(call.request(Bytes.empty(), true));
            TestNode.await(() -> client.connection.state() == ConnectionState.IDLE, "idleness on one side");
            TestNode.await(() -> server.connection.state() == ConnectionState.IDLE, "idleness on the other");
        }
    }

    @Test
    void what_the_exchange_forbids_is_refused_at_its_sender() {
        try (Pair pair = new Pair()) {
            Peer client = pair.active().dialed();
            Peer.Call call = client.open();
            assertThrows(IllegalStateException.class, () -> call.stream.send(call.response(Bytes.empty(), true)));
            assertThrows(IllegalArgumentException.class,
                () -> call.stream.send(call.request(Bytes.wrap(new byte[(8 << 20) + 1]), true)));
            assertThrows(IllegalArgumentException.class,
                () -> client.connection.send(call.request(Bytes.empty(), true)));
            assertThrows(IllegalArgumentException.class, () -> client.connection.send(
                Frame.control(FrameKind.PING, 1, Bytes.wrap(new byte[(8 << 10) + 1]))));
            assertThrows(IllegalStateException.class, () -> client.connection.start(client));
            assertThrows(IllegalStateException.class, client::activate);
            call.stream.send(call.request(Bytes.utf8("fine"), true));
            assertEquals("fine", call.frame().body().utf8());
        }
    }

    @Test
    void a_reset_ends_its_own_call_alone() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            Peer.Call victim = client.call(Bytes.utf8("stalls"));
            Peer.Call served = TestNode.await(server.served, "the stalled call");
            Peer.Call other = client.call(Bytes.utf8("goes on"));
            Peer.Call otherServed = TestNode.await(server.served, "the other call");
            victim.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "out of time"));
            assertEquals("call-reset: out of time", Peer.get(victim.reset).toString());
            CloseReason told = Peer.get(served.reset);
            assertEquals(CloseReason.Kind.CALL_RESET, told.kind());
            assertEquals("the other side gave the call up (call-reset)", told.detail());
            assertFalse(victim.stream.send(victim.request(Bytes.empty(), true)), "dropped without a word");
            otherServed.stream.send(otherServed.response(Bytes.utf8("well"), true));
            assertEquals("well", other.frame().body().utf8());
            assertFalse(client.closed.isDone() || server.closed.isDone());
            assertFalse(other.reset.isDone() || otherServed.reset.isDone());
            TestNode.await(() -> client.connection.state() == ConnectionState.IDLE, "idleness");
        }
    }

    /** Ended streams are given back to both sides, however they have ended. */
    @Test
    void resets_do_not_use_up_the_streams() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            for (int i = 0; i < 3 * QuicLimits.MAX_CALLS; i++) {
                TestNode.await(() -> client.connection.openCapacity() > 0, "capacity");
                Peer.Call call = client.open();
                call.stream.send(call.request(Bytes.utf8("stalls"), i % 4 < 2));
                Peer.Call served = TestNode.await(server.served, "the call");
                if (i % 8 > 4) {
                    served.stream.send(served.response(Bytes.utf8("begins"), false));
                }
                Peer.Call gives = i % 2 == 0 ? call : served;
                gives.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "out of time"));
                Peer.get(call.reset);
                Peer.get(served.reset);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = CloseReason.Kind.class, names = {"LOST", "GOODBYE"}, mode = EnumSource.Mode.EXCLUDE)
    void a_goodbye_carries_its_reason(CloseReason.Kind kind) {
        try (Pair pair = new Pair()) {
            Pair.Peers peers = pair.active();
            Peer.Call open = peers.dialed().open();
            peers.accepted().connection.close(CloseReason.of(kind, "because of this"));
            peers.accepted().connection.close(CloseReason.of(CloseReason.Kind.NORMAL, "too late"));
            assertEquals(kind, peers.accepted().closeReason().kind());
            CloseReason told = peers.dialed().closeReason();
            assertEquals(CloseReason.Kind.GOODBYE, told.kind());
            assertTrue(told.detail().endsWith(": because of this"), told.detail());
            assertTrue(told.detail().startsWith(kind.name().toLowerCase(Locale.ROOT).replace('_', '-')));
            assertEquals(CloseReason.Kind.GOODBYE, Peer.get(open.reset).kind());
            assertEquals(1, peers.dialed().closes.get());
        }
    }

    @Test
    void what_was_said_before_a_close_is_heard() {
        try (Pair pair = new Pair()) {
            // The verdict and the goodbye are there before the other side has even started.
            var ends = pair.connect();
            Peer refusing = new Peer(ends.accepted());
            ends.accepted().send(Frame.control(FrameKind.HANDSHAKE, 0, Bytes.utf8("refused, because")));
            ends.accepted().close(CloseReason.of(CloseReason.Kind.REFUSED, "told you"));
            refusing.closeReason();
            Peer refused = new Peer(ends.dialed());
            assertEquals("refused, because", TestNode.await(refused.controls, "the verdict").body().utf8());
            assertEquals("refused: told you", refused.closeReason().detail());
        }
    }

    @Test
    void a_response_that_is_owed_arrives_before_the_end() {
        try (Pair pair = new Pair()) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed()).confirmed(server);
            Peer.Call call = client.call(Bytes.utf8("much"));
            Peer.Call served = TestNode.await(server.served, "the call");
            Bytes much = random(new Random(5), 3 << 20);
            served.stream.send(served.response(much, true));
            server.connection.close(CloseReason.of(CloseReason.Kind.SHUTDOWN, "enough"));
            assertEquals(much, call.frame().body());
            assertEquals("shutdown: enough", client.closeReason().detail());
            assertFalse(call.reset.isDone());
        }
    }

    @Test
    void a_transport_that_closes_says_so_on_every_connection() {
        Pair pair = new Pair();
        List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            peers.add(pair.active().dialed());
        }
        var unstarted = pair.connect();
        long before = System.nanoTime();
        pair.accepter.close();
        assertTrue(System.nanoTime() - before < TimeUnit.SECONDS.toNanos(5));
        for (Peer peer : peers) {
            assertEquals("shutdown: this node is stopping", peer.closeReason().detail());
        }
        assertEquals("shutdown: this node is stopping", new Peer(unstarted.dialed()).closeReason().detail());
        assertEquals(0, pair.accepter.transport.liveCount());
        pair.dialer.dial(pair.accepter.endpoint());
        assertEquals(RefusalReason.CONNECT_FAILED, pair.dialer.failure().reason());
        pair.close();
        assertEquals(0, pair.dialer.transport.liveCount());
    }
}
