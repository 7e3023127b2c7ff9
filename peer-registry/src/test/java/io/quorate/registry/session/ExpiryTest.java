package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions do not outlive what they were admitted for. */
class ExpiryTest {

    private static final long MILLIS = 1_000_000;
    private static final long SECOND = 1_000 * MILLIS;
    private static final long HOUR_MILLIS = 3_600_000;

    private final VirtualWorld world = new VirtualWorld(13);
    private MemoryNetwork network =
        new MemoryNetwork(world, MemoryNetwork.Mode.EXCLUSIVE_LEASE, MILLIS / 10, MILLIS);

    private TestHost host(String name) {
        return new TestHost.Setup(world, network, name).start();
    }

    private void runTo(long wallMillis) {
        world.runFor((wallMillis - world.clock().wallMillis()) * MILLIS);
    }

    private long inAnHour() {
        return world.clock().wallMillis() + HOUR_MILLIS;
    }

    @ParameterizedTest
    @EnumSource(Origin.class)
    void aSessionEndsALittleAfterTheOtherSidesCertificateHasExpired(Origin origin) {
        TestHost n1 = host("n1");
        TestHost n2 = host("n2");
        long end = inAnHour();
        n2.identity.renew(end);
        (origin == Origin.DIALED ? n1 : n2).dial(origin == Origin.DIALED ? "n2" : "n1");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        runTo(end + Expiry.GRACE_MILLIS - 100);
        assertEquals(0, closed(n1, "CERTIFICATE_EXPIRED"));
        assertEquals(2, n1.sessionsWith("n2"));
        world.runFor(SECOND);
        // More than two: TLS would not let the expired one in again, and this network does.
        assertTrue(closed(n1, "CERTIFICATE_EXPIRED") >= 2, "found " + n1.events);
        String reason = n1.sessions.presence(TestHost.id("n2")).orElseThrow().lastReason();
        assertTrue(reason.contains("certificate of spiffe://test/node/n2 expired at 2001-09-09T02:46:40Z"), reason);
        n2.identity.renew(end + HOUR_MILLIS);
        world.runFor(5 * SECOND);
        assertTrue(n1.settled("n2"), "it has come back with its new certificate");
        long ended = closed(n1, "CERTIFICATE_EXPIRED");
        world.runFor(60 * SECOND);
        assertEquals(ended, closed(n1, "CERTIFICATE_EXPIRED"));
        assertTrue(closed(n2, "GOODBYE") >= 2, "the other side is told");
    }

    @ParameterizedTest
    @EnumSource(MemoryNetwork.Mode.class)
    void whoHasRenewedInTimeIsNeverAwayAndNoCallFails(MemoryNetwork.Mode mode) {
        network = new MemoryNetwork(world, mode, 20 * MILLIS, 30 * MILLIS); // far enough for a gap to be seen
        TestHost n1 = host("n1");
        TestHost n2 = host("n2");
        long end = inAnHour();
        n1.identity.renew(end);
        n1.dial("n2");
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        world.runFor(70 * SECOND); // longer than what is idle and not wanted lives
        List<Long> before = numbers(n1);
        // Where streams share a connection one of each side is enough, and each carries the calls of both.
        assertTrue(before.size() >= 2, "found " + before);
        n1.identity.renew(end + 24 * HOUR_MILLIS);
        runTo(end - Expiry.RENEWAL_MARGIN_MILLIS - 1_000);
        assertEquals(before, numbers(n1), "the old ones live on for now");
        List<TestHost.Call> calls = new ArrayList<>();
        while (world.clock().wallMillis() < end - 1_000) {
            calls.add(n1.call("n2", RpcType.HEARTBEAT, 1_000));
            calls.add(n2.call("n1", RpcType.QUERY, 1_000));
            for (int i = 0; i < 17; i++) {
                world.runFor(10 * MILLIS);
                assertTrue(n1.sees("n2") && n2.sees("n1"), () -> (end - world.clock().wallMillis())
                    + " ms before the end: " + n1.events + " and " + n2.events);
            }
        }
        world.runFor(500 * MILLIS);
        calls.forEach(call -> assertEquals(null, call.failure));
        assertTrue(numbers(n1).stream().noneMatch(before::contains), "none that was made with the old one");
        assertTrue(n1.sees("n2") && n2.sees("n1"));
        runTo(end + Expiry.GRACE_MILLIS + 1_000);
        assertEquals(0, closed(n2, "CERTIFICATE_EXPIRED"), "the other side had nothing to end");
    }

    @Test
    void aCallThatNeverEndsDoesNotKeepASessionBeyondThisSidesOldCertificate() {
        TestHost n1 = host("n1");
        TestHost n2 = host("n2");
        long end = inAnHour();
        n1.identity.renew(end);
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2"), SECOND));
        n1.identity.renew(end + HOUR_MILLIS);
        n2.server = (caller, type, request, budget, call) -> { };
        runTo(end - 500_000);
        TestHost.Call endless = n1.call("n2", RpcType.WATCH, 600_000);
        runTo(end - 500);
        assertFalse(endless.done());
        runTo(end + 500);
        assertTrue(endless.done());
        assertTrue(n1.sees("n2"));
    }

    @Test
    void aSessionEndsWhenItsIdentityIsNoLongerAdmitted() {
        TestHost n1 = host("n1");
        TestHost n2 = host("n2");
        PeerIdentity away = TestHost.node("n2");
        n1.dial("n2");
        n2.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        n1.refused.put(away, RefusalReason.REMOVED_NODE);
        world.runFor(SECOND);
        assertEquals(0, n1.sessionsWith("n2"));
        assertTrue(n2.events.stream().anyMatch(event -> event.startsWith("closed GOODBYE")));
        assertTrue(n2.sessions.presence(TestHost.id("n1")).orElseThrow().lastReason().contains("removed-node"),
            "it is told why: " + n2.sessions.presence(TestHost.id("n1")).orElseThrow().lastReason());
    }

    private static long closed(TestHost host, String kind) {
        return host.events.stream().filter(event -> event.startsWith("closed " + kind)).count();
    }

    private static List<Long> numbers(TestHost host) {
        return host.sessions.sessions().stream().map(PeerSession::id).toList();
    }
}
