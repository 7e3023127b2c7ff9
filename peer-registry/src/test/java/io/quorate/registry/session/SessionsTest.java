package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions of whole processes in virtual time: presence, incarnations, liveness. */
class SessionsTest {

    private static final long MILLIS = 1_000_000;
    private static final long SECOND = 1_000 * MILLIS;

    private final VirtualWorld world = new VirtualWorld(7);
    private MemoryNetwork network = network(MemoryNetwork.Mode.EXCLUSIVE_LEASE);

    private MemoryNetwork network(MemoryNetwork.Mode mode) {
        return new MemoryNetwork(world, mode, MILLIS / 10, MILLIS);
    }

    private TestHost.Setup host(String name) {
        return new TestHost.Setup(world, network, name);
    }

    private void kill(TestHost host, String name) {
        host.loop.kill();
        network.kill(name);
    }

    /** Lesson 1: what the accepting side knew of a peer was less than what the dialing side knew. */
    @ParameterizedTest
    @EnumSource(MemoryNetwork.Mode.class)
    void bothSidesKnowTheSameWhoeverDialed(MemoryNetwork.Mode mode) {
        network = network(mode);
        TestHost n1 = host("n1").incarnation(11).start();
        TestHost n2 = host("n2").incarnation(22).start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        NodePresence of2 = n1.sessions.presence(TestHost.id("n2")).orElseThrow();
        NodePresence of1 = n2.sessions.presence(TestHost.id("n1")).orElseThrow();
        assertEquals(22, of2.incarnation());
        assertEquals(11, of1.incarnation());
        assertTrue(of1.certificateFingerprint().isPresent() && of2.certificateFingerprint().isPresent());
        assertEquals(List.of(TestHost.endpoint("n1")), of1.hello().endpoints());
        assertEquals(List.of(TestHost.endpoint("n2")), of2.hello().endpoints());
        assertEquals(of1.sessions(), of2.sessions());
        assertTrue(n1.sessions.sessions().stream().allMatch(session -> session.origin() == Origin.DIALED));
        assertTrue(n2.sessions.sessions().stream().allMatch(session -> session.origin() == Origin.ACCEPTED));
        assertTrue(n2.events.get(0).startsWith("admitted n1/11 sees true"), n2.events.toString());
        assertTrue(n2.events.contains("confirmed n1/11 sees true"), "the accepting side confirms too");
    }

    @Test
    void bothMayDialAndNeitherConnectionIsADuplicate() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n1.dial("n2");
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") == 4 && n2.sessionsWith("n1") == 4, SECOND));
        world.runFor(60 * SECOND);
        assertEquals(4, n1.sessionsWith("n2"));
        assertEquals(0, n1.events.stream().filter(event -> event.startsWith("closed")).count(), "no flapping at rest");
        assertEquals(0, n2.events.stream().filter(event -> event.startsWith("closed")).count());
    }

    @Test
    void whereBothMayCallOnAnyConnectionTheyDoNotCloseEachOthersLast() {
        network = network(MemoryNetwork.Mode.STREAM_PER_CALL);
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n1.dial("n2");
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        for (int i = 0; i < 1_200; i++) {
            world.runFor(100 * MILLIS);
            assertTrue(n1.sees("n2") && n2.sees("n1"), "at " + i);
        }
    }

    @Test
    void aKilledProcessIsMissedAtOnceAndMetAgainWithItsNewIncarnation() {
        TestHost n1 = host("n1").start();
        TestHost old = host("n2").incarnation(5).start();
        n1.dial("n2");
        old.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2") && old.settled("n1"), SECOND));
        kill(old, "n2");
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") == 0, 10 * MILLIS));
        assertTrue(n1.sessions.presence(TestHost.id("n2")).orElseThrow().lastReason().contains("lost"));
        world.runFor(20 * SECOND);
        TestHost fresh = host("n2").incarnation(6).start();
        fresh.dial("n1");
        // Its own connection ends this side's wait: long before the second that the backoff has reached.
        assertTrue(world.runUntil(() -> n1.sessions.sessions().stream()
            .anyMatch(session -> session.origin() == Origin.DIALED && session.confirmed()), 50 * MILLIS));
        assertEquals(6, n1.sessions.presence(TestHost.id("n2")).orElseThrow().incarnation());
    }

    /** Lesson 12: an administrator's tool that borrows a node's certificate must not take that node's place. */
    @Test
    void aCallerWithANodesCertificateIsNoPeerAndReplacesNobody() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").incarnation(5).start();
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        n1.events.clear();
        TestHost tool = host("laptop").client(PeerIdentity.Kind.NODE, "n2").incarnation(99).start();
        TestHost own = host("desktop").client(PeerIdentity.Kind.NODE, "n1").incarnation(99).start();
        tool.dial("n1");
        own.dial("n1");
        assertTrue(world.runUntil(() -> tool.settled("n1") && own.settled("n1"), SECOND));
        assertEquals(5, n1.sessions.presence(TestHost.id("n2")).orElseThrow().incarnation());
        assertTrue(n1.sees("n2", 5));
        assertTrue(n1.events.stream().noneMatch(event -> event.contains("SUPERSEDED")), n1.events.toString());
        assertEquals(List.of(), n1.refusals);
        assertTrue(n1.sessions.presence(TestHost.id("n1")).isEmpty(), "nor is this node its own peer");
    }

    /** Lessons 10 and 19: the old process' connections are half open; the new one must win, and stay. */
    @Test
    void aNewerIncarnationReplacesAnOlderOneInOneStepAndStaleClosesChangeNothing() {
        TestHost n1 = host("n1").start();
        TestHost old = host("n2").incarnation(5).start();
        old.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        // The machine vanishes: nothing reaches this side, not even the end of the connections.
        network.partition("n1", "n2");
        kill(old, "n2");
        world.runFor(100 * MILLIS);
        assertTrue(n1.sees("n2"), "half open");
        n1.events.clear();
        TestHost fresh =
            new TestHost.Setup(world, network, "n2-new").identity(TestHost.node("n2")).incarnation(6).start();
        fresh.dial("n1");
        assertTrue(world.runUntil(() -> n1.sees("n2", 6), SECOND));
        assertEquals(List.of("closed SUPERSEDED n2/5 sees true", "closed SUPERSEDED n2/5 sees true",
            "admitted n2/6 sees true"), n1.events.subList(0, 3), "no moment of absence in between");
        int events = n1.events.size();
        network.heal();
        network.cut("n1", "n2");
        world.runFor(10 * SECOND);
        assertTrue(n1.sees("n2"));
        assertTrue(n1.events.subList(events, n1.events.size()).stream().noneMatch(event -> event.contains("n2/5")),
            "stale closes are no-ops: " + n1.events);
    }

    @Test
    void anOlderIncarnationIsRefusedWhileTheNewerLivesAndOnlyThen() {
        TestHost n1 = host("n1").start();
        TestHost newer = host("n2").incarnation(9).start();
        newer.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        // Started later, with a wall clock that was set back.
        TestHost older = new TestHost.Setup(world, network, "n2b").identity(TestHost.node("n2")).incarnation(8).start();
        older.dial("n1");
        world.runFor(3 * SECOND);
        assertTrue(n1.reasons().contains(RefusalReason.STALE_INCARNATION));
        assertEquals(9, n1.sessions.presence(TestHost.id("n2")).orElseThrow().incarnation());
        kill(newer, "n2");
        assertTrue(world.runUntil(() -> n1.sees("n2", 8), 2 * SECOND), "it comes back, whatever its clock says");
    }

    /** Lesson 12, and: many terminals of one operator do not throw each other out. */
    @Test
    void clientsAndOperatorsAreNoPeersAndShareTheirIdentities() {
        TestHost n1 = host("n1").start();
        TestHost one = host("laptop").client(PeerIdentity.Kind.OPERATOR, "admin").incarnation(1).start();
        TestHost two = host("desktop").client(PeerIdentity.Kind.OPERATOR, "admin").incarnation(2).start();
        TestHost app = host("app").client(PeerIdentity.Kind.CLIENT, "shop").start();
        for (TestHost client : List.of(one, two, app)) {
            client.dial(List.of(DialTarget.anyNodeAt(TestHost.endpoint("n1"))));
        }
        assertTrue(world.runUntil(() -> one.settled("n1") && two.settled("n1") && app.settled("n1"), SECOND));
        world.runFor(5 * SECOND);
        assertTrue(one.settled("n1") && two.settled("n1") && app.settled("n1"));
        assertEquals(3, n1.sessions.sessions().size());
        assertTrue(n1.sessions.presence().isEmpty());
        TestHost.Call call = app.call("n1", RpcType.SUBMIT, 1_000);
        world.runFor(SECOND);
        assertEquals(Bytes.utf8("x"), call.response);
    }

    @Test
    void aSilentPeerIsUnresponsiveAfterItsTimeAndNotBefore() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        world.runFor(3 * SECOND);
        network.block("n2", "n1");
        world.runFor(1_400 * MILLIS);
        assertTrue(n1.sees("n2"));
        world.runFor(700 * MILLIS);
        assertFalse(n1.sees("n2"));
        assertTrue(n1.events.stream().anyMatch(event -> event.startsWith("closed UNRESPONSIVE")));
    }

    @Test
    void bytesAreALifeSignEvenIfNoPongComes() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        // From here on only bytes of a call's frames come from n2, none of control.
        n2.loop.kill();
        var wire = network.connections("n2").get(0);
        for (int i = 0; i < 40; i++) {
            wire.send(Frame.control(FrameKind.PING, i, Bytes.empty()));
            world.runFor(100 * MILLIS);
        }
        assertEquals(1, n1.sessionsWith("n2"), "the other one was silent");
    }

    @Test
    void anAdmittedSessionThatIsNeverConfirmedEnds() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n1.dial("n2");
        // n2 vanishes with its verdict sent: it never answers a ping.
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") > 0, SECOND));
        n2.loop.kill();
        var wires = network.connections("n2");
        for (int i = 0; i < 45; i++) {
            wires.forEach(wire -> wire.send(Frame.control(FrameKind.PING, 1, Bytes.empty())));
            world.runFor(100 * MILLIS);
        }
        assertTrue(n1.events.stream().noneMatch(event -> event.startsWith("confirmed")), n1.events.toString());
        assertTrue(n1.events.stream().anyMatch(event -> event.startsWith("closed UNRESPONSIVE")), n1.events.toString());
    }

    @Test
    void aFloodOfPingsEndsTheSessionAndPongsToNothingToo() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        var wires = network.connections("n2");
        for (int i = 0; i <= Liveness.MAX_PINGS_PER_TICK; i++) {
            wires.get(0).send(Frame.control(FrameKind.PING, i, Bytes.empty()));
        }
        wires.get(1).send(Frame.control(FrameKind.PONG, 999_999, Bytes.empty()));
        world.runFor(50 * MILLIS);
        assertEquals(2, n1.events.stream().filter(event -> event.startsWith("closed VIOLATION")).count());
    }

    @Test
    void stoppingTellsEverybodyAndFailsWhatIsUnderWay() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        n2.server = (caller, type, request, budget, call) -> { };
        TestHost.Call call = n1.call("n2", RpcType.QUERY, 5_000);
        world.runFor(20 * MILLIS);
        n1.loop.execute(() -> {
            n1.sessions.stop();
            n1.sessions.stop();
        });
        world.runFor(50 * MILLIS);
        assertEquals(1, call.answers);
        assertEquals(0, n2.sessionsWith("n1"));
        assertTrue(n2.sessions.presence(TestHost.id("n1")).orElseThrow().lastReason().contains("shutdown"));
        long dials = n1.counters.get("dial.attempt");
        world.runFor(5 * SECOND);
        assertEquals(dials, n1.counters.get("dial.attempt"));
        assertTrue(n1.sessions.sessions().isEmpty());
    }

    /**
     * Lesson 1: a status that waited for certificate details. What is missing shows as missing, and the session is
     * there.
     */
    @Test
    void aMissingFingerprintKeepsNobodyAway() {
        PeerSession session =
            new PeerSession(1, new NoConnection(), TestHost.node("n2"), hello(), 1, new TreeSet<>());
        assertTrue(session.certificateFingerprint().isEmpty());
        assertTrue(session.live());
        assertFalse(session.confirmed());
    }

    @Test
    void incarnationsGrowWithTimeAndDifferWithinAMillisecond() {
        assertTrue(Incarnation.of(2_000_000_000_001L, 0) > Incarnation.of(2_000_000_000_000L, 0xFFFF));
        assertNotEquals(Incarnation.of(1, 1), Incarnation.of(1, 2));
        assertTrue(Incarnation.of(0, 0) > 0);
        assertTrue(Incarnation.of(Long.MAX_VALUE, 0xFFFF) > 0);
        assertTrue(Incarnation.of(-1, 3) > 0);
    }

    private static Hello hello() {
        return new Hello(1, 1, new TreeSet<>(), TestHost.CLUSTER, PeerIdentity.Kind.NODE, "n2", 1, List.of(),
            "test", HelloTest.nonce(1), Bytes.utf8("b"));
    }

    @Test
    void disconnectingSaysWhyToTheOtherSide() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        n1.loop.execute(() -> n1.sessions.disconnect(TestHost.id("n2"),
            CloseReason.of(CloseReason.Kind.NORMAL, "removed from the cluster")));
        world.runFor(10 * MILLIS);
        assertTrue(n2.events.stream().anyMatch(event -> event.startsWith("closed GOODBYE")), n2.events.toString());
    }
}
