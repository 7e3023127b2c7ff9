package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.api.Standing;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.Lane;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.memory.MemoryConnection;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls over whole sessions in virtual time: isolation, lanes, deadlines, exactly one answer. */
class CallsTest {

    private static final long MILLIS = 1_000_000;
    private static final long SECOND = 1_000 * MILLIS;

    private final VirtualWorld world = new VirtualWorld(3);
    private MemoryNetwork network = new MemoryNetwork(world, MemoryNetwork.Mode.EXCLUSIVE_LEASE, MILLIS / 10, MILLIS);
    private TestHost n1;
    private TestHost n2;

    private TestHost.Setup host(String name) {
        return new TestHost.Setup(world, network, name);
    }

    private void connect() {
        n1 = host("n1").start();
        n2 = host("n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") >= 2 && n1.settled("n2") && n2.settled("n1"), SECOND));
    }

    private static void never(Caller caller, RpcType type, Bytes request, long budget, ServedCall call) {
        // The caller waits in vain.
    }

    @Test
    void aCallIsAnsweredWithWhatTheServerSaid() {
        connect();
        List<Caller> callers = new ArrayList<>();
        List<Long> budgets = new ArrayList<>();
        n2.server = (caller, type, request, budget, call) -> {
            callers.add(caller);
            budgets.add(budget);
            call.respond(List.of(Bytes.utf8("a"), request, Bytes.utf8("b")));
        };
        TestHost.Call call = n1.call("n2", RpcType.QUERY, 1_000, Bytes.utf8("-"));
        world.runFor(10 * MILLIS);
        assertEquals(Bytes.utf8("a-b"), call.response);
        assertEquals(1, call.answers);
        assertEquals(Standing.MEMBER, callers.get(0).standing());
        assertEquals(Optional.of(new NodeId("n1")), callers.get(0).node());
        assertTrue(budgets.get(0) <= 1_000 && budgets.get(0) > 990, "found " + budgets);
    }

    @Test
    void theOtherSidesErrorIsRemoteWithItsCode() {
        connect();
        n2.server = (caller, type, request, budget, call) ->
            call.fail(new RpcError(RpcError.Code.NOT_LEADER, "ask n3", "n3"));
        TestHost.Call call = n1.call("n2", RpcType.SUBMIT, 1_000);
        world.runFor(10 * MILLIS);
        assertEquals(CallFailure.Kind.REMOTE, call.kind());
        assertEquals("n3", call.failure.error().orElseThrow().detail());
        assertFalse(call.failure.maybeExecuted());
    }

    @Test
    void withoutASessionNothingIsSentAndThatIsSaidAtOnce() {
        connect();
        TestHost.Call unknown = n1.call("n9", RpcType.QUERY, 1_000);
        // On TCP the accepting side calls over connections of its own; n2 dials nobody, but sessions live: it waits.
        TestHost.Call undialed = n2.call("n1", RpcType.QUERY, 300);
        world.runFor(5 * MILLIS);
        assertEquals(CallFailure.Kind.NOT_SENT, unknown.kind());
        assertEquals(0, undialed.answers);
        world.runFor(SECOND);
        assertEquals(CallFailure.Kind.NOT_SENT, undialed.kind());
        assertTrue(undialed.tookMillis() >= 300 && undialed.tookMillis() <= 300 + 2 * Deadlines.TICK_MILLIS);
    }

    @Test
    void whereStreamsPermitTheAcceptingSideCallsToo() {
        network = new MemoryNetwork(world, MemoryNetwork.Mode.STREAM_PER_CALL, MILLIS / 10, MILLIS);
        connect();
        TestHost.Call call = n2.call("n1", RpcType.QUERY, 300);
        world.runFor(10 * MILLIS);
        assertEquals(Bytes.utf8("x"), call.response);
    }

    /** Lesson 9: there is no call without a deadline, and none that is over when it begins. */
    @Test
    void aDeadlineIsNeverZeroAndNeverEarly() {
        connect();
        n1.loop.execute(() -> {
            for (long wrong : new long[] {0, -1, FrameFormat.MAX_BUDGET_MILLIS + 1L}) {
                assertThrows(IllegalArgumentException.class,
                    () -> n1.sessions.call(TestHost.id("n2"), RpcType.QUERY, List.of(), wrong, null));
            }
        });
        n2.server = CallsTest::never;
        for (long timeout : new long[] {1, 7, 8, 9, 100, 1_000}) {
            TestHost.Call call = n1.call("n2", RpcType.QUERY, timeout);
            assertTrue(world.runUntil(call::done, 2 * SECOND));
            assertTrue(call.tookMillis() >= timeout && call.tookMillis() <= timeout + Deadlines.TICK_MILLIS,
                timeout + " ms took " + call.tookMillis());
            world.runFor(3 * SECOND);
        }
    }

    @Test
    void aTimeoutEndsItsOwnConnectionAndNoOtherCall() {
        connect();
        n2.server = (caller, type, request, budget, call) -> {
            if (!request.equals(Bytes.utf8("stall"))) {
                n2.loop.schedule(200 * MILLIS, () -> call.respond(List.of(request)));
            }
        };
        List<TestHost.Call> good = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            good.add(n1.call("n2", RpcType.QUERY, 2_000, Bytes.utf8("good")));
        }
        TestHost.Call stalled = n1.call("n2", RpcType.QUERY, 150, Bytes.utf8("stall"));
        world.runFor(3 * SECOND);
        assertEquals(CallFailure.Kind.TIMEOUT, stalled.kind());
        assertTrue(stalled.failure.maybeExecuted());
        good.forEach(call -> assertEquals(Bytes.utf8("good"), call.response, () -> call.failure.toString()));
        assertTrue(n1.sees("n2"), "the pool is rebuilt");
        assertEquals(1, n1.events.stream().filter(event -> event.startsWith("closed CALL_RESET")).count());
    }

    /** Lesson 2: a response that comes too late must never meet the next call. */
    @Test
    void aLateResponseMeetsNobody() {
        connect();
        n2.server = (caller, type, request, budget, call) ->
            n2.loop.schedule(100 * MILLIS, () -> call.respond(List.of(request)));
        for (int i = 0; i < 50; i++) {
            Bytes mine = Bytes.utf8("call " + i);
            TestHost.Call call = n1.call("n2", RpcType.QUERY, i % 2 == 0 ? 99 : 500, mine);
            assertTrue(world.runUntil(call::done, SECOND));
            assertEquals(1, call.answers);
            if (call.response != null) {
                assertEquals(mine, call.response);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"NORMAL, EXCLUSIVE_LEASE", "BULK, EXCLUSIVE_LEASE", "NORMAL, STREAM_PER_CALL", "BULK, STREAM_PER_CALL"})
    void aHundredStalledCallsDoNotDelayAnUrgentOne(Lane lane, MemoryNetwork.Mode mode) {
        network = new MemoryNetwork(world, mode, MILLIS / 10, MILLIS);
        connect();
        n2.server = (caller, type, request, budget, call) -> {
            if (type == RpcType.HEARTBEAT) {
                call.respond(List.of(request));
            }
        };
        RpcType stalling = lane == Lane.NORMAL ? RpcType.APPEND_ENTRIES : RpcType.WATCH;
        List<TestHost.Call> stalled = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            stalled.add(n1.call("n2", stalling, 60_000));
        }
        world.runFor(300 * MILLIS);
        for (int i = 0; i < 200; i++) {
            TestHost.Call urgent = n1.call("n2", RpcType.HEARTBEAT, 1_000);
            assertTrue(world.runUntil(urgent::done, SECOND));
            assertTrue(urgent.tookMillis() <= 4, "call " + i + " took " + urgent.tookMillis() + " ms");
            assertNull(urgent.failure);
        }
        assertTrue(stalled.stream().noneMatch(TestHost.Call::done));
    }

    @Test
    void stalledWatchesLeaveRoomForOrdinaryCalls() {
        connect();
        n2.server = (caller, type, request, budget, call) -> {
            if (type != RpcType.WATCH) {
                call.respond(List.of(request));
            }
        };
        for (int i = 0; i < 100; i++) {
            n1.call("n2", RpcType.WATCH, 60_000);
        }
        world.runFor(SECOND);
        TestHost.Call ordinary = n1.call("n2", RpcType.QUERY, 1_000);
        assertTrue(world.runUntil(ordinary::done, SECOND));
        assertTrue(ordinary.tookMillis() <= 4, "took " + ordinary.tookMillis());
    }

    @Test
    void thePoolGrowsWithDemandUpToItsBoundAndShrinksWhenIdle() {
        connect();
        n2.server = CallsTest::never;
        for (int i = 0; i < 100; i++) {
            n1.call("n2", RpcType.QUERY, 5_000);
        }
        world.runFor(SECOND);
        assertEquals(8, n1.sessionsWith("n2"));
        world.runFor(10 * SECOND);
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") == 2, 180 * SECOND), "found " + n1.sessionsWith("n2"));
        int closed = n1.events.size();
        world.runFor(180 * SECOND);
        assertEquals(closed, n1.events.size(), "and stays");
    }

    @Test
    void theQueueOfALaneIsBounded() {
        connect();
        n2.server = CallsTest::never;
        List<TestHost.Call> calls = new ArrayList<>();
        int most = SessionSettings.forNode().maxQueuedCallsPerLane();
        for (int i = 0; i < most + 50; i++) {
            calls.add(n1.call("n2", RpcType.QUERY, 60_000));
        }
        world.runFor(MILLIS / 100);
        long rejected = calls.stream().filter(call -> call.kind() == CallFailure.Kind.NOT_SENT).count();
        assertTrue(rejected >= 40 && rejected <= 50, "found " + rejected);
        assertNull(n1.call("n2", RpcType.HEARTBEAT, 100).failure, "the other lanes have room of their own");
    }

    @Test
    void aCallerThatGivesUpIsNoticedAndWorkPastItsBudgetIsNotBegun() {
        connect();
        List<String> seen = new ArrayList<>();
        List<ServedCall> kept = new ArrayList<>();
        n2.server = (caller, type, request, budget, call) -> {
            kept.add(call);
            call.onCancelled(() -> seen.add("stopped in loop " + n2.loop.inLoop()));
        };
        TestHost.Call poll = n1.call("n2", RpcType.WATCH, 100);
        assertTrue(world.runUntil(poll::done, SECOND));
        world.runFor(20 * MILLIS);
        assertEquals(List.of("stopped in loop true"), seen);
        assertTrue(kept.get(0).cancelled());
        kept.get(0).respond(List.of(Bytes.utf8("too late")));
        kept.get(0).onCancelled(() -> seen.add("registered late"));
        world.runFor(20 * MILLIS);
        assertEquals(2, seen.size());
        assertEquals(1, poll.answers);
    }

    @Test
    void workWhoseBudgetIsOverBeforeItsTurnIsDropped() {
        connect();
        List<RpcType> served = new ArrayList<>();
        n2.server = (caller, type, request, budget, call) -> served.add(type);
        PeerSession session = n2.sessions.sessions().get(0);
        List<Frame> sent = new ArrayList<>();
        InboundCall late = new InboundCall(session, new RecordingStream(sent));
        late.onFrame(new Frame(FrameKind.REQUEST, true, RpcType.QUERY.code(), 1, 5, List.of()));
        // The loop is busy for longer than the caller waits, and comes to the call only then.
        n2.loop.kill();
        world.runFor(6 * MILLIS);
        late.run();
        assertEquals(List.of(), served);
        assertEquals(FrameKind.ERROR, sent.get(0).kind());
        assertEquals(1, n2.counters.get("call.expired-before-serving"));
    }

    @Test
    void oneProcessCannotTakeAllServing() {
        SessionSettings s = SessionSettings.forNode();
        SessionSettings few = new SessionSettings(s.handshakeTimeoutMillis(), s.maxHandshakes(),
            s.maxHandshakesPerSource(), s.pingIntervalMillis(), s.unresponsiveMillis(), s.confirmTimeoutMillis(),
            s.minConnections(), s.maxConnections(), s.reservedUrgent(), s.reservedNormal(), s.idleShrinkMillis(),
            s.maxQueuedCallsPerLane(), s.maxSessionsPerLink(), 3, s.dialBackoffMinMillis(), s.dialBackoffMaxMillis(),
            s.dialSelfBackoffMillis());
        network = new MemoryNetwork(world, MemoryNetwork.Mode.STREAM_PER_CALL, MILLIS / 10, MILLIS);
        n1 = host("n1").start();
        n2 = host("n2").settings(few).start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        List<ServedCall> kept = new ArrayList<>();
        n2.server = (caller, type, request, budget, call) -> kept.add(call);
        List<TestHost.Call> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(n1.call("n2", RpcType.QUERY, 5_000));
        }
        world.runFor(20 * MILLIS);
        assertEquals(2, calls.stream().filter(call -> call.kind() == CallFailure.Kind.REMOTE
            && call.failure.error().orElseThrow().code() == RpcError.Code.OVERLOADED).count());
        kept.get(0).respond(List.of());
        n1.call("n2", RpcType.QUERY, 5_000);
        world.runFor(20 * MILLIS);
        assertEquals(4, kept.size(), "an answer makes room");
    }

    @Test
    void tooLargeIsSaidAndNotSent() {
        connect();
        Bytes huge = Bytes.wrap(new byte[FrameFormat.MAX_PAYLOAD_BYTES + 1]);
        TestHost.Call request = n1.call("n2", RpcType.QUERY, 1_000, huge);
        n2.server = (caller, type, ignored, budget, call) -> call.respond(List.of(huge));
        TestHost.Call response = n1.call("n2", RpcType.QUERY, 1_000);
        world.runFor(50 * MILLIS);
        assertEquals(CallFailure.Kind.NOT_SENT, request.kind());
        assertEquals(RpcError.Code.INTERNAL, response.failure.error().orElseThrow().code());
    }

    @Test
    void aBrokenConnectionIsResetAndMayHaveBeenExecuted() {
        connect();
        n2.server = CallsTest::never;
        TestHost.Call sent = n1.call("n2", RpcType.QUERY, 5_000);
        world.runFor(10 * MILLIS);
        network.cut("n1", "n2");
        world.runFor(10 * MILLIS);
        assertEquals(CallFailure.Kind.RESET, sent.kind());
        assertTrue(sent.failure.maybeExecuted());
    }

    /** Lesson 6, and the rule of exactly one answer: under any faults, with both transports' ways. */
    @ParameterizedTest
    @EnumSource(MemoryNetwork.Mode.class)
    void everyCallIsAnsweredExactlyOnceUnderRandomFaults(MemoryNetwork.Mode mode) {
        for (int seed = 1; seed <= 12; seed++) {
            chaos(mode, seed);
        }
    }

    private void chaos(MemoryNetwork.Mode mode, int seed) {
        VirtualWorld chaos = new VirtualWorld(seed);
        MemoryNetwork net = new MemoryNetwork(chaos, mode, MILLIS / 10, 20 * MILLIS);
        TestHost a = new TestHost.Setup(chaos, net, "n1").start();
        TestHost b = new TestHost.Setup(chaos, net, "n2").start();
        SplittableRandom random = new SplittableRandom(seed);
        int[] executed = new int[1_000];
        CallServer server = (caller, type, request, budget, call) -> {
            executed[Integer.parseInt(request.utf8())]++;
            if (random.nextInt(4) > 0) {
                chaos.schedule(random.nextLong(300 * MILLIS), () -> call.respond(List.of(request)));
            }
        };
        a.server = server;
        b.server = server;
        a.dial("n2");
        b.dial("n1");
        List<TestHost.Call> calls = new ArrayList<>();
        RpcType[] types = {RpcType.HEARTBEAT, RpcType.APPEND_ENTRIES, RpcType.WATCH, RpcType.QUERY};
        for (int i = 0; i < executed.length; i++) {
            boolean fromA = random.nextBoolean();
            calls.add((fromA ? a : b).call(fromA ? "n2" : "n1", types[random.nextInt(types.length)],
                random.nextLong(1, 400), Bytes.utf8(Integer.toString(i))));
            chaos.runFor(random.nextLong(40 * MILLIS));
            fault(net, random);
        }
        net.heal();
        chaos.runFor(20 * SECOND);
        int answered = 0;
        for (int i = 0; i < calls.size(); i++) {
            TestHost.Call call = calls.get(i);
            assertEquals(1, call.answers, "call " + i + " with seed " + seed);
            assertTrue(executed[i] <= 1, "call " + i + " was executed " + executed[i] + " times with seed " + seed);
            if (call.response != null) {
                answered++;
                assertEquals(Integer.toString(i), call.response.utf8(), "seed " + seed);
            } else if (!call.failure.maybeExecuted()) {
                assertEquals(0, executed[i], "call " + i + ": " + call.failure + ", seed " + seed);
            }
        }
        assertTrue(answered > 30, "found " + answered + " answered with seed " + seed);
        assertTrue(a.sees("n2") && b.sees("n1"), "healed with seed " + seed);
    }

    private static void fault(MemoryNetwork net, SplittableRandom random) {
        List<MemoryConnection> live = net.connections(random.nextBoolean() ? "n1" : "n2");
        switch (random.nextInt(600)) {
            case 0 -> net.cut("n1", "n2");
            case 1 -> net.block("n1", "n2");
            case 2 -> net.block("n2", "n1");
            case 3, 4, 5, 6 -> net.heal();
            case 7 -> {
                if (!live.isEmpty()) {
                    live.get(random.nextInt(live.size())).lose("chaos");
                }
            }
            case 8 -> {
                if (!live.isEmpty()) {
                    live.get(random.nextInt(live.size())).sendGarbage();
                }
            }
            default -> {
            }
        }
    }

    @Test
    void whoCallsIsWhatTheCertificateSays() {
        n1 = host("n1").start();
        TestHost operator = host("laptop").client(PeerIdentity.Kind.OPERATOR, "admin").start();
        operator.dial(List.of(DialTarget.anyNodeAt(TestHost.endpoint("n1"))));
        assertTrue(world.runUntil(() -> operator.settled("n1"), SECOND));
        List<Caller> callers = new ArrayList<>();
        n1.server = (caller, type, request, budget, call) -> {
            callers.add(caller);
            call.respond(List.of());
        };
        operator.call("n1", RpcType.PEERS, 1_000);
        world.runFor(20 * MILLIS);
        assertEquals(Standing.OPERATOR, callers.get(0).standing());
        assertEquals(Optional.empty(), callers.get(0).node());
        assertEquals("admin", callers.get(0).identity().name());
    }

    /** On real threads the response may be dealt with before the connection is free: then only its own word helps. */
    @Test
    void aConnectionThatIsFreeLateWakesTheCallsThatWaitForIt() {
        SessionSettings s = SessionSettings.forClient();
        SessionSettings oneSlot = new SessionSettings(s.handshakeTimeoutMillis(), s.maxHandshakes(),
            s.maxHandshakesPerSource(), s.pingIntervalMillis(), s.unresponsiveMillis(), s.confirmTimeoutMillis(), 1, 1,
            0, 0, s.idleShrinkMillis(), s.maxQueuedCallsPerLane(), s.maxSessionsPerLink(), s.maxServedCallsPerLink(),
            s.dialBackoffMinMillis(), s.dialBackoffMaxMillis(), s.dialSelfBackoffMillis());
        n1 = host("n1").settings(oneSlot).lazyCapacity(1).start();
        n2 = host("n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        List<TestHost.Call> calls = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            calls.add(n1.call("n2", RpcType.QUERY, 60_000));
        }
        // One after another, 3 ms each. Without the word, each waits for a tick of 250 ms.
        assertTrue(world.runUntil(() -> calls.stream().allMatch(call -> call.response != null), 100 * MILLIS));
    }

    @Test
    void aFreeConnectionWakesAWaitingCallWithoutATimer() {
        connect();
        n2.server = (caller, type, request, budget, call) ->
            n2.loop.schedule(5 * MILLIS, () -> call.respond(List.of(request)));
        List<TestHost.Call> calls = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            calls.add(n1.call("n2", RpcType.QUERY, 5_000));
        }
        // 70 calls, 7 slots: ten rounds of 5 ms and the way there and back. A timer's tick would be 250 ms.
        assertTrue(world.runUntil(() -> calls.stream().allMatch(call -> call.response != null), 120 * MILLIS));
        for (Connection connection : network.connections("n1")) {
            assertTrue(connection.openCapacity() <= 1);
        }
    }
}
