package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.WireViolation;
import io.quorate.testing.transport.FaultyPath.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How connections end, and what a reader that stops, a path that breaks and a peer that dawdles cost. */
interface EndRules extends Rules {

    int PARALLEL_CUTS = 16;
    int HANDSHAKE_CUTS = 24;
    int FLOOD_CHUNK_BYTES = 64 << 10;
    int MOST_FLOOD_CHUNKS = 4_096;
    long CLOSE_BOUND_MILLIS = 5_000;
    Duration SILENCE = Duration.ofMillis(400);

    @ContractRule(number = 40, text = "A reader that stops reading costs a bounded number of bytes, at the caller and "
        + "at the server alike, and bytesRead says how many have come.")
    default void required_t40_a_reader_that_stops_costs_a_bounded_number_of_bytes() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        for (boolean serverStops : List.of(true, false)) {
            Bench.Peers peers = bench().active(a, b);
            peers.accepted().serving((call, frame) -> call.stream().read(!serverStops));
            ContractCall call = bench().open(peers.dialed());
            call.stream().read(serverStops);
            call.send(false, Bytes.utf8("begin"));
            bench().await("the call at its server", () -> peers.accepted().served().size() == 1
                && !peers.accepted().served().get(0).frames().isEmpty());
            ContractCall sender = serverStops ? call : peers.accepted().served().get(0);
            ContractPeer reader = serverStops ? peers.accepted() : peers.dialed();
            long before = reader.connection().bytesRead();
            Bytes chunk = Payloads.of(1, FLOOD_CHUNK_BYTES);
            long accepted = (long) bench().fill(sender, MOST_FLOOD_CHUNKS, i -> chunk) * FLOOD_CHUNK_BYTES;
            long inFlight = bench().under().maxBytesInFlight();
            long bound = TransportLimits.WRITE_HIGH_WATER_BYTES + inFlight + FLOOD_CHUNK_BYTES;
            assertTrue(accepted <= bound, "found " + accepted + " bytes taken, expected at most " + bound);
            assertTrue(reader.connection().bytesRead() - before <= inFlight,
                "found more than " + inFlight + " bytes read by a reader that has stopped");
            call.reset("enough");
            call.resetReason();
        }
    }

    @ContractRule(number = 70, text = "A close on purpose tells the other side why, behind everything that was sent "
        + "before; each side hears of the end once, and a second close is a no-op.")
    default void required_t70_a_close_tells_why() {
        for (Origin closer : Origin.values()) {
            String names = closer == Origin.DIALED ? "ab" : "cd";
            Bench.Peers peers = bench().active(bench().node(names.substring(0, 1)), bench().node(names.substring(1)));
            ContractPeer closes = closer == Origin.DIALED ? peers.dialed() : peers.accepted();
            ContractPeer hears = closer == Origin.DIALED ? peers.accepted() : peers.dialed();
            closes.ping(1);
            closes.connection().close(CloseReason.of(CloseReason.Kind.SUPERSEDED, "a newer one is there"));
            closes.connection().close(CloseReason.of(CloseReason.Kind.NORMAL, "a second close"));
            CloseReason heard = hears.closeReason();
            assertEquals(CloseReason.Kind.GOODBYE, heard.kind(), heard.toString());
            assertTrue(heard.detail().contains("superseded") && heard.detail().contains("a newer one is there"),
                "found \"" + heard.detail() + "\", expected the reason and its words");
            assertEquals(CloseReason.Kind.SUPERSEDED, closes.closeReason().kind());
            assertEquals(1, hears.controls().size(), "frames sent before the close");
            for (Connection connection : List.of(closes.connection(), hears.connection())) {
                assertEquals(ConnectionState.CLOSED, connection.state());
                assertEquals(0, connection.openCapacity());
                connection.send(Frame.control(FrameKind.PING, 2, Bytes.empty()));
                connection.close(CloseReason.of(CloseReason.Kind.NORMAL, "closed already"));
            }
            assertTrue(closes.tryOpen().isEmpty() && hears.tryOpen().isEmpty(), "a call on a closed connection");
        }
    }

    @ContractRule(number = 71, text = "The end of a connection resets its open calls, at both sides, before it is told "
        + "itself.")
    default void required_t71_the_end_resets_open_calls_first() {
        Bench.Peers peers = bench().active();
        peers.accepted().serving(IsolationRules::hold);
        ContractCall call = bench().open(peers.dialed());
        call.send(true, Bytes.utf8("never answered"));
        bench().await("the call at its server", () -> peers.accepted().served().size() == 1
            && !peers.accepted().served().get(0).frames().isEmpty());
        peers.dialed().connection().close(CloseReason.of(CloseReason.Kind.NORMAL, "no longer needed"));
        peers.dialed().closeReason();
        peers.accepted().closeReason();
        assertTrue(call.isReset(), "the caller has not heard of its call's end");
        assertTrue(peers.accepted().served().get(0).isReset(), "the server has not heard of its call's end");
    }

    @ContractRule(number = 72, text = "Closing a transport is bounded and idempotent: its connections end with "
        + "SHUTDOWN, dials under way fail once, and nobody reaches it any more.")
    default void required_t72_closing_a_transport_is_bounded() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        Bench.Peers peers = bench().active(a, b);
        Endpoint listened = a.endpoint();
        a.dial(b.endpoint());
        long began = System.nanoTime();
        a.transport().close();
        a.transport().close();
        long millis = (System.nanoTime() - began) / 1_000_000;
        assertTrue(millis <= CLOSE_BOUND_MILLIS, "found " + millis + " ms, expected at most " + CLOSE_BOUND_MILLIS);
        assertEquals(CloseReason.Kind.SHUTDOWN, peers.dialed().closeReason().kind());
        assertEquals(CloseReason.Kind.GOODBYE, peers.accepted().closeReason().kind());
        bench().await("the outcome of the dial under way", () -> a.connections().size() + a.failures().size() == 2);
        // Sooner than the limits of a handshake would have ended them.
        assertTrue(bench().within(Duration.ofSeconds(2),
            () -> a.connections().stream().allMatch(c -> c.state() == ConnectionState.CLOSED)),
            "a connection of a closed transport lives");
        b.dial(listened);
        bench().await("the failure of a dial to a closed transport", () -> !b.failures().isEmpty());
    }

    @ContractRule(number = 73, text = "A half-open connection is told by its silence: pings are not answered and "
        + "bytesRead stands still; its close does not wait for the other side.")
    default void required_t73_a_half_open_connection_is_silent() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        FaultyPath path = bench().path(b.endpoint());
        Bench.Ends ends = bench().connect(a, b, path.entry());
        ContractPeer dialed = answersPings(ends.dialed());
        ContractPeer accepted = answersPings(ends.accepted());
        accepted.activate();
        dialed.activate();
        dialed.ping(1);
        accepted.ping(2);
        bench().await("the pongs", () -> dialed.controls().size() == 2 && accepted.controls().size() == 2);
        path.block();
        // What was read by the relay before it was blocked may still arrive.
        bench().within(SILENCE.dividedBy(4), () -> false);
        long before = dialed.connection().bytesRead();
        dialed.ping(3);
        assertTrue(!bench().within(SILENCE, () -> dialed.controls().size() > 2), "a ping was answered");
        assertEquals(before, dialed.connection().bytesRead(), "bytes read on a path that carries none");
        path.unblock();
        dialed.ping(4);
        bench().await("the pong behind the silence",
            () -> dialed.controls().stream().anyMatch(frame -> frame.correlationId() == 4));
        path.block();
        dialed.connection().close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "no pong"));
        accepted.connection().close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "no pong"));
        assertEquals(CloseReason.Kind.UNRESPONSIVE, dialed.closeReason().kind());
        assertEquals(CloseReason.Kind.UNRESPONSIVE, accepted.closeReason().kind());
    }

    private ContractPeer answersPings(Connection connection) {
        return new ContractPeer(bench(), connection, (peer, frame) -> {
            if (frame.kind() == FrameKind.PING) {
                peer.connection().send(Frame.control(FrameKind.PONG, frame.correlationId(), Bytes.empty()));
            }
        });
    }

    /** A ping, a call and their answers over a path of its own, which breaks at some unit. */
    record Attempt(FaultyPath path, Bench.Peers peers, ContractCall call) {

        boolean isSettled() {
            return path.isCut() || call.isOver();
        }
    }

    @ContractRule(number = 74, text = "A connection cut at any unit of an exchange ends once at each side; its call is "
        + "answered in full or reset, and nothing of it is delivered in part.")
    default void required_t74_a_cut_anywhere_ends_the_connection_once() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        FaultyPath whole = bench().path(b.endpoint());
        Bench.Peers reference = bench().active(a, b, whole.entry(), ContractPeer::serve);
        long[] before = {whole.passed(Direction.TO_LISTENER), whole.passed(Direction.TO_DIALER)};
        exchange(whole, reference).call().answer();
        for (Direction direction : Direction.values()) {
            long units = whole.passed(direction) - before[direction.ordinal()];
            for (long from = 0; from <= units; from += PARALLEL_CUTS) {
                List<Attempt> attempts = new ArrayList<>();
                for (long unit = from; unit < Math.min(units + 1, from + PARALLEL_CUTS); unit++) {
                    FaultyPath path = bench().path(b.endpoint());
                    Bench.Peers peers = bench().active(a, b, path.entry(), ContractPeer::serve);
                    bench().await("capacity", () -> peers.dialed().connection().openCapacity() > 0);
                    path.cutAfter(direction, unit);
                    attempts.add(exchange(path, peers));
                }
                attempts.forEach(this::assertEndsOnce);
            }
        }
        ContractCall after = bench().open(reference.dialed());
        after.send(true, Bytes.utf8("untouched"));
        assertEquals("untouched", after.answer().utf8());
    }

    private Attempt exchange(FaultyPath path, Bench.Peers peers) {
        peers.dialed().ping(1);
        ContractCall call = peers.dialed().tryOpen().orElse(null);
        if (call != null) {
            call.send(true, Payloads.of(5, 8));
        }
        return new Attempt(path, peers, call);
    }

    private void assertEndsOnce(Attempt attempt) {
        Bench.Peers peers = attempt.peers();
        if (attempt.call() != null) {
            bench().await("the call's outcome or the cut", attempt::isSettled);
        }
        if (!attempt.path().tellsOfCut() || !attempt.path().isCut()) {
            // The network says nothing; the session layer would close what does not answer.
            peers.dialed().connection().close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "no pong"));
            peers.accepted().connection().close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "no pong"));
        }
        peers.dialed().closeReason();
        peers.accepted().closeReason();
        bench().expect(WireViolation.TRUNCATED);
        if (attempt.call() != null && !attempt.call().isReset()) {
            assertTrue(Payloads.matches(5, attempt.call().answer()), "the answer's content");
        }
        for (ContractCall served : peers.accepted().served()) {
            served.frames().forEach(frame -> assertTrue(Payloads.matches(5, frame.body()), "a request in part"));
        }
        attempt.path().close();
    }

    @ContractRule(number = 75, text = "A connection cut at any time of its making has one outcome at the dialer and at "
        + "most one at the accepter.")
    default void required_t75_a_cut_during_the_making_has_one_outcome() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        FaultyPath whole = bench().path(b.endpoint());
        bench().connect(a, b, whole.entry());
        int attempts = 0;
        for (Direction direction : Direction.values()) {
            long units = whole.passed(direction);
            long step = Math.max(1, units / HANDSHAKE_CUTS);
            for (long unit = 0; unit <= units; unit += step) {
                FaultyPath path = bench().path(b.endpoint());
                path.cutAfter(direction, unit);
                a.dial(path.entry());
                attempts++;
            }
        }
        int expected = attempts + 1;
        bench().await("an outcome of each dial", () -> a.connections().size() + a.failures().size() >= expected);
        assertEquals(expected, a.connections().size() + a.failures().size(), "outcomes of " + expected + " dials");
        assertEquals(expected, a.connections().stream().mapToLong(c -> c.dialId().orElse(-1)).distinct().count()
            + a.failures().stream().mapToLong(f -> f.dialId().orElse(-1)).distinct().count(), "dials with an outcome");
        assertTrue(b.connections().size() + b.failures().size() <= expected, "outcomes at the accepter");
        Bench.Peers after = bench().active(bench().node("c"), bench().node("d"));
        ContractCall call = bench().open(after.dialed());
        call.send(true, Bytes.utf8("well"));
        assertEquals("well", call.answer().utf8());
    }

    @ContractRule(number = 76, text = "Before activation a connection costs at most 16 KiB and five seconds, whoever "
        + "has begun it; then it is closed.")
    default void required_t76_a_connection_costs_little_before_activation() {
        bench().expect(WireViolation.PREAUTH_BYTES);
        List<ContractPeer> dawdle = new ArrayList<>();
        for (Origin judge : Origin.values()) {
            String names = judge == Origin.DIALED ? "ab" : "cd";
            ContractNode dialer = bench().node(names.substring(0, 1));
            ContractNode accepter = bench().node(names.substring(1));
            Bench.Ends idle = bench().connect(dialer, accepter);
            dawdle.add(new ContractPeer(bench(), judge == Origin.DIALED ? idle.dialed() : idle.accepted()));
            // The other side is done, so that it is this side's limit that ends the connection.
            new ContractPeer(bench(), judge == Origin.DIALED ? idle.accepted() : idle.dialed()).activate();
            Bench.Ends chatty = bench().connect(dialer, accepter);
            ContractPeer limited = new ContractPeer(bench(), judge == Origin.DIALED ? chatty.dialed()
                : chatty.accepted());
            Connection talks = judge == Origin.DIALED ? chatty.accepted() : chatty.dialed();
            new ContractPeer(bench(), talks);
            for (int i = 0; i < 3; i++) {
                talks.send(Frame.control(FrameKind.HANDSHAKE, i,
                    Payloads.of(i, FrameFormat.MAX_CONTROL_PAYLOAD_BYTES)));
            }
            CloseReason reason = limited.closeReason();
            assertEquals(WireViolation.PREAUTH_BYTES, reason.violation().orElse(null), reason.toString());
        }
        for (ContractPeer peer : dawdle) {
            assertEquals(CloseReason.Kind.HANDSHAKE_LIMIT, peer.closeReason().kind());
        }
    }

    @ContractRule(number = 77, text = "A dial whose path is blocked at first and opens in time connects.")
    default void required_t77_a_dial_waits_for_its_path() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        FaultyPath path = bench().path(b.endpoint());
        path.block();
        long id = a.dial(path.entry());
        assertTrue(!bench().within(SILENCE, () -> !a.connections().isEmpty() || !a.failures().isEmpty()),
            "an outcome on a path that carries nothing");
        path.unblock();
        assertEquals(id, a.nextConnection().dialId().orElse(-1));
    }
}
