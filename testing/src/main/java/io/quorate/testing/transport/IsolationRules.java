package io.quorate.testing.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireViolation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** What happens to one call happens to it alone. */
interface IsolationRules extends Rules {

    /** How many calls are under way beside the one that is disturbed. */
    int OTHERS = 5;

    /** What is done to calls while others are measured. */
    enum Disturbance { CANCEL, RESET_BY_SERVER, STALL, GARBAGE }

    int CHUNK_BYTES = 256 << 10;
    int MOST_CHUNKS = 512;
    int MEASURED_CALLS = 120;
    int DISTURBANCES = 8;
    int MAX_ROUNDS = 40;
    int MASS = 10_000;
    int GIBIBYTE_CHUNKS = 1 << 10;
    int BEATS = 100;
    int ROUNDS_OF_BOTH = 50;
    int LATE_ANSWERS = 20;
    /** Long enough to see what happens at once; nothing depends on its length when nothing happens. */
    Duration NOW = Duration.ofMillis(50);

    /** Servers that answer when told to, so that calls are under way for as long as a test likes. */
    static void hold(ContractCall call, Frame frame) {
        // Answered by the test.
    }

    /** Calls under way, of the first node to the second, that wait for their answers. */
    record Waiting(List<ContractCall> calls, List<ContractPeer> servers) {

        List<ContractCall> served() {
            List<ContractCall> served = new ArrayList<>();
            servers.forEach(server -> served.addAll(server.served()));
            return served;
        }

        ContractCall servedAs(ContractCall call) {
            return served().stream().filter(s -> s.id() == call.id()).findFirst()
                .orElseThrow(() -> new AssertionError("a call is not served that has arrived"));
        }
    }

    /** Some calls from a to b under way at once. */
    private Waiting waiting(ContractNode a, ContractNode b, int count) {
        List<ContractCall> calls = new ArrayList<>();
        List<ContractPeer> servers = new ArrayList<>();
        Bench.Peers peers = null;
        for (int i = 0; i < count; i++) {
            if (peers == null || bench().exclusive()) {
                peers = bench().active(a, b);
                peers.accepted().serving(IsolationRules::hold);
                servers.add(peers.accepted());
            }
            ContractCall call = bench().open(peers.dialed());
            call.send(true, Payloads.of(i, 100));
            calls.add(call);
        }
        Waiting waiting = new Waiting(calls, servers);
        bench().await("the calls at their server", () -> waiting.served().stream()
            .filter(call -> !call.frames().isEmpty()).count() == count);
        return waiting;
    }

    /** The calls that were not disturbed are answered, each with its own content; all if that is null. */
    private void assertOthersAnswered(Waiting waiting, ContractCall disturbed) {
        for (ContractCall served : waiting.served()) {
            if ((disturbed == null || served.id() != disturbed.id()) && !served.isOver()) {
                served.echo(served.frames().get(0));
            }
        }
        for (int i = 0; i < waiting.calls().size(); i++) {
            ContractCall call = waiting.calls().get(i);
            if (call != disturbed) {
                assertTrue(Payloads.matches(i, call.answer()), "call " + i + " got another call's answer");
            }
        }
    }

    @ContractRule(number = 7, text = "The reset of one call, by its caller or by its server, leaves all others "
        + "untouched; both sides of the call hear of it once.")
    default void required_t07_reset_of_one_rpc_leaves_others_untouched() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        for (boolean byCaller : List.of(true, false)) {
            Waiting waiting = waiting(a, b, OTHERS + 1);
            ContractCall call = waiting.calls().get(2);
            ContractCall served = waiting.servedAs(call);
            (byCaller ? call : served).reset("the test gives it up");
            assertEquals(CloseReason.Kind.CALL_RESET, (byCaller ? call : served).resetReason().kind());
            (byCaller ? served : call).resetReason();
            assertOthersAnswered(waiting, call);
            // What is sent on it is dropped without a word, and nothing more is heard of it.
            (byCaller ? call : served).reset("again");
            served.send(true, Bytes.utf8("too late"));
            ContractCall next = bench().open(bench().callers(a, b).forth());
            next.send(true, Bytes.utf8("next"));
            assertEquals("next", next.answer().utf8());
        }
    }

    @ContractRule(number = 8, text = "A call that is given up before its first frame, between two of them, or while it "
        + "waits for its answer, leaves all others untouched.")
    default void required_t08_a_call_given_up_at_any_time_leaves_others_untouched() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        for (int frames = 0; frames <= 2; frames++) {
            Waiting waiting = waiting(a, b, OTHERS);
            Bench.Peers peers = bench().exclusive() ? bench().active(a, b)
                : new Bench.Peers(waiting.calls().get(0).peer(), waiting.servers().get(0));
            ContractCall call = bench().open(peers.dialed());
            for (int i = 1; i <= frames; i++) {
                call.send(i == 2, Payloads.of(i, 5_000));
            }
            call.reset("it has run out of time");
            call.resetReason();
            assertOthersAnswered(waiting, call);
        }
    }

    @ContractRule(number = 9, text = "A call whose reader stops stalls its own sender, and nothing else; when the "
        + "reader goes on, all of it arrives.")
    default void required_t09_a_stalled_call_leaves_others_untouched() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        Waiting waiting = waiting(a, b, OTHERS);
        Bench.Peers peers = bench().active(a, b);
        peers.accepted().serving((served, frame) -> served.stream().read(false));
        ContractCall stalled = bench().open(peers.dialed());
        int sent = bench().fill(stalled, MOST_CHUNKS, i -> Payloads.of(i, CHUNK_BYTES));
        assertTrue(sent < MOST_CHUNKS, "found " + sent + " frames taken of a call that is not read");
        assertOthersAnswered(waiting, stalled);
        bench().await("the first frame", () -> !peers.accepted().served().isEmpty()
            && !peers.accepted().served().get(0).frames().isEmpty());
        ContractCall served = peers.accepted().served().get(0);
        assertEquals(1, served.frames().size(), "frames delivered to a reader that has stopped at the first");
        peers.accepted().serving(IsolationRules::hold);
        int writable = stalled.writable();
        served.stream().read(true);
        bench().await("room in the stream", () -> stalled.writable() > writable);
        stalled.send(true, Payloads.of(sent, CHUNK_BYTES));
        bench().await("all frames", () -> served.frames().size() == sent + 1);
        for (int i = 0; i <= sent; i++) {
            assertTrue(Payloads.matches(i, served.frames().get(i).body()), "content of frame " + i);
        }
        served.send(true, Bytes.utf8("all there"));
        assertEquals("all there", stalled.answer().utf8());
    }

    @ContractRule(number = 10, text = "Garbage on one call ends that call (its connection, where the call leases it), "
        + "and nothing else.")
    default void required_t10_garbage_on_one_rpc_leaves_others_untouched() {
        bench().expect(WireViolation.BAD_MAGIC);
        ContractNode b = bench().node("b");
        Waiting waiting = waiting(bench().node("a"), b, OTHERS);
        HostilePeer.Link link = bench().hostile().dial(b.endpoint(), bench().authority().node("h"));
        ContractPeer peer = new ContractPeer(bench(), b.nextConnection()).activate();
        HostilePeer.Stream good = link.open();
        if (!bench().exclusive()) {
            peer.serving(IsolationRules::hold);
            good.send(FrameEncoder.encode(HostileRules.request(RpcType.SUBMIT, 1, "held")));
            bench().await("the good call", () -> peer.served().size() == 1);
        }
        HostilePeer.Stream bad = bench().exclusive() ? good : link.open();
        bad.send(Payloads.of(1, 100));
        bench().await("the violation", () -> b.counted(WireViolation.BAD_MAGIC) == 1);
        bench().await("the end of the call", bad::isReset);
        assertEquals(bench().exclusive(), peer.isClosed() || bench().within(NOW, peer::isClosed));
        if (!bench().exclusive()) {
            peer.served().get(0).echo(peer.served().get(0).frames().get(0));
            bench().await("the good call's answer", () -> good.received().size() == 1);
            assertEquals("held", good.received().get(0).body().utf8());
        }
        assertOthersAnswered(waiting, null);
    }

    /**
     * Latency is measured in pairs of rounds, quiet and disturbed, on the same machine a moment apart; one good pair is
     * enough, since a busy machine can only make a pair worse.
     */
    @ContractRule(number = 11, text = "While calls are cancelled, reset, stalled or fed with garbage, the latency of "
        + "the others stays within twice its undisturbed 99th percentile.")
    default void required_t11_latency_of_others_stays_within_twice_the_undisturbed() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        ContractPeer measured = bench().active(a, b).dialed();
        for (Disturbance kind : Disturbance.values()) {
            if (kind == Disturbance.GARBAGE && bench().under().hostilePeer().isEmpty()) {
                continue;
            }
            List<String> found = new ArrayList<>();
            boolean good = false;
            for (int round = 0; round < MAX_ROUNDS && !good; round++) {
                long quiet = p99(measured, atTimes(ordinary(a, b)));
                long disturbed = p99(measured, atTimes(disturbances(kind, a, b)));
                found.add(disturbed / 1_000 + " us disturbed, " + quiet / 1_000 + " us quiet");
                good = disturbed <= 2 * quiet;
            }
            assertTrue(good, kind + ": found " + found + " in " + MAX_ROUNDS + " rounds, expected at most twice");
        }
    }

    private static IntConsumer atTimes(List<Runnable> events) {
        return i -> {
            if (i % (MEASURED_CALLS / DISTURBANCES) == 0) {
                events.get(i * DISTURBANCES / MEASURED_CALLS).run();
            }
        };
    }

    /** The same calls, of which none goes wrong: so the ratio shows what the going wrong costs others. */
    private List<Runnable> ordinary(ContractNode a, ContractNode b) {
        List<Runnable> all = new ArrayList<>();
        ContractPeer caller = bench().active(a, b).dialed();
        for (int i = 0; i < DISTURBANCES; i++) {
            all.add(() -> bench().open(caller, RpcType.WATCH).send(true, Payloads.of(1, CHUNK_BYTES / 4)));
        }
        return all;
    }

    /** Made ready before the measurement: a new connection is another matter than a call that goes wrong. */
    private List<Runnable> disturbances(Disturbance kind, ContractNode a, ContractNode b) {
        List<Runnable> all = new ArrayList<>();
        ContractPeer victim = null;
        HostilePeer.Link link = null;
        for (int i = 0; i < DISTURBANCES; i++) {
            boolean another = i == 0 || bench().exclusive();
            if (kind == Disturbance.GARBAGE) {
                bench().expect(WireViolation.BAD_MAGIC);
                if (another) {
                    link = bench().hostile().dial(b.endpoint(), bench().authority().node("h"));
                    new ContractPeer(bench(), b.nextConnection()).activate();
                }
                HostilePeer.Link from = link;
                all.add(() -> from.open().send(Payloads.of(1, CHUNK_BYTES / 4)));
            } else {
                if (another) {
                    Bench.Peers peers = bench().active(a, b);
                    peers.accepted().serving(kind == Disturbance.RESET_BY_SERVER
                        ? (call, frame) -> call.reset("no") : (call, frame) -> call.stream().read(false));
                    victim = peers.dialed();
                }
                ContractPeer caller = victim;
                all.add(() -> disturb(kind, bench().open(caller, RpcType.WATCH)));
            }
        }
        return all;
    }

    private static void disturb(Disturbance kind, ContractCall call) {
        call.send(false, Payloads.of(1, CHUNK_BYTES / 4));
        if (kind == Disturbance.CANCEL) {
            call.reset("the caller wants it no longer");
        }
    }

    private long p99(ContractPeer peer, IntConsumer before) {
        long[] nanos = new long[MEASURED_CALLS];
        for (int i = 0; i < MEASURED_CALLS; i++) {
            before.accept(i);
            ContractCall call = bench().open(peer);
            call.send(true, Payloads.of(i, 256));
            assertTrue(Payloads.matches(i, call.answer()), "call " + i + " got another call's answer");
            nanos[i] = call.latencyNanos();
        }
        Arrays.sort(nanos);
        return nanos[MEASURED_CALLS * 99 / 100];
    }

    @ContractRule(number = 12, text = "Each call has a stream and a number of its own: answers that come in any order "
        + "reach the calls that they belong to.")
    default void required_t12_each_rpc_has_its_own_stream() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        for (List<Integer> order : List.of(List.of(0, 1, 2, 3, 4), List.of(4, 3, 2, 1, 0), List.of(2, 4, 0, 1, 3))) {
            Waiting waiting = waiting(a, b, OTHERS);
            assertEquals(OTHERS, waiting.calls().stream().map(ContractCall::id).distinct().count(),
                "calls with a number of their own");
            for (int answered = 0; answered < OTHERS; answered++) {
                int number = order.get(answered);
                ContractCall call = waiting.calls().get(number);
                ContractCall served = waiting.servedAs(call);
                assertTrue(Payloads.matches(number, served.frames().get(0).body()), "request " + number);
                served.echo(served.frames().get(0));
                int before = answered;
                bench().await("an answer",
                    () -> waiting.calls().stream().filter(ContractCall::isOver).count() > before);
                assertTrue(call.isOver(), "the answer to call " + number + " went to another call");
                assertTrue(Payloads.matches(number, call.answer()), "call " + number + " got another call's answer");
            }
        }
    }

    @ContractRule(number = 13, text = "Ten thousand concurrent calls of all kinds and sizes in both directions at "
        + "once: every response is its request's own, by content.")
    default void required_t13_ten_thousand_mixed_rpcs_get_their_own_responses() {
        Bench.Callers callers = bench().callers(bench().node("a"), bench().node("b"),
            (peer, stream) -> MassCalls.serve(bench(), peer, stream));
        MassCalls forth = new MassCalls(bench(), callers.forth(), 0, MASS / 2);
        MassCalls back = new MassCalls(bench(), callers.back(), 1, MASS / 2);
        // Each thousand has its own patience, so that a slow machine is not taken for a transport that stands still.
        for (int goal = MASS / 10; goal <= MASS; goal += MASS / 10) {
            int atLeast = goal;
            bench().await(goal + " answers", () -> {
                forth.beginMore();
                back.beginMore();
                return forth.answered() + back.answered() >= atLeast;
            });
        }
    }

    @ContractRule(number = 14, text = "A bulk call of 1 GiB whose reader has stopped costs a bounded number of bytes, "
        + "and heartbeats pass it.")
    default void required_t14_heartbeats_pass_a_stalled_gibibyte() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        Bench.Peers bulk = bench().active(a, b);
        bulk.accepted().serving((call, frame) -> {
            if (frame.rpcType() == RpcType.WATCH.code()) {
                call.stream().read(false);
            } else {
                call.echo(frame);
            }
        });
        ContractPeer heartbeats = bench().exclusive() ? bench().active(a, b).dialed() : bulk.dialed();
        ContractCall snapshot = bench().open(bulk.dialed(), RpcType.WATCH);
        Bytes chunk = Payloads.of(1, 1 << 20);
        int taken = 0;
        boolean full = false;
        for (int beat = 0; beat < BEATS; beat++) {
            int room = snapshot.writable();
            while (!full && taken < GIBIBYTE_CHUNKS) {
                full = !snapshot.send(false, chunk);
                taken++;
            }
            ContractCall heartbeat = bench().open(heartbeats, RpcType.HEARTBEAT);
            heartbeat.send(true, Payloads.of(beat, 40));
            assertTrue(Payloads.matches(beat, heartbeat.answer()), "heartbeat " + beat);
            full = full && snapshot.writable() == room;
        }
        long bound = TransportLimits.WRITE_HIGH_WATER_BYTES + bench().under().maxBytesInFlight();
        assertTrue((long) taken << 20 <= bound + (1 << 20), "found " + taken + " MiB taken of a call that is not "
            + "read, expected at most " + (bound >> 20) + " MiB");
        snapshot.reset("the snapshot is not wanted any more");
        snapshot.resetReason();
    }

    @ContractRule(number = 15, text = "Where both sides call at the same time neither takes the other's request for "
        + "its response, nor a response for a request.")
    default void required_t15_both_sides_call_at_the_same_time() {
        Bench.Callers callers = bench().callers(bench().node("a"), bench().node("b"));
        for (int round = 0; round < ROUNDS_OF_BOTH; round++) {
            ContractCall forth = bench().open(callers.forth());
            ContractCall back = bench().open(callers.back());
            forth.send(true, Payloads.of(2 * round, 50));
            back.send(true, Payloads.of(2 * round + 1, 50));
            assertTrue(Payloads.matches(2 * round, forth.answer()), "the answer to the call forth");
            assertTrue(Payloads.matches(2 * round + 1, back.answer()), "the answer to the call back");
        }
    }

    /** Read by whoever waited next, it was "unknown rpc type 160". */
    @ContractRule(number = 16, text = "An answer that comes when its call was given up reaches nobody: not the next "
        + "call, nor the server as a request.")
    default void required_t16_a_late_answer_reaches_nobody() {
        ContractNode a = bench().node("a");
        ContractNode b = bench().node("b");
        Bench.Peers peers = bench().active(a, b);
        for (int round = 0; round < LATE_ANSWERS; round++) {
            int served = peers.accepted().served().size();
            ContractCall call = bench().open(peers.dialed());
            call.send(true, Payloads.of(2 * round, 100));
            Bench.Peers at = peers;
            bench().await("the call at its server", () -> at.accepted().served().size() > served
                && !at.accepted().served().get(served).frames().isEmpty());
            // It was answered in the same moment, so that the answer crosses the reset, or has just come.
            call.reset("the caller has run out of time");
            bench().await("the end of the call", call::isOver);
            if (round % 2 == 0) {
                bench().within(NOW.dividedBy(2), () -> false); // the answer comes while nobody else waits
            }
            if (bench().exclusive() && call.isReset()) {
                peers = bench().active(a, b);
            }
            ContractCall next = bench().open(peers.dialed());
            next.send(true, Payloads.of(2 * round + 1, 100));
            assertTrue(Payloads.matches(2 * round + 1, next.answer()), "the next call got another call's answer");
        }
    }
}
