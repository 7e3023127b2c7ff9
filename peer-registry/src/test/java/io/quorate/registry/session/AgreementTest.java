package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Sessions whose sides learn of an epoch, or that a feature is on, while they live. */
class AgreementTest {

    private static final long MILLIS = 1_000_000;
    private static final long SECOND = 1_000 * MILLIS;

    private final VirtualWorld world = new VirtualWorld(7);
    private final MemoryNetwork network =
        new MemoryNetwork(world, MemoryNetwork.Mode.EXCLUSIVE_LEASE, MILLIS / 10, MILLIS);

    private TestHost.Setup host(String name) {
        return new TestHost.Setup(world, network, name);
    }

    private static SortedSet<String> set(String... labels) {
        return new TreeSet<>(List.of(labels));
    }

    private static void learns(TestHost host, long epoch) {
        host.loop.execute(() -> host.sessions.agreed(epoch, new TreeSet<>()));
    }

    private static void switchesOn(TestHost host, String... features) {
        host.loop.execute(() -> host.sessions.agreed(1, set(features)));
    }

    private static String lastReason(TestHost host, String node) {
        return host.sessions.presence(TestHost.id(node)).orElseThrow().lastReason();
    }

    @Test
    void aSessionIsJudgedAgainWhenThisSideLearnsItsEpoch() {
        TestHost n1 = host("n1").start();
        TestHost old = host("n2").start();
        TestHost recovered = host("n3").start();
        learns(old, 1);
        learns(recovered, 2);
        world.runFor(MILLIS);
        n1.dial("n2", "n3");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n1.settled("n3"), SECOND), "it is of no time yet");
        learns(n1, 2);
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") == 0, 10 * MILLIS));
        assertTrue(n1.sessions.presence(TestHost.id("n2")).orElseThrow().lastReason().contains("epoch 1"));
        world.runFor(20 * SECOND);
        assertEquals(0, n1.sessionsWith("n2"), "nor does the next handshake succeed");
        assertTrue(n1.settled("n3"));
    }

    @Test
    void anEpochThatIsLearntWithinAHandshakeCountsForItsSession() {
        TestHost old = host("old").start();
        learns(old, 1);
        world.runFor(MILLIS);
        for (int i = 0; i < 200; i++) {
            TestHost learning = host("n" + i).start();
            learning.dial("old");
            world.runFor(i * MILLIS / 50);
            learns(learning, 2);
            world.runFor(10 * MILLIS);
            assertEquals(0, learning.sessionsWith("old"), "learnt after " + i * 20 + " us");
        }
    }

    @Test
    void aSessionWhoseSidesBothLearnLaterEndsWithTheSecondOne() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        learns(n1, 2);
        world.runFor(5 * SECOND);
        assertTrue(n1.settled("n2") && n2.settled("n1"), "the other one may yet be of any time");
        learns(n2, 1);
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") == 0 && n2.sessionsWith("n1") == 0, 10 * MILLIS));
        assertTrue(lastReason(n2, "n1").contains("recovery-epoch: found n1 in epoch 2, expected 1"),
            lastReason(n2, "n1"));
        assertTrue(lastReason(n1, "n2").contains("recovery-epoch"), lastReason(n1, "n2"));
        world.runFor(20 * SECOND);
        assertEquals(0, n1.sessionsWith("n2"), "nor does the next handshake succeed");
        assertTrue(n1.reasons().contains(RefusalReason.RECOVERY_EPOCH), n1.reasons().toString());
    }

    @Test
    void sidesThatLearnTheSameGoOnTogether() {
        TestHost n1 = host("n1").start();
        TestHost n2 = host("n2").start();
        n1.dial("n2");
        assertTrue(world.runUntil(() -> n1.settled("n2") && n2.settled("n1"), SECOND));
        learns(n1, 2);
        learns(n2, 2);
        world.runFor(5 * SECOND);
        assertTrue(n1.settled("n2") && n2.settled("n1"));
        assertEquals(2, n1.sessions.sessions().getFirst().epoch(), "told in a ping");
        assertFalse(n1.events.stream().anyMatch(event -> event.startsWith("closed")), n1.events.toString());
    }

    @Test
    void whatIsNoEpochInAPingIsAViolation() {
        for (Bytes told : List.of(Bytes.utf8("x"), Bytes.wrap(new byte[8]), Bytes.wrap(new byte[] {-1, 0, 0, 0, 0, 0, 0,
            1}))) {
            TestHost n1 = host("a" + told.hex()).start();
            TestHost n2 = host("b" + told.hex()).start();
            n1.dial("b" + told.hex());
            assertTrue(world.runUntil(() -> n1.settled("b" + told.hex()), SECOND));
            n1.loop.execute(() -> n1.sessions.sessions().getFirst().connection()
                .send(Frame.control(FrameKind.PING, 1_000, told)));
            world.runFor(10 * MILLIS);
            assertTrue(n2.events.stream().anyMatch(event -> event.startsWith("closed VIOLATION")),
                n2.events.toString());
        }
    }

    @Test
    void aNodeWithoutAFeatureThatIsOnIsRefusedAndToldWhy() {
        TestHost upgraded = host("n1").features("fast", "small").start();
        TestHost old = host("n2").features("small").start();
        switchesOn(upgraded, "fast", "small");
        world.runFor(MILLIS);
        old.dial("n1");
        world.runFor(SECOND);
        assertEquals(0, upgraded.sessionsWith("n2"));
        assertTrue(upgraded.reasons().contains(RefusalReason.FEATURE_MISSING), upgraded.reasons().toString());
        assertEquals("found n2 of build test without the features [fast], expected all of [fast, small], which are on "
            + "in test-cluster; upgrade n2", upgraded.refusals.getFirst().detail());
        assertTrue(old.refusals.getFirst().detail().startsWith("feature-missing: found n2"),
            old.refusals.getFirst().detail());
    }

    @Test
    void aSessionEndsWhenAFeatureIsSwitchedOnThatItsOtherSideLacks() {
        TestHost n1 = host("n1").features("fast").start();
        TestHost old = host("n2").features().start();
        TestHost upgraded = host("n3").features("fast", "of a later build").start();
        TestHost tool = host("laptop").client(PeerIdentity.Kind.NODE, "n2").incarnation(99).start();
        n1.dial("n2", "n3");
        tool.dial("n1");
        assertTrue(world.runUntil(() -> n1.settled("n2", "n3") && tool.settled("n1"), SECOND));
        switchesOn(n1, "fast");
        assertTrue(world.runUntil(() -> n1.sessionsWith("n2") == 0 && old.sessionsWith("n1") == 0, 10 * MILLIS));
        assertTrue(lastReason(old, "n1").contains("feature-missing"), lastReason(old, "n1"));
        world.runFor(SECOND);
        assertTrue(n1.settled("n3") && upgraded.settled("n1"), "it has what is on, and more");
        assertTrue(tool.settled("n1"), "who only calls needs no feature");
        assertEquals(set("fast", "of a later build"),
            n1.sessions.presence(TestHost.id("n3")).orElseThrow().hello().features());
    }
}
