package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.Clock;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DialerTest {

    private static final long MILLIS = 1_000_000;
    private static final long SECOND = 1_000 * MILLIS;

    private final VirtualWorld world = new VirtualWorld(5);
    private final MemoryNetwork network =
        new MemoryNetwork(world, MemoryNetwork.Mode.EXCLUSIVE_LEASE, MILLIS / 10, MILLIS);

    /** A transport that never connects: it fails each attempt at once, or lets it hang. */
    private static final class DeadTransport implements Transport {
        private final String scheme;
        private final Clock clock;
        private final List<Long> atMillis = new ArrayList<>();
        private final List<Endpoint> dialed = new ArrayList<>();
        private ConnectionSink sink;
        private boolean hangs;

        private DeadTransport(Clock clock) {
            this(MemoryNetwork.SCHEME, clock);
        }

        private DeadTransport(String scheme, Clock clock) {
            this.scheme = scheme;
            this.clock = clock;
        }

        @Override
        public String scheme() {
            return scheme;
        }

        @Override
        public String description() {
            return "dead";
        }

        @Override
        public void start(ConnectionSink target) {
            sink = target;
        }

        @Override
        public Optional<Endpoint> listening() {
            return Optional.empty();
        }

        @Override
        public void dial(Endpoint target, long dialId) {
            atMillis.add(clock.nanoTime() / MILLIS);
            dialed.add(target);
            if (!hangs) {
                sink.onFailure(new ConnectionFailure(scheme(), Origin.DIALED, OptionalLong.of(dialId),
                    target.toString(), RefusalReason.CONNECT_FAILED, "refused"));
            }
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    private final VirtualLoop loop = new VirtualLoop(world);
    private final DeadTransport dead = new DeadTransport(world.clock());

    private Sessions sessionsOver(Transport... transports) throws Exception {
        PeerIdentity self = TestHost.node("n1");
        Sessions sessions = new Sessions(new Sessions.Context(loop, TestIdentity.of(self), List.of(transports),
            LocalDescription.of(TestHost.CLUSTER, self, 1, List.of(), "test"), AdmissionPolicy.forClient(),
            CallServer.none(), new SessionListener() { }, SessionSettings.forNode(), new Counters()));
        sessions.start();
        return sessions;
    }

    @Test
    void waitsDoubleFromFiftyMillisecondsToASecondWithJitter() throws Exception {
        Sessions sessions = sessionsOver(dead);
        loop.execute(() -> sessions.setTargets(List.of(DialTarget.node(TestHost.id("n2"),
            List.of(TestHost.endpoint("n2"))))));
        world.runFor(60 * SECOND);
        assertEquals(dead.atMillis.get(0), dead.atMillis.get(1), "urgent and normal side by side at first");
        long expected = 50;
        for (int i = 2; i < dead.atMillis.size(); i++) {
            long waited = dead.atMillis.get(i) - dead.atMillis.get(i - 1);
            assertTrue(waited >= expected / 2 - 1 && waited <= expected, "wait " + i + " was " + waited + " ms of "
                + expected);
            expected = Math.min(expected * 2, 1_000);
        }
        assertTrue(dead.atMillis.size() > 60, "at the longest wait it still tries more than once a second");
        List<Long> tail = dead.atMillis.subList(20, 40);
        assertTrue(tail.stream().map(at -> at % 1_000).distinct().count() > 10, "random: " + tail);
    }

    @Test
    void endpointsAreTriedInOrderWithoutAPauseAndThenTheRoundPauses() throws Exception {
        Sessions sessions = sessionsOver(dead);
        List<Endpoint> places = List.of(TestHost.endpoint("a"), Endpoint.parse("carrier://pigeon:1"),
            TestHost.endpoint("b"), TestHost.endpoint("c"));
        loop.execute(() -> sessions.setTargets(List.of(DialTarget.node(TestHost.id("n2"), places))));
        world.runFor(MILLIS);
        List<String> hosts = dead.dialed.stream().map(Endpoint::host).distinct().toList();
        assertEquals(List.of("a", "b", "c"), hosts);
        int first = dead.dialed.size();
        world.runFor(60 * MILLIS);
        assertEquals(List.of("a", "b", "c"),
            dead.dialed.subList(first, first + 3).stream().map(Endpoint::host).toList());
        assertTrue(sessions.lastDialProblem(TestHost.id("n2")).orElseThrow().startsWith("connect-failed"));
    }

    @Test
    void anAttemptThatHangsIsOvertakenAndTheirNumberIsBounded() throws Exception {
        dead.hangs = true;
        Sessions sessions = sessionsOver(dead);
        loop.execute(() -> sessions.setTargets(List.of(DialTarget.node(TestHost.id("n2"),
            List.of(TestHost.endpoint("a"), TestHost.endpoint("b"))))));
        world.runFor(Dialer.STALL_MILLIS * MILLIS - 1);
        assertEquals(2, dead.dialed.size());
        world.runFor(2 * MILLIS);
        assertTrue(dead.dialed.contains(TestHost.endpoint("b")), "the next address is tried");
        world.runFor(60 * SECOND);
        assertTrue(dead.dialed.size() <= Dialer.MAX_STALLED + 2, "found " + dead.dialed.size());
    }

    @Test
    void aTransportWhoseAttemptsHangDoesNotUseUpTheAttemptsOfTheOther() throws Exception {
        DeadTransport silent = new DeadTransport("silent", world.clock());
        silent.hangs = true;
        Sessions sessions = sessionsOver(dead, silent);
        loop.execute(() -> sessions.setTargets(List.of(DialTarget.node(TestHost.id("n2"),
            List.of(new Endpoint("silent", "n2", 1), TestHost.endpoint("n2"))))));
        world.runFor(60 * SECOND);
        for (int i = 1; i < dead.atMillis.size(); i++) {
            long waited = dead.atMillis.get(i) - dead.atMillis.get(i - 1);
            assertTrue(waited <= 1_000, "wait " + i + " was " + waited + " ms");
        }
        assertTrue(dead.atMillis.get(dead.atMillis.size() - 1) > 58_000, "and it goes on");
        assertTrue(silent.dialed.size() <= Dialer.MAX_STALLED);
    }

    @Test
    void theSecondEndpointServesWhenThePreferredOneIsDead() {
        TestHost n1 = new TestHost.Setup(world, network, "n1").start();
        new TestHost.Setup(world, network, "n2").start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"),
            List.of(TestHost.endpoint("nowhere"), TestHost.endpoint("n2")))));
        assertTrue(world.runUntil(() -> n1.settled("n2"), 50 * MILLIS));
        long attempts = n1.counters.get("dial.attempt");
        world.runFor(10 * SECOND);
        assertEquals(attempts, n1.counters.get("dial.attempt"));
    }

    @Test
    void aRestartedPeerIsMetWithinARoundTripOfItsOwnConnection() {
        TestHost n1 = new TestHost.Setup(world, network, "n1").start();
        n1.dial("n2");
        world.runFor(30 * SECOND);
        TestHost n2 = new TestHost.Setup(world, network, "n2").start();
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.sessions.sessions().stream().filter(session ->
            session.origin() == Origin.DIALED && session.confirmed()).count() == 2, 30 * MILLIS));
    }

    @Test
    void aRestartedPeerThatCannotDialIsMetWithinTheLongestWait() {
        TestHost n1 = new TestHost.Setup(world, network, "n1").start();
        n1.dial("n2");
        world.runFor(30 * SECOND);
        new TestHost.Setup(world, network, "n2").start();
        assertTrue(world.runUntil(() -> n1.settled("n2"), 1_050 * MILLIS));
    }

    @Test
    void aPeerThatAdmitsAndClosesIsNotDialedInALoop() {
        TestHost n1 = new TestHost.Setup(world, network, "n1").start();
        TestHost n2 = new TestHost.Setup(world, network, "n2").start();
        n1.dial("n2");
        for (int i = 0; i < 3_000; i++) {
            world.runFor(10 * MILLIS);
            n2.loop.execute(() -> n2.sessions.disconnect(TestHost.id("n1"), CloseReason.of(
                CloseReason.Kind.NORMAL, "go away")));
        }
        long attempts = n1.counters.get("dial.attempt");
        assertTrue(attempts < 150, "found " + attempts + " attempts in 30 s");
        assertTrue(attempts > 20, "found " + attempts + " attempts in 30 s");
    }

    @Test
    void aTargetThatGoesLosesItsConnectionsWhenTheirCallsAreOver() {
        TestHost n1 = new TestHost.Setup(world, network, "n1").start();
        TestHost n2 = new TestHost.Setup(world, network, "n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") == 2 && n1.settled("n2"), SECOND));
        List<ServedCall> kept = new ArrayList<>();
        n2.server = (caller, type, request, budget, call) -> kept.add(call);
        TestHost.Call call = n1.call("n2", RpcType.QUERY, 10_000);
        world.runFor(10 * MILLIS);
        n1.dial(List.of());
        world.runFor(SECOND);
        assertEquals(1, n1.sessionsWith("n2"), "the idle one is gone");
        assertFalse(call.done());
        kept.get(0).respond(List.of());
        world.runFor(SECOND);
        assertEquals(1, call.answers);
        assertEquals(null, call.failure);
        assertEquals(0, n1.sessionsWith("n2"));
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
    }

    @Test
    void aTargetWhoseEndpointsChangeIsDialedThere() {
        TestHost n1 = new TestHost.Setup(world, network, "n1").start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"), List.of(TestHost.endpoint("old")))));
        world.runFor(10 * SECOND);
        new TestHost.Setup(world, network, "new").identity(TestHost.node("n2")).start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"), List.of(TestHost.endpoint("new")))));
        assertTrue(world.runUntil(() -> n1.settled("n2"), 50 * MILLIS), "at once, whatever the wait was");
    }

    @Test
    void nothingIsScheduledWhileNothingIsToBeDone() throws Exception {
        Sessions sessions = sessionsOver(dead);
        loop.execute(() -> sessions.setTargets(List.of()));
        world.runFor(SECOND);
        assertFalse(world.step(), "no timer, no poll");
    }

    @Test
    void twoTransportsOfOneSchemeAreADefect() {
        assertThrows(IllegalArgumentException.class, () -> sessionsOver(dead, new DeadTransport(world.clock())));
        assertThrows(IllegalArgumentException.class, () -> new DialTarget(Optional.empty(), List.of()));
    }
}
