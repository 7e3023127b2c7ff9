package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConnectionGateTest {

    private static final long MILLIS = 1_000_000;
    private static final long SECOND = 1_000 * MILLIS;

    private final VirtualWorld world = new VirtualWorld(1);
    private final MemoryNetwork network =
        new MemoryNetwork(world, MemoryNetwork.Mode.EXCLUSIVE_LEASE, MILLIS / 10, MILLIS);

    private TestHost.Setup host(String name) {
        return new TestHost.Setup(world, network, name);
    }

    private static SessionSettings bounds(int overall, int perSource) {
        SessionSettings s = SessionSettings.forNode();
        return new SessionSettings(s.handshakeTimeoutMillis(), overall, perSource, s.pingIntervalMillis(),
            s.unresponsiveMillis(), s.confirmTimeoutMillis(), s.minConnections(), s.maxConnections(),
            s.reservedUrgent(), s.reservedNormal(), s.idleShrinkMillis(), s.maxQueuedCallsPerLane(),
            s.maxSessionsPerLink(), s.maxServedCallsPerLink(), s.dialBackoffMinMillis(), s.dialBackoffMaxMillis(),
            s.dialSelfBackoffMillis());
    }

    @Test
    void silentConnectionsAreBoundedBySourceAndOverallAndInTime() {
        TestHost n1 = host("n1").settings(bounds(5, 3)).start();
        RawPeer one = new RawPeer(network, "one", TestHost.node("n2"), false);
        RawPeer two = new RawPeer(network, "two", TestHost.node("n3"), false);
        for (int i = 0; i < 5; i++) {
            one.dial(TestHost.endpoint("n1"));
        }
        world.runFor(50 * MILLIS);
        for (int i = 0; i < 3; i++) {
            two.dial(TestHost.endpoint("n1"));
        }
        world.runFor(50 * MILLIS);
        assertEquals(2, n1.counters.get(RefusalReason.TOO_MANY_HANDSHAKES_FROM_SOURCE.counterName()));
        assertEquals(1, n1.counters.get(RefusalReason.TOO_MANY_HANDSHAKES.counterName()));
        // Told why, not just cut off.
        List<RawPeer.Wire> refused = one.wires.stream().filter(wire -> wire.closed != null).toList();
        assertEquals(2, refused.size());
        refused.forEach(wire -> assertEquals(Optional.of(RefusalReason.TOO_MANY_HANDSHAKES_FROM_SOURCE),
            wire.verdict().refusal()));
        // After the time limit the room is free again.
        world.runFor(5 * SECOND);
        assertEquals(5, n1.counters.get(RefusalReason.HANDSHAKE_TIMEOUT.counterName()));
        assertTrue(one.wires.stream().allMatch(wire -> wire.closed != null), "closed in time");
        one.dial(TestHost.endpoint("n1"));
        world.runFor(50 * MILLIS);
        assertNull(one.wires.get(5).closed);
    }

    @Test
    void aFloodFromOutsideDoesNotKeepThisSideFromItsPeers() {
        TestHost n1 = host("n1").settings(bounds(1, 1)).start();
        RawPeer flood = new RawPeer(network, "flood", TestHost.node("n9"), false);
        flood.dial(TestHost.endpoint("n1"));
        world.runFor(20 * MILLIS);
        host("n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.sees("n2"), SECOND));
    }

    @Test
    void aDeadlineIsToldAndCounted() {
        TestHost n1 = host("n1").start();
        RawPeer silent = new RawPeer(network, "silent", TestHost.node("n2"), false);
        silent.dial(TestHost.endpoint("n1"));
        world.runFor(1_900 * MILLIS);
        assertNull(silent.wires.get(0).verdict(), "not before its time (lesson 9)");
        world.runFor(200 * MILLIS);
        assertEquals(Optional.of(RefusalReason.HANDSHAKE_TIMEOUT), silent.wires.get(0).verdict().refusal());
        assertEquals(List.of(RefusalReason.HANDSHAKE_TIMEOUT), n1.reasons());
        assertNotNull(silent.wires.get(0).closed);
    }

    @Test
    void aRefusedSideThatGoesOnSayingNothingIsWaitedForOnlyUntilTheDeadline() {
        TestHost n1 = host("n1").start();
        RawPeer raw = new RawPeer(network, "raw", TestHost.node("n2"), false);
        raw.dial(TestHost.endpoint("n1"));
        world.runFor(20 * MILLIS);
        raw.wires.get(0).connection.send(Frame.control(FrameKind.HANDSHAKE, 0, Bytes.utf8("garbage")));
        world.runFor(SECOND);
        assertEquals(List.of(RefusalReason.MALFORMED_HELLO), n1.reasons());
        assertNull(raw.wires.get(0).closed, "its own verdict may be under way, and must not meet a closed socket");
        world.runFor(1_200 * MILLIS);
        assertNotNull(raw.wires.get(0).closed);
        assertEquals(1, n1.refusals.size(), "one refusal, not a timeout beside it");
    }

    @Test
    void garbageInPlaceOfAHelloIsRefusedByName() {
        TestHost n1 = host("n1").start();
        RawPeer raw = new RawPeer(network, "raw", TestHost.node("n2"), false);
        raw.dial(TestHost.endpoint("n1"));
        raw.dial(TestHost.endpoint("n1"));
        world.runFor(20 * MILLIS);
        raw.wires.get(0).connection.send(Frame.control(FrameKind.HANDSHAKE, 0, Bytes.utf8("garbage")));
        raw.wires.get(1).connection.send(Frame.control(FrameKind.PING, 0, Bytes.empty()));
        world.runFor(20 * MILLIS);
        assertEquals(Set.of(RefusalReason.MALFORMED_HELLO, RefusalReason.WIRE_VIOLATION), Set.copyOf(n1.reasons()));
        assertEquals(Optional.of(RefusalReason.MALFORMED_HELLO), raw.wires.get(0).verdict().refusal());
        assertEquals(Optional.of(RefusalReason.WIRE_VIOLATION), raw.wires.get(1).verdict().refusal());
    }

    @Test
    void aRefusalIsAuditedOnceAndCountedEachTime() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").cluster("another").start();
        n2.dial("n1");
        world.runFor(20 * SECOND);
        long count = n1.counters.get(RefusalReason.WRONG_CLUSTER.counterName());
        assertTrue(count > 15, "found " + count);
        assertEquals(count, n1.refusals.size());
        assertEquals(1, n1.refusals.stream().filter(RefusalEvent::first).count());
        RefusalEvent last = n1.refusals.get(n1.refusals.size() - 1);
        assertEquals(count - 1, last.repeats());
        assertEquals(TestHost.node("n2").uri(), last.subject());
        assertEquals(Origin.ACCEPTED, last.origin());
        assertTrue(last.detail().contains("another"), last.detail());
        assertTrue(last.detail().contains(TestHost.CLUSTER.value()), last.detail());
        assertTrue(n1.sessions.sessions().isEmpty() && n2.sessions.sessions().isEmpty());
    }

    @Test
    void aStoryEndsWhenTheSubjectIsAdmittedAndALaterRefusalIsNews() {
        TestHost n1 = host("n1").start();
        n1.refused.put(TestHost.node("n2"), RefusalReason.NOT_A_MEMBER);
        TestHost n2 = host("n2").start();
        n2.dial("n1");
        world.runFor(5 * SECOND);
        assertTrue(n1.refusals.size() > 2);
        assertTrue(n2.sessions.lastDialProblem(TestHost.id("n1")).orElse("").contains("not-a-member"));
        n1.refused.clear();
        assertTrue(world.runUntil(() -> n1.sees("n2"), 3 * SECOND));
        assertTrue(n1.sessions.refusals().isEmpty());
        assertEquals(Optional.empty(), n2.sessions.lastDialProblem(TestHost.id("n1")));
        n1.refused.put(TestHost.node("n2"), RefusalReason.REMOVED_NODE);
        n1.loop.execute(() -> n1.sessions.disconnect(TestHost.id("n2"),
            CloseReason.of(CloseReason.Kind.NORMAL, "removed")));
        int before = n1.refusals.size();
        world.runFor(5 * SECOND);
        assertTrue(n1.refusals.get(before).first());
    }

    @Test
    void aFailureBeforeThereIsAConnectionIsCountedAndAuditedTheSameWay() {
        TestHost n1 = host("n1").start();
        n1.dial("n2");
        world.runFor(10 * SECOND);
        long count = n1.counters.get(RefusalReason.CONNECT_FAILED.counterName());
        assertTrue(count >= 10, "found " + count);
        assertEquals(1, n1.refusals.stream().filter(RefusalEvent::first).count());
        assertEquals("node n2", n1.refusals.get(0).subject());
    }

    @Test
    void acceptedFailuresOfOneSourceAreOneStoryWhateverTheirPorts() {
        TestHost n1 = host("n1").start();
        RawPeer foreign = new RawPeer(network, "foreign", new PeerIdentity("elsewhere", PeerIdentity.Kind.NODE, "n2"),
            false);
        for (int i = 0; i < 5; i++) {
            foreign.dial(TestHost.endpoint("n1"));
            world.runFor(10 * MILLIS);
        }
        assertEquals(5, n1.refusals.size());
        assertEquals(1, n1.refusals.stream().filter(RefusalEvent::first).count());
        assertEquals("foreign", n1.refusals.get(0).subject());
    }

    @Test
    void thisVeryProcessIsNoPeerAndIsNotDialedHotly() {
        TestHost n1 = host("n1").start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"), List.of(TestHost.endpoint("n1")))));
        world.runFor(14 * SECOND);
        assertTrue(n1.counters.get(RefusalReason.CONNECTED_TO_SELF.counterName()) >= 2);
        assertEquals(2, n1.counters.get("dial.attempt"), "two at first, and then none for at least 15 s");
        world.runFor(30 * SECOND);
        assertTrue(n1.counters.get("dial.attempt") > 2, "it is tried again, since addresses change hands");
        assertTrue(n1.sessions.presence().isEmpty());
        assertTrue(n1.sessions.sessions().isEmpty());
    }

    @Test
    void anotherNodeThanTheOneMeantIsRefused() {
        TestHost n1 = host("n1").start();
        TestHost n3 = host("n3").start();
        n1.dial(List.of(DialTarget.node(TestHost.id("n2"), List.of(TestHost.endpoint("n3")))));
        world.runFor(SECOND);
        assertTrue(n1.reasons().contains(RefusalReason.UNEXPECTED_NODE));
        assertTrue(n3.reasons().contains(RefusalReason.REFUSED_BY_PEER));
        assertTrue(n1.sessions.sessions().isEmpty() && n3.sessions.sessions().isEmpty());
    }

    @Test
    void textOfTheOtherSideForgesNoLogLines() {
        RefusalLog log = new RefusalLog(world.clock(), new Counters());
        RefusalEvent event = log.record("mem", Origin.ACCEPTED, "s", "s:1", RefusalReason.REFUSED_BY_PEER,
            "a\nWARN forged\u0007");
        assertEquals("a?WARN forged?", event.detail());
    }

    @Test
    void theAuditRemembersABoundedNumberOfStories() {
        RefusalLog log = new RefusalLog(world.clock(), new Counters());
        for (int i = 0; i < RefusalLog.MAX_STORIES + 10; i++) {
            log.record("mem", Origin.ACCEPTED, "source-" + i, "r", RefusalReason.CONNECT_FAILED, "");
        }
        assertEquals(RefusalLog.MAX_STORIES, log.open().size());
    }

    @Test
    void whatComesWhileStoppingIsToldSo() {
        TestHost n1 = host("n1").start();
        n1.loop.execute(n1.sessions::stop);
        RawPeer raw = new RawPeer(network, "raw", TestHost.node("n2"), false);
        raw.dial(TestHost.endpoint("n1"));
        world.runFor(20 * MILLIS);
        assertEquals(Optional.of(RefusalReason.SHUTTING_DOWN), raw.wires.get(0).verdict().refusal());
        assertNotNull(raw.wires.get(0).closed);
    }
}
