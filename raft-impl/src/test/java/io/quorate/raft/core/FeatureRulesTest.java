package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.SELF;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Features are switched on when every member has them, stay on, and nobody goes on who lacks one. */
class FeatureRulesTest {

    private static final List<Endpoint> PLACE = List.of(Endpoint.parse("tcp://host:1"));

    private static SortedSet<String> set(String... labels) {
        return new TreeSet<>(List.of(labels));
    }

    private static OneCore leader(Membership membership, String... own) {
        OneCore bench = OneCore.withFeatures(membership, set(own)).elected(A);
        bench.settle(A, B);
        return bench;
    }

    private static OneCore leaderOfThree() {
        return leader(OneCore.voters(SELF, A, B), "x", "y");
    }

    private static void has(OneCore bench, NodeId node, String... features) {
        bench.step(new Input.PeerFeatures(node, set(features)));
    }

    private static Set<String> on(OneCore bench) {
        return bench.membership().features();
    }

    @Test
    void aFeatureIsSwitchedOnOnceEveryVoterHasIt() {
        OneCore bench = leaderOfThree();
        has(bench, A, "x", "y", "of a later build");
        bench.heartbeats(A, B);
        bench.settle(A, B);
        assertEquals(Set.of(), on(bench), "b was not met yet");
        has(bench, B, "x");
        bench.heartbeats(A, B);
        assertEquals(Set.of("x"), on(bench));
        assertEquals(Set.of(SELF, A, B), bench.membership().voters());
        bench.settle(A, B);
        has(bench, B, "x", "y");
        bench.heartbeats(A, B);
        assertEquals(Set.of("x", "y"), on(bench), "and the next one when its time has come");
    }

    @Test
    void aLearnerCountsAsWell() {
        OneCore bench = leader(OneCore.membership(List.of(SELF, A, B), List.of(C)), "x");
        has(bench, A, "x");
        has(bench, B, "x");
        bench.heartbeats(A, B, C);
        assertEquals(Set.of(), on(bench), "it gets the same log");
        has(bench, C, "x");
        bench.heartbeats(A, B, C);
        assertEquals(Set.of("x"), on(bench));
    }

    /** It may have been stopped to go back to the earlier build. */
    @Test
    void aMemberThatIsAwayHoldsItUpAlthoughItWasMetWithTheFeature() {
        OneCore bench = leaderOfThree();
        has(bench, B, "x");
        for (int i = 0; i < 30; i++) {
            bench.heartbeats(A);
        }
        has(bench, A, "x");
        bench.heartbeats(A);
        assertEquals(Set.of(), on(bench));
    }

    @Test
    void whatIsOnStaysOnThroughEveryChangeOfTheMembers() {
        OneCore bench = leaderOfThree();
        has(bench, A, "x");
        has(bench, B, "x");
        bench.heartbeats(A, B);
        bench.settle(A, B);
        has(bench, C, "x");
        bench.change("add", new MembershipChange.Add(C, PLACE, false), false);
        bench.settle(A, B, C);
        bench.change("remove", new MembershipChange.Remove(B), false);
        assertTrue(bench.membership().isJoint());
        assertEquals(Set.of("x"), on(bench));
        bench.settle(A, B, C);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("remove"));
        assertEquals(Set.of("x"), on(bench));
        has(bench, A);
        bench.heartbeats(A, B);
        assertEquals(Set.of("x"), on(bench), "also if somebody says later that it lacks it");
    }

    @Test
    void aNodeThatLacksWhatIsOnIsNotAdded() {
        OneCore bench = leaderOfThree();
        has(bench, A, "x");
        has(bench, B, "x");
        bench.heartbeats(A, B);
        bench.settle(A, B);
        has(bench, C, "y");
        bench.change("add", new MembershipChange.Add(C, PLACE, true), true);
        AdministrationResult.Refused refused =
            assertInstanceOf(AdministrationResult.Refused.class, bench.outcome("add"));
        assertEquals("found c of a build without [x], expected one with all features that are on, [x]; upgrade it "
            + "first", refused.reason());
        has(bench, C, "x");
        bench.change("again", new MembershipChange.Add(C, PLACE, false), false);
        bench.settle(A, B);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("again"));
    }

    /** The entry might reach it together with that of its removal, and it would stop instead of learning of that. */
    @Test
    void nothingIsSwitchedOnThatARemovedNodeLacksWhileItIsToldSo() {
        OneCore bench = leaderOfThree();
        has(bench, A, "x");
        bench.change("remove", new MembershipChange.Remove(B), false);
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("remove"));
        bench.heartbeats(A);
        assertEquals(Set.of(), on(bench));
        bench.tickAfter(11_000);
        bench.elected(A);
        bench.settle(A);
        bench.heartbeats(A);
        bench.heartbeats(A);
        assertEquals(Set.of("x"), on(bench));
    }

    @Test
    void aRemovedNodeThatHasAFeatureDoesNotHoldItBack() {
        OneCore bench = leaderOfThree();
        has(bench, A, "x");
        bench.change("remove", new MembershipChange.Remove(B), false);
        bench.settle(A);
        bench.heartbeats(A);
        assertEquals(Set.of(), on(bench), "it has not said so yet");
        has(bench, B, "x");
        bench.heartbeats(A);
        assertEquals(Set.of("x"), on(bench));
    }

    /** Or one that is gone for good would keep every feature off for as long as it is to be told of its removal. */
    @Test
    void aRemovedNodeThatIsNotHeardDoesNotHoldAnythingBack() {
        OneCore bench = leaderOfThree();
        has(bench, A, "x");
        bench.change("remove", new MembershipChange.Remove(B), false);
        bench.settle(A);
        bench.heartbeats(A);
        assertEquals(Set.of(), on(bench));
        for (int i = 0; i < 30; i++) {
            bench.heartbeats(A);
            bench.settle(A);
        }
        assertEquals(Set.of("x"), on(bench));
    }

    @Test
    void anEntryThatSwitchesOnWhatThisBuildLacksIsNotTaken() {
        OneCore bench = OneCore.withFeatures(OneCore.voters(SELF, A, B), set("x"));
        Membership later = bench.membership().withFeatures(set("x", "z"));
        BrokenInvariantException stopped = assertThrows(BrokenInvariantException.class,
            () -> bench.receive(A, OneCore.append(1, 0, 0, 0, OneCore.configuration(1, 1, later))));
        assertEquals("found the features [z] switched on in the configuration at index 1, expected none but [x], those "
            + "of this build; the cluster has been upgraded: start this node with the build of the others. Its data "
            + "stays as it is", stopped.getMessage());
        assertTrue(bench.persists().isEmpty(), "an entry that it cannot go on behind is not in its log either");
    }

    @Test
    void aSnapshotWithWhatThisBuildLacksIsNotTaken() {
        OneCore bench = OneCore.withFeatures(OneCore.voters(SELF, A, B), set("x"));
        SnapshotMeta meta = new SnapshotMeta(7, 1, 1, bench.membership().withFeatures(set("z")), 5, 100);
        BrokenInvariantException stopped = assertThrows(BrokenInvariantException.class,
            () -> bench.receive(A, new Message.InstallSnapshot(1, meta, 0, Bytes.empty())));
        assertTrue(stopped.getMessage().startsWith("found the features [z] switched on in the snapshot of index 7"),
            stopped.getMessage());
        assertTrue(bench.effects(Effect.ReceiveChunk.class).isEmpty());
    }
}
