package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestCertificateAuthority;
import io.quorate.transport.tcp.TestNode.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class CallsTest {

    private static Bytes random(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return Bytes.wrap(bytes);
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL,OPENSSL", "OPENSSL,JDK", "JDK,OPENSSL", "JDK,JDK"})
    void both_origins_see_the_same(Engine dials, Engine accepts) {
        try (Pair pair = new Pair(dials, accepts)) {
            long dialId = pair.dialer.dial(pair.accepter.endpoint());
            var dialed = pair.dialer.connection();
            var accepted = pair.accepter.connection();
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
            assertTrue(ofAccepter.description().startsWith("TLSv1.3 TLS_AES_"), ofAccepter.description());
            if (dials == Engine.OPENSSL && accepts == Engine.OPENSSL) {
                assertTrue(ofAccepter.description().endsWith("X25519MLKEM768"), ofAccepter.description());
                assertEquals(ofAccepter.description(), ofDialer.description());
            }
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

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_call_leases_the_connection_and_gives_it_back(Engine engine) {
        try (Pair pair = new Pair(engine)) {
            var ends = pair.connect();
            Peer server = Peer.active(ends.accepted());
            Peer client = new Peer(ends.dialed());
            assertEquals(ConnectionState.HANDSHAKING, ends.dialed().state());
            assertTrue(ends.dialed().open(RpcType.SUBMIT, new Peer.Call()).isEmpty());
            client.activate();
            TestNode.await(client.capacity, "capacity after activation");
            assertEquals(ConnectionState.IDLE, ends.dialed().state());
            assertEquals(1, ends.dialed().openCapacity());
            assertEquals(0, ends.accepted().openCapacity());
            assertTrue(ends.accepted().open(RpcType.SUBMIT, new Peer.Call()).isEmpty(), "the accepter must not call");

            Peer.Call first = client.open();
            assertEquals(ConnectionState.LEASED, ends.dialed().state());
            assertEquals(0, ends.dialed().openCapacity());
            assertTrue(ends.dialed().open(RpcType.SUBMIT, new Peer.Call()).isEmpty(), "leased already");
            first.stream.send(first.request(Bytes.utf8("one"), true));
            assertEquals("one", first.frame().body().utf8());
            TestNode.await(client.capacity, "capacity after the call");
            assertEquals(ConnectionState.IDLE, ends.dialed().state());
            assertEquals("two", client.call(Bytes.utf8("two")).frame().body().utf8());

            // What belongs to the ended call cannot touch the next one.
            TestNode.await(client.capacity, "capacity after the second call");
            Peer.Call third = client.open();
            first.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "late"));
            first.stream.read(false);
            third.stream.send(third.request(Bytes.utf8("three"), true));
            assertEquals("three", third.frame().body().utf8());
            assertNotEquals(first.stream.correlationId(), third.stream.correlationId());
            assertEquals(first.stream.correlationId() >>> 32, third.stream.correlationId() >>> 32);
            assertEquals(3, server.served.size());
            assertFalse(first.reset.isDone());
        }
    }

    @Test
    void of_two_threads_exactly_one_gets_the_lease() throws Exception {
        int rounds = 300;
        try (Pair pair = new Pair(Engine.OPENSSL); var threads = Executors.newFixedThreadPool(2)) {
            Peer client = pair.active().dialed();
            CyclicBarrier together = new CyclicBarrier(2);
            TestNode.await(client.capacity, "capacity");
            for (int round = 0; round < rounds; round++) {
                List<Future<Peer.Call>> tries = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    tries.add(threads.submit(() -> {
                        Peer.Call call = new Peer.Call();
                        together.await(10, TimeUnit.SECONDS);
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
                assertEquals(1, got.size(), "leases in round " + round);
                Bytes payload = Bytes.utf8("round " + round);
                got.get(0).stream.send(got.get(0).request(payload, true));
                assertEquals(payload, got.get(0).frame().body());
                TestNode.await(client.capacity, "capacity");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void every_response_is_its_requests_own(Engine engine) throws Exception {
        int connections = 32;
        int[] sizes = {1, 0, 255, 256, 4_000, 16_384, 65_500, 70_000, 1 << 20, 4 << 20};
        try (Pair pair = new Pair(engine); var threads = Executors.newFixedThreadPool(4)) {
            List<Future<Integer>> done = new ArrayList<>();
            for (int c = 0; c < connections; c++) {
                Peer client = pair.active().dialed();
                Random random = new Random(c);
                int number = c;
                done.add(threads.submit(() -> {
                    for (int i = 0; i < sizes.length; i++) {
                        TestNode.await(client.capacity, "capacity of connection " + number);
                        int size = sizes[(i + number) % sizes.length];
                        // Few of the large: 32 connections of all sizes would be 300 MiB.
                        Bytes payload = random(random, size > 70_000 && number % 8 != 0 ? size / 64 : size);
                        Peer.Call call = client.call(payload);
                        Frame response = call.frame();
                        assertEquals(call.stream.correlationId(), response.correlationId());
                        assertEquals(payload, response.body(), "connection " + number + ", call " + i);
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

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_payload_of_several_parts_arrives_whole(Engine engine) {
        try (Pair pair = new Pair(engine)) {
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
    void the_platforms_selectors_serve_as_well() {
        TestCertificateAuthority authority = new TestCertificateAuthority("nio");
        Map<String, String> nio = Map.of("io", "nio", "io-threads", "2");
        var one = authority.node("one");
        var two = authority.node("two");
        try (TestNode accepter = new TestNode(nio, () -> one, true, TcpLimits.standard());
                TestNode dialer = new TestNode(nio, () -> two, false, TcpLimits.standard())) {
            assertTrue(dialer.transport.listening().isEmpty());
            dialer.dial(accepter.endpoint());
            Peer.active(accepter.connection());
            Peer client = Peer.active(dialer.connection());
            TestNode.await(client.capacity, "capacity");
            Bytes payload = random(new Random(3), 300_000);
            assertEquals(payload, client.call(payload).frame().body());
            client.connection.close(CloseReason.of(CloseReason.Kind.NORMAL, "done"));
        }
    }

    @Test
    void a_dial_after_the_end_fails_like_any_other() {
        try (Pair pair = new Pair(Engine.OPENSSL)) {
            pair.dialer.transport.close();
            pair.dialer.dial(pair.accepter.endpoint());
            assertEquals(RefusalReason.SHUTTING_DOWN, pair.dialer.failure().reason());
            pair.dialer.assertNothingMore();
        }
    }

    @Test
    void pings_pass_while_a_call_is_under_way() {
        try (Pair pair = new Pair(Engine.OPENSSL)) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed());
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
        try (Pair pair = new Pair(Engine.OPENSSL)) {
            var ends = pair.connect();
            Peer server = new Peer(ends.accepted()).silent().activate();
            Peer client = Peer.active(ends.dialed());
            TestNode.await(client.capacity, "capacity");
            Peer.Call call = client.open();
            call.stream.send(call.request(Bytes.utf8("part"), false));
            Peer.Call served = TestNode.await(server.served, "the call");
            served.stream.send(new Frame(FrameKind.ERROR, true, RpcType.SUBMIT.code(), served.stream.correlationId(), 0,
                List.of(RpcError.of(RpcError.Code.DENIED, "no").encode())));
            assertEquals(FrameKind.ERROR, call.frame().kind());
            assertNull(client.capacity.poll());
            call.stream.send(call.request(Bytes.empty(), true));
            TestNode.await(client.capacity, "capacity once both sides have ended");
            server.served.clear();
            client.call(Bytes.utf8("next"));
            assertEquals("next", TestNode.await(server.served, "the next call").frame().body().utf8());
        }
    }

    @Test
    void what_the_exchange_forbids_is_refused_at_its_sender() {
        try (Pair pair = new Pair(Engine.OPENSSL)) {
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

    @ParameterizedTest
    @EnumSource(Engine.class)
    void a_reset_ends_its_own_connection_alone(Engine engine) {
        try (Pair pair = new Pair(engine)) {
            var ends = pair.connect();
            Peer victimServer = new Peer(ends.accepted()).silent().activate();
            Peer victim = Peer.active(ends.dialed());
            Peer bystander = pair.active().dialed();
            Peer.Call reset = victim.call(Bytes.utf8("stalls"));
            Peer.Call served = TestNode.await(victimServer.served, "the stalled call");
            reset.stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "out of time"));
            assertEquals(CloseReason.Kind.CALL_RESET, Peer.get(reset.reset).kind());
            assertEquals(CloseReason.Kind.CALL_RESET, victim.closeReason().kind());
            CloseReason told = victimServer.closeReason();
            assertEquals(CloseReason.Kind.GOODBYE, told.kind());
            assertEquals("call-reset: out of time", told.detail());
            assertEquals(CloseReason.Kind.GOODBYE, Peer.get(served.reset).kind());
            assertEquals(ConnectionState.CLOSED, victim.connection.state());
            assertFalse(reset.stream.send(reset.request(Bytes.empty(), true)), "dropped without a word");
            assertTrue(victim.connection.open(RpcType.SUBMIT, new Peer.Call()).isEmpty());
            assertEquals("well", bystander.call(Bytes.utf8("well")).frame().body().utf8());
        }
    }

    @ParameterizedTest
    @EnumSource(value = CloseReason.Kind.class, names = {"LOST", "GOODBYE"}, mode = EnumSource.Mode.EXCLUDE)
    void a_goodbye_carries_its_reason(CloseReason.Kind kind) {
        try (Pair pair = new Pair(Engine.OPENSSL)) {
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
        try (Pair pair = new Pair(Engine.OPENSSL)) {
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
    void a_transport_that_closes_says_so_on_every_connection() {
        Pair pair = new Pair(Engine.OPENSSL);
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
