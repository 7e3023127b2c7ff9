package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.D;
import static io.quorate.raft.core.OneCore.SELF;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Sentences of thesis §4, and the faults that others made of them. */
class MembershipRulesTest {

    private static final List<Endpoint> PLACE = List.of(Endpoint.parse("tcp://host:1"));

    private static Membership joint(Set<NodeId> voters, Set<NodeId> outgoing) {
        return new Membership(1, new TreeSet<>(voters), new TreeSet<>(outgoing), new TreeSet<>(), new TreeSet<>(),
            new TreeMap<>(), new TreeMap<>());
    }

    private static OneCore leaderOfThree() {
        OneCore bench = OneCore.ofThree(0, null).elected(A);
        bench.settle(A, B);
        bench.heartbeats(A, B);
        return bench;
    }

    private static void inForce(OneCore bench, Set<NodeId> voters, Set<NodeId> outgoing, Set<NodeId> learners) {
        assertEquals(voters, bench.membership().voters());
        assertEquals(outgoing, bench.membership().outgoing());
        assertEquals(learners, bench.membership().learners());
    }

    private static long configurations(OneCore bench) {
        return bench.persists().stream().flatMap(write -> write.entries().stream())
            .filter(entry -> entry.type() == EntryType.CONFIGURATION).count();
    }

    private static boolean granted(Message.Response response) {
        return ((Message.VoteResponse) response).granted();
    }

    private static AdministrationResult.Refused refused(OneCore bench, String token) {
        return assertInstanceOf(AdministrationResult.Refused.class, bench.outcome(token));
    }

    // Learners

    @Test
    void aNewNodeEntersAsALearnerInOneStep() {
        OneCore bench = leaderOfThree();
        bench.change("add", new MembershipChange.Add(C, PLACE, false), false);
        assertEquals(Set.of(C), bench.membership().learners());
        assertFalse(bench.membership().isJoint());
        assertNull(bench.outcome("add"), "answered before it is committed");
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("add"));
        assertEquals(1, configurations(bench));
        assertEquals(PLACE, bench.membership().endpoints().get(C));
        assertNotNull(bench.lastSend(Message.Append.class, C), "the learner gets the log");
    }

    @Test
    void aLearnersAcknowledgementsNeverCount() {
        OneCore bench = leaderOfThree();
        bench.change("add", new MembershipChange.Add(C, PLACE, false), false);
        bench.settle(A);
        long committed = bench.commitIndex();
        bench.propose();
        bench.persistAll();
        bench.settle(C);
        assertEquals(committed, bench.commitIndex());
        bench.settle(A);
        assertEquals(committed + 1, bench.commitIndex());
    }

    @Test
    void aLearnerNeverCampaigns() {
        OneCore bench = OneCore.of(OneCore.membership(List.of(A, B), List.of(SELF)), 1, null, 1);
        assertEquals(Long.MAX_VALUE, bench.core.deadlineNanos());
        bench.tickAfter(60_000);
        assertEquals(ConsensusStatus.Role.LEARNER, bench.role());
        assertTrue(bench.sends(Message.PreVote.class).isEmpty());
    }

    @Test
    void aLearnerThatDoesNotKnowOfItsPromotionVotes() {
        OneCore bench = OneCore.of(OneCore.membership(List.of(A, B), List.of(SELF)), 1, null, 1);
        assertTrue(granted(bench.ask(A, new Message.Vote(2, 1, 1))));
    }

    @Test
    void aJoiningLearnerThatHasCaughtUpBecomesAVoterByItself() {
        OneCore bench = OneCore.of(OneCore.voters(SELF, A, B), RaftSettings.defaults(), 0, 0, null).elected(A);
        bench.settle(A, B);
        bench.change("add", new MembershipChange.Add(C, PLACE, true), false);
        bench.settle(A, B);
        bench.heartbeats(A, B);
        bench.heartbeats(A, B);
        assertEquals(Set.of(C), bench.membership().joining(), "it has not answered at all");
        acknowledgeAs(bench, C, 33);
        bench.heartbeats(A, B, C);
        assertEquals(Set.of(SELF, A, B, C), bench.membership().voters());
        assertTrue(bench.membership().isJoint());
        assertEquals(33, bench.membership().stores().get(C));
        bench.settle(A, B);
        assertFalse(bench.membership().isJoint());
        assertEquals(Set.of(), bench.membership().learners());
    }

    @Test
    void aLearnerThatCannotKeepUpIsNotPromoted() {
        CatchUp learner = new CatchUp(1_000);
        learner.advance(0, 100, 0);
        learner.advance(100, 300, 5_000);
        assertFalse(learner.isDone(), "its round took five election timeouts");
        learner.advance(300, 310, 5_900);
        assertTrue(learner.isDone());
        learner.advance(305, 400, 7_000);
        assertFalse(learner.isDone(), "it has fallen behind again");
    }

    /** Acknowledges as a node with a store. */
    private static void acknowledgeAs(OneCore bench, NodeId node, long store) {
        Effect.Send last = null;
        for (Effect.Send send = bench.lastSend(Message.Append.class, node); send != last && send != null;
            send = bench.lastSend(Message.Append.class, node)) {
            last = send;
            bench.answer(send, Message.AppendResponse.matched(bench.core.term(),
                ((Message.Append) send.request()).lastIndex()).of(store));
        }
    }

    // Joint consensus

    @Test
    void aChangeOfTheVotersGoesThroughAJointConfigurationAndLeavesItOnce() {
        OneCore bench = leaderOfThree();
        bench.change("remove", new MembershipChange.Remove(B), false);
        inForce(bench, Set.of(SELF, A), Set.of(SELF, A, B), Set.of());
        assertNull(bench.outcome("remove"));
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("remove"));
        inForce(bench, Set.of(SELF, A), Set.of(), Set.of());
        bench.heartbeats(A);
        bench.heartbeats(A);
        bench.settle(A);
        assertEquals(2, configurations(bench));
    }

    @Test
    void whileJointBothMajoritiesMustHaveAnEntry() {
        Membership both = joint(Set.of(C, D, SELF), Set.of(A, B, SELF));
        assertEquals(3, Quorum.reached(both, node -> node.equals(SELF) ? 9 : Set.of(C, D).contains(node) ? 7 : 3));
        assertEquals(3, Quorum.reached(both, node -> node.equals(SELF) ? 9 : Set.of(A, B).contains(node) ? 7 : 3));
        assertFalse(Quorum.has(both, Set.of(C, D, SELF)));
        assertFalse(Quorum.has(both, Set.of(A, B, SELF)));
        assertTrue(Quorum.has(both, Set.of(A, C, SELF)));
        assertTrue(Quorum.possibleWithout(both, Set.of(B, D)));
        assertFalse(Quorum.possibleWithout(both, Set.of(A, B)));
        assertFalse(Quorum.possibleWithout(both, Set.of(C, D)));
        assertEquals(Set.of(A, B, C, D, SELF), Quorum.everyVoter(both));
    }

    @Test
    void whileJointACandidateNeedsBothMajorities() {
        OneCore bench = OneCore.of(joint(Set.of(SELF, C, D), Set.of(SELF, A, B)), 1, null, 1);
        bench.tickAtDeadline();
        bench.answer(bench.lastSend(Message.PreVote.class, C), new Message.VoteResponse(1, true));
        bench.answer(bench.lastSend(Message.PreVote.class, D), new Message.VoteResponse(1, true));
        assertEquals(ConsensusStatus.Role.PRE_CANDIDATE, bench.role(), "the outgoing voters have not agreed");
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(1, true));
        assertEquals(ConsensusStatus.Role.CANDIDATE, bench.role());
    }

    @Test
    void aNewLeaderThatFindsAJointConfigurationLeavesItOnce() {
        OneCore bench = OneCore.ofThree(1, null, 1);
        bench.ask(A, OneCore.append(1, 1, 1, 1, OneCore.configuration(2, 1,
            joint(Set.of(SELF, A), Set.of(SELF, A, B)))));
        bench.elected(A);
        assertTrue(bench.membership().isJoint(), "before an entry of its own term is committed");
        bench.settle(A, B);
        inForce(bench, Set.of(SELF, A), Set.of(), Set.of());
        bench.heartbeats(A, B);
        bench.settle(A, B);
        assertEquals(2, configurations(bench), "the joint one and the one behind it");
    }

    @Test
    void aJointConfigurationIsStillInForceAfterARestart() {
        MembershipLog log = new MembershipLog(0, OneCore.voters(SELF, A, B),
            List.of(OneCore.configuration(7, 2, joint(Set.of(SELF, A), Set.of(SELF, A, B)))));
        assertTrue(log.current().isJoint());
        assertEquals(7, log.currentIndex());
        assertTrue(log.truncatedFrom(7));
        assertEquals(OneCore.voters(SELF, A, B), log.current());
    }

    @Test
    void noChangeBeginsBeforeAnEntryOfTheLeadersOwnTermIsCommitted() {
        OneCore bench = OneCore.ofThree(0, null).elected(A);
        for (int i = 0; i < 5; i++) {
            bench.heartbeats(A, B); // It knows who is there, and nothing more.
        }
        bench.change("add", new MembershipChange.Add(C, PLACE, false), false);
        assertEquals(OneCore.voters(SELF, A, B), bench.membership());
        bench.settle(A, B);
        bench.heartbeats(A, B);
        bench.settle(A, B);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("add"));
    }

    @Test
    void oneChangeIsUnderWayAtATimeAndTheNextWaits() {
        OneCore bench = leaderOfThree();
        bench.change("first", new MembershipChange.Add(C, PLACE, false), false);
        bench.change("second", new MembershipChange.Add(D, PLACE, false), false);
        assertEquals(Set.of(C), bench.membership().learners());
        bench.settle(A);
        assertEquals(Set.of(C, D), bench.membership().learners());
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("second"));
    }

    // Removal

    @Test
    void aLeaderThatRemovesItselfDoesNotCountItselfAndStepsDownOnceThatIsCommitted() {
        OneCore bench = OneCore.of(OneCore.voters(SELF, A, B, C), 0, null);
        bench.tickAtDeadline();
        for (NodeId voter : List.of(A, B)) {
            bench.answer(bench.lastSend(Message.PreVote.class, voter), new Message.VoteResponse(0, true));
        }
        bench.persistAll();
        for (NodeId voter : List.of(A, B)) {
            bench.answer(bench.lastSend(Message.Vote.class, voter), new Message.VoteResponse(1, true));
        }
        bench.settle(A, B, C);
        bench.heartbeats(A, B, C);
        bench.change("remove", new MembershipChange.Remove(SELF), false);
        inForce(bench, Set.of(A, B, C), Set.of(SELF, A, B, C), Set.of());
        Effect.Send joint = bench.lastSend(Message.Append.class, B);
        bench.persistAll();
        bench.acknowledge(A);
        bench.answer(joint, Message.AppendResponse.matched(1, ((Message.Append) joint.request()).lastIndex()));
        inForce(bench, Set.of(A, B, C), Set.of(), Set.of());
        bench.settle(A);
        assertEquals(ConsensusStatus.Role.LEADER, bench.role(), "A and itself are no majority of the new voters");
        assertNull(bench.outcome("remove"));
        bench.settle(B);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("remove"));
        assertEquals(ConsensusStatus.Role.FOLLOWER, bench.role());
        assertNotNull(bench.lastSend(Message.TimeoutNow.class, A), "a successor need not wait until it notices");
        assertEquals(Long.MAX_VALUE, bench.core.deadlineNanos(), "a removed node does not campaign");
    }

    @Test
    void aRemovedNodeIsToldUntilItKnowsThatItsRemovalIsCommitted() {
        OneCore bench = leaderOfThree();
        bench.change("remove", new MembershipChange.Remove(B), false);
        bench.settle(A);
        long removal = bench.lastIndex();
        bench.settle(B);
        assertEquals(removal, bench.lastAppend(B).lastIndex());
        bench.heartbeats(A, B);
        bench.propose();
        bench.settle(A, B);
        assertEquals(removal, bench.lastAppend(B).lastIndex(), "what follows is not its business");
        bench.heartbeats(A, B);
        int before = bench.sends(Message.Heartbeat.class).stream().filter(s -> s.to().equals(B)).toList().size();
        bench.heartbeats(A);
        assertEquals(before, bench.sends(Message.Heartbeat.class).stream().filter(s -> s.to().equals(B)).count(),
            "it knows, and is left alone");
    }

    @Test
    void aRemovedNodeThatIsDeadIsGivenUpAfterATime() {
        OneCore bench = leaderOfThree();
        bench.change("remove", new MembershipChange.Remove(B), false);
        bench.settle(A);
        for (long passed = 0; passed < RaftLimits.FAREWELL_NANOS; passed += bench.settings.heartbeatNanos()) {
            bench.heartbeats(A);
        }
        int before = bench.sends(Message.Heartbeat.class).stream().filter(s -> s.to().equals(B)).toList().size();
        bench.heartbeats(A);
        bench.heartbeats(A);
        assertEquals(before, bench.sends(Message.Heartbeat.class).stream().filter(s -> s.to().equals(B)).count());
    }

    @Test
    void aNodeWhoseRemovalIsNotCommittedCampaignsAndVotesAndOneWhoseRemovalIsDoesNot() {
        OneCore bench = OneCore.ofThree(1, null, 1);
        LogEntry removal = OneCore.configuration(2, 1, OneCore.voters(A, B));
        bench.ask(A, OneCore.append(1, 1, 1, 1, removal));
        bench.tickAfter(10_000);
        assertEquals(2, bench.sends(Message.PreVote.class).size(), "nobody without the removal could win its vote");
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(1, true));
        assertEquals(ConsensusStatus.Role.PRE_CANDIDATE, bench.role(), "it counts itself");
        assertTrue(granted(bench.ask(A, new Message.Vote(2, 2, 1))));
        bench.ask(A, OneCore.append(2, 2, 1, 2));
        int asked = bench.sends(Message.PreVote.class).size();
        bench.tickAfter(10_000);
        assertEquals(asked, bench.sends(Message.PreVote.class).size());
        assertEquals(Long.MAX_VALUE, bench.core.deadlineNanos());
        assertFalse(granted(bench.ask(B, new Message.Vote(3, 2, 1))));
    }

    @Test
    void anAcknowledgementOfANodeThatWasRemovedDoesNotCountWhenItComesBack() {
        OneCore bench = leaderOfThree();
        bench.propose();
        Effect.Send old = bench.lastSend(Message.Append.class, B);
        bench.persistAll();
        bench.change("remove", new MembershipChange.Remove(B), false);
        bench.settle(A);
        bench.change("add", new MembershipChange.Add(B, PLACE, false), false);
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("add"));
        bench.answer(old, Message.AppendResponse.matched(bench.core.term(), 2));
        assertEquals(bench.lastIndex() - 0, bench.core.status().commitIndex().value());
        assertTrue(bench.membership().learners().contains(B));
    }

    // Safety of the quorum

    @Test
    void aChangeThatWouldLeaveNoMajorityIsRefusedUnlessForced() {
        OneCore bench = leaderOfThree();
        for (int i = 0; i < 15; i++) {
            bench.heartbeats(A); // B is silent for more than an election timeout.
        }
        bench.change("remove", new MembershipChange.Remove(A), false);
        AdministrationResult.Refused refused = refused(bench, "remove");
        assertTrue(refused.forcible());
        assertTrue(refused.reason().contains("found 1 of the new voters") && refused.reason().contains("expected at"),
            refused.reason());
        assertEquals(OneCore.voters(SELF, A, B), bench.membership());
        bench.change("other", new MembershipChange.Remove(B), false);
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("other"), "removing the dead one is safe");
        bench.change("forced", new MembershipChange.Remove(A), true);
        assertEquals(Set.of(SELF), bench.membership().voters());
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("forced"));
    }

    @Test
    void whatMakesNoSenseIsRefusedEvenIfForced() {
        OneCore bench = leaderOfThree();
        List<MembershipChange> senseless = List.of(new MembershipChange.Add(A, PLACE, true),
            new MembershipChange.Add(C, List.of(), true), new MembershipChange.Remove(D),
            new MembershipChange.Promote(A), new MembershipChange.Promote(D), new MembershipChange.Demote(D),
            new MembershipChange.SetEndpoints(D, PLACE), new MembershipChange.SetEndpoints(A, List.of()));
        for (MembershipChange change : senseless) {
            bench.change(change.toString(), change, true);
            AdministrationResult.Refused refused = refused(bench, change.toString());
            assertFalse(refused.forcible(), change.toString());
            assertTrue(refused.reason().contains("found") && refused.reason().contains("expected"), refused.reason());
        }
        assertEquals(0, configurations(bench));
    }

    @Test
    void theLastVoterStays() {
        OneCore bench = OneCore.of(OneCore.voters(SELF), 0, null);
        bench.tickAtDeadline();
        bench.settle();
        bench.heartbeats();
        bench.change("remove", new MembershipChange.Remove(SELF), true);
        assertFalse(refused(bench, "remove").forcible());
        bench.change("demote", new MembershipChange.Demote(SELF), true);
        assertFalse(refused(bench, "demote").forcible());
    }

    @Test
    void aLearnerThatIsFarBehindIsNotMadeAVoterWhereTheQuorumWouldNeedIt() {
        OneCore bench = OneCore.of(OneCore.voters(SELF), 0, null);
        bench.tickAtDeadline();
        bench.settle();
        bench.change("add", new MembershipChange.Add(A, PLACE, false), false);
        bench.settle();
        bench.heartbeats();
        bench.heartbeats();
        bench.change("promote", new MembershipChange.Promote(A), false);
        assertTrue(refused(bench, "promote").forcible());
        assertEquals(Set.of(SELF), bench.membership().voters());
    }

    @Test
    void aDemotedVoterStaysALearnerAndEndpointsAreReplaced() {
        OneCore bench = leaderOfThree();
        bench.change("demote", new MembershipChange.Demote(B), false);
        assertTrue(bench.membership().isJoint());
        bench.settle(A, B);
        bench.heartbeats(A, B);
        bench.heartbeats(A, B);
        bench.settle(A, B);
        inForce(bench, Set.of(SELF, A), Set.of(), Set.of(B));
        bench.change("move", new MembershipChange.SetEndpoints(B, PLACE), false);
        bench.settle(A);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("move"));
        assertEquals(PLACE, bench.membership().endpoints().get(B));
    }

    // Answers

    @Test
    void aLostLeadershipLeavesTheOutcomeOpenAndWhatWaitedUndone() {
        OneCore bench = leaderOfThree();
        bench.change("begun", new MembershipChange.Remove(B), false);
        bench.change("waiting", new MembershipChange.Add(C, PLACE, false), false);
        bench.receive(A, OneCore.append(5, 0, 0, 0));
        assertInstanceOf(AdministrationResult.Unknown.class, bench.outcome("begun"));
        assertInstanceOf(AdministrationResult.NotLeader.class, bench.outcome("waiting"));
        bench.change("late", new MembershipChange.Add(C, PLACE, false), false);
        assertEquals(new AdministrationResult.NotLeader(Optional.of(A)), bench.outcome("late"));
    }

    @Test
    void aChangeThatIsNotCommittedInTimeIsUnknownAndOneThatWasNotBegunIsUndone() {
        OneCore bench = leaderOfThree();
        bench.change("begun", new MembershipChange.Remove(B), false);
        bench.change("waiting", new MembershipChange.Add(C, PLACE, false), false);
        for (int i = 0; i < 101; i++) {
            bench.heartbeats(A, B);
        }
        assertInstanceOf(AdministrationResult.Unknown.class, bench.outcome("begun"));
        assertFalse(refused(bench, "waiting").forcible());
        bench.settle(A);
        inForce(bench, Set.of(SELF, A), Set.of(), Set.of());
    }
}
