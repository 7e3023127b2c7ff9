package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.MILLI;
import static io.quorate.raft.core.OneCore.SELF;
import static io.quorate.raft.core.OneCore.append;
import static io.quorate.raft.core.OneCore.configuration;
import static io.quorate.raft.core.OneCore.membership;
import static io.quorate.raft.core.OneCore.voters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusStatus.Role;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The rules of elections, as the thesis and bitter experience word them. */
class ElectionRulesTest {

    private static boolean granted(Message.Response response) {
        return ((Message.VoteResponse) response).granted();
    }

    private static Message.Heartbeat heartbeat(long term) {
        return new Message.Heartbeat(term, 0, 1);
    }

    // Durability

    @Test
    void aVoteLeavesOnlyWhenItIsDurable() {
        OneCore bench = OneCore.ofThree(1, null);
        String token = bench.receive(A, new Message.Vote(2, 0, 0));
        assertNull(bench.reply(token), "answered before its vote was durable");
        assertEquals(Optional.of(A), bench.persists().getLast().hardState().orElseThrow().votedFor());
        bench.persistAll();
        assertTrue(granted(bench.reply(token)));
    }

    @Test
    void aRequestForVotesLeavesOnlyWhenTheCandidatesOwnVoteIsDurable() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.tickAtDeadline();
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(1, true));
        assertEquals(Role.CANDIDATE, bench.role());
        assertTrue(bench.sends(Message.Vote.class).isEmpty(), "asked before its own vote was durable");
        bench.persistAll();
        assertEquals(2, bench.sends(Message.Vote.class).size());
    }

    @Test
    void aHigherTermIsAnsweredOnlyWhenItIsDurable() {
        OneCore bench = OneCore.ofThree(1, null);
        String token = bench.receive(A, heartbeat(5));
        assertNull(bench.reply(token));
        bench.persistAll();
        assertNotNull(bench.reply(token));
    }

    @Test
    void aVoteThatWaitsForTheDiskIsRefusedWhenItsTermIsOver() {
        OneCore bench = OneCore.ofThree(1, null);
        String token = bench.receive(A, new Message.Vote(2, 0, 0));
        bench.receive(B, heartbeat(3));
        bench.persistAll();
        assertFalse(granted(bench.reply(token)));
        assertEquals(3, bench.reply(token).term());
    }

    // Votes (thesis §3.4, §3.6.1)

    @Test
    void eachServerVotesForAtMostOneCandidateInATerm() {
        OneCore bench = OneCore.ofThree(1, null);
        assertTrue(granted(bench.ask(A, new Message.Vote(2, 0, 0))));
        assertFalse(granted(bench.ask(B, new Message.Vote(2, 0, 0))));
        assertTrue(granted(bench.ask(A, new Message.Vote(2, 0, 0))), "the same candidate asks again");
    }

    @Test
    void aNodeWithNothingStoredDoesNotFoundAClusterThatExists() {
        OneCore bench = OneCore.ofThree(0, null);
        bench.step(new Input.ClusterExists());
        assertEquals(Long.MAX_VALUE, bench.core.deadlineNanos(), "it does not campaign");
        assertFalse(granted(bench.ask(A, new Message.PreVote(2, 0, 0))), "nor help one that has nothing either");
        assertFalse(granted(bench.ask(A, new Message.Vote(2, 0, 0))));
        assertTrue(granted(bench.ask(B, new Message.PreVote(3, 1, 1))), "but one that has the data");
        assertTrue(granted(bench.ask(B, new Message.Vote(3, 1, 1))));
        bench.ask(B, append(3, 0, 0, 0, OneCore.entry(1, 1)));
        assertTrue(bench.core.deadlineNanos() < Long.MAX_VALUE, "with data it is a voter like all others");
        assertTrue(granted(OneCore.ofThree(0, null).ask(A, new Message.Vote(2, 0, 0))), "on the first day");
    }

    @Test
    void aCandidateThatHearsOfTheClusterGivesItsCampaignUp() {
        OneCore bench = OneCore.ofThree(0, null);
        bench.tickAtDeadline();
        assertEquals(Role.PRE_CANDIDATE, bench.role());
        bench.step(new Input.ClusterExists());
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(0, true));
        bench.persistAll();
        assertEquals(Role.FOLLOWER, bench.role());
        assertTrue(bench.sends(Message.Vote.class).isEmpty());
    }

    @Test
    void aRestartedServerRemembersItsVote() {
        OneCore bench = OneCore.ofThree(2, A);
        assertFalse(granted(bench.ask(B, new Message.Vote(2, 9, 2))));
    }

    @Test
    void theVoterDeniesItsVoteIfItsOwnLogIsMoreUpToDate() {
        assertFalse(granted(OneCore.ofThree(3, null, 1, 3).ask(A, new Message.Vote(4, 9, 2))),
            "a longer log of an older term");
        assertFalse(granted(OneCore.ofThree(3, null, 3, 3).ask(A, new Message.Vote(4, 1, 3))), "a shorter log");
        assertTrue(granted(OneCore.ofThree(3, null, 3, 3).ask(A, new Message.Vote(4, 2, 3))), "an equal log");
        assertTrue(granted(OneCore.ofThree(3, null, 1, 1).ask(A, new Message.Vote(4, 1, 3))),
            "a shorter log of a newer term");
    }

    @Test
    void aCandidateThatWinsAMajorityBecomesLeaderAndTellsEveryoneAtOnce() {
        OneCore bench = OneCore.ofThree(1, null).elected(A);
        assertEquals(Role.LEADER, bench.role());
        assertEquals(2, bench.sends(Message.Heartbeat.class).size());
        assertEquals(2, bench.sends(Message.Append.class).size());
        assertEquals(1, bench.lastIndex(), "its first entry, a no-op");
        assertFalse(bench.core.status().ready());
    }

    @Test
    void aCandidateThatHearsTheLeaderOfItsTermFollowsIt() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.tickAtDeadline();
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(1, true));
        bench.persistAll();
        bench.receive(B, heartbeat(2));
        assertEquals(Role.FOLLOWER, bench.role());
        bench.answer(bench.lastSend(Message.Vote.class, A), new Message.VoteResponse(2, true));
        assertEquals(Role.FOLLOWER, bench.role(), "a late vote made it leader");
    }

    @Test
    void answersToAnEarlierRoundOfVotesCountForNothing() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.tickAtDeadline();
        Effect.Send first = bench.lastSend(Message.PreVote.class, A);
        bench.tickAtDeadline();
        bench.answer(first, new Message.VoteResponse(1, true));
        assertEquals(Role.PRE_CANDIDATE, bench.role());
    }

    @Test
    void twoLeadersInOneTermHaltTheNode() {
        OneCore bench = OneCore.ofThree(2, null);
        bench.receive(A, heartbeat(2));
        assertThrows(BrokenInvariantException.class, () -> bench.receive(B, heartbeat(2)));
    }

    @Test
    void aSplitVoteIsRepeatedAfterAShortRandomPause() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.tickAtDeadline();
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(1, true));
        bench.persistAll();
        bench.answer(bench.lastSend(Message.Vote.class, A), new Message.VoteResponse(2, false));
        bench.answer(bench.lastSend(Message.Vote.class, B), new Message.VoteResponse(2, false));
        assertTrue(bench.core.deadlineNanos() - bench.now <= 400 * MILLI, "it sits out an election timeout");
    }

    // Pre-vote (thesis §9.6)

    @Test
    void aPreVoteChangesNeitherTermNorVote() {
        OneCore bench = OneCore.ofThree(1, null);
        assertTrue(granted(bench.ask(A, new Message.PreVote(2, 0, 0))));
        assertEquals(1, bench.core.status().term().value());
        assertTrue(bench.persists().isEmpty());
    }

    @Test
    void aPreVoteIsNoSignOfALeader() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, heartbeat(1));
        long deadline = bench.core.deadlineNanos();
        bench.now += 900 * MILLI;
        bench.ask(B, new Message.PreVote(2, 0, 0));
        assertEquals(deadline, bench.core.deadlineNanos());
    }

    @Test
    void aPreVoteIsRefusedByWhoHearsTheLeader() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, heartbeat(1));
        bench.now += 999 * MILLI;
        assertFalse(granted(bench.ask(B, new Message.PreVote(2, 9, 1))));
        bench.now += 1 * MILLI;
        assertTrue(granted(bench.ask(B, new Message.PreVote(2, 9, 1))));
    }

    @Test
    void aPreVoteIsGrantedWhenTheSessionsToTheLeaderAreGone() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, heartbeat(1));
        bench.step(new Input.PeerPresence(A, false));
        assertTrue(granted(bench.ask(B, new Message.PreVote(2, 9, 1))));
    }

    @Test
    void theLeadersOwnPreVoteIsNotRefusedForItsOwnSake() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, heartbeat(1));
        assertTrue(granted(bench.ask(A, new Message.PreVote(2, 0, 0))));
    }

    @Test
    void aRequestForVotesIsIgnoredByWhoHearsTheLeaderAndItsTermIsNotAdopted() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, heartbeat(1));
        assertFalse(granted(bench.ask(B, new Message.Vote(7, 9, 1))));
        assertEquals(1, bench.core.status().term().value());
    }

    @Test
    void aRefusedPreVoteTellsTheTermSoThatALongLogWithALowTermCanWin() {
        // Here a long log in term 1; A has a short one in term 5. Each refuses the other, until this node learns the
        // term.
        OneCore bench = OneCore.ofThree(1, null, 1, 1, 1);
        bench.tickAtDeadline();
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(5, false));
        assertEquals(5, bench.core.status().term().value());
        assertTrue(bench.core.deadlineNanos() - bench.now <= 200 * MILLI, "it sits out an election timeout");
        bench.persistAll();
        bench.tickAtDeadline();
        assertEquals(6, bench.lastSend(Message.PreVote.class, A).request().term());
    }

    @Test
    void aPreVoteForATermThatIsNotNewIsRefused() {
        assertFalse(granted(OneCore.ofThree(5, null).ask(A, new Message.PreVote(5, 9, 4))));
    }

    // Presence

    @Test
    void aFollowerWhoseLeadersSessionsVanishAsksForPreVotesWithinAHundredMilliseconds() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, heartbeat(1));
        bench.now += 50 * MILLI;
        bench.step(new Input.PeerPresence(A, false));
        long delay = bench.core.deadlineNanos() - bench.now;
        assertTrue(delay >= 20 * MILLI && delay <= 100 * MILLI, "delay " + delay);
        bench.tickAtDeadline();
        assertEquals(Role.PRE_CANDIDATE, bench.role());
    }

    @Test
    void theSessionsOfAnotherPeerDoNotMatterToAFollower() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, heartbeat(1));
        long deadline = bench.core.deadlineNanos();
        bench.step(new Input.PeerPresence(B, false));
        assertEquals(deadline, bench.core.deadlineNanos());
    }

    @Test
    void aLeaderWhoseSessionsComeBackInTimeIsKept() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, heartbeat(1));
        long deadline = bench.core.deadlineNanos();
        bench.step(new Input.PeerPresence(A, false));
        bench.step(new Input.PeerPresence(A, true));
        assertEquals(deadline, bench.core.deadlineNanos());
        assertFalse(granted(bench.ask(B, new Message.PreVote(2, 9, 1))));
    }

    // Check-quorum (thesis §6.2)

    @Test
    void aLeaderThatNoQuorumAnswersStepsDownWithinAnElectionTimeout() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        for (int i = 0; i < 12; i++) {
            bench.tickAfter(100);
        }
        assertEquals(Role.FOLLOWER, bench.role());
        assertEquals(2, bench.core.status().term().value(), "its term stays");
        assertEquals(Optional.empty(), bench.core.status().leader());
    }

    @Test
    void aLeaderThatAQuorumAnswersStays() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        for (int i = 0; i < 50; i++) {
            bench.tickAfter(100);
            Effect.Send sent = bench.lastSend(Message.Heartbeat.class, A);
            bench.answer(sent, new Message.HeartbeatResponse(2, true, ((Message.Heartbeat) sent.request()).nonce(),
                false));
        }
        assertEquals(Role.LEADER, bench.role());
    }

    @Test
    void contactIsMeasuredFromWhenTheQuestionWasSent() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        Effect.Send early = bench.lastSend(Message.Heartbeat.class, A);
        for (int i = 0; i < 9; i++) {
            bench.tickAfter(100);
        }
        bench.answer(early, new Message.HeartbeatResponse(2, true, ((Message.Heartbeat) early.request()).nonce(),
            false));
        bench.tickAfter(200);
        assertEquals(Role.FOLLOWER, bench.role(), "an answer that took 900 ms counted as fresh");
    }

    @Test
    void aLeaderRefusesPreVotesAndVotesWhileItLeads() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        assertFalse(granted(bench.ask(B, new Message.PreVote(9, 99, 8))));
        assertFalse(granted(bench.ask(B, new Message.Vote(9, 99, 8))));
        assertEquals(Role.LEADER, bench.role());
    }

    @Test
    void aLeaderThatSeesAHigherTermInAnAnswerStepsDown() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        bench.answer(bench.lastSend(Message.Heartbeat.class, A), new Message.HeartbeatResponse(9, false, 1, false));
        assertEquals(Role.FOLLOWER, bench.role());
        assertEquals(9, bench.core.status().term().value());
    }

    // Membership

    @Test
    void aSingleVoterElectsItselfAndCommitsAfterItsOwnFsyncWithoutAMessage() {
        OneCore bench = OneCore.of(voters(SELF), 0, null);
        bench.tickAtDeadline();
        assertEquals(0, bench.now, "nobody else could lead, so it need not wait");
        assertEquals(Role.CANDIDATE, bench.role());
        bench.persistAll();
        assertEquals(Role.LEADER, bench.role());
        assertEquals(0, bench.commitIndex());
        bench.persistAll();
        assertEquals(1, bench.commitIndex());
        bench.propose();
        assertEquals(1, bench.commitIndex());
        bench.persistAll();
        assertEquals(2, bench.commitIndex());
        assertTrue(bench.seen.stream().noneMatch(Effect.Send.class::isInstance));
    }

    @Test
    void learnersRemovedNodesAndStrangersDoNotCampaign() {
        for (OneCore bench : List.of(
            OneCore.of(membership(List.of(A, B), List.of(SELF)), 1, null), OneCore.of(voters(A, B), 1, null))) {
            bench.tickAfter(10_000);
            assertEquals(Long.MAX_VALUE, bench.core.deadlineNanos());
            assertTrue(bench.seen.stream().noneMatch(Effect.Send.class::isInstance));
        }
    }

    @Test
    void aNodeThatKnowsOfItsRemovalDoesNotVote() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, append(1, 0, 0, 1, configuration(1, 1, voters(A, B))));
        bench.tickAfter(10_000);
        assertFalse(granted(bench.ask(A, new Message.Vote(2, 9, 1))));
        assertFalse(granted(bench.ask(A, new Message.PreVote(3, 9, 1))));
    }

    /** It may have been made a voter by entries that never arrived. */
    @Test
    void aNodeThatWasNeverNamedVotesSinceItCannotKnowWhetherItIsAMember() {
        OneCore some = OneCore.of(voters(A, B), 1, null);
        some.ask(A, append(1, 0, 0, 1, configuration(1, 1, voters(A, B))));
        some.tickAfter(10_000);
        assertTrue(granted(some.ask(A, new Message.Vote(2, 9, 1))), "it has the first entries alone");
        OneCore bench = OneCore.of(voters(A, B), 1, null);
        assertTrue(granted(bench.ask(A, new Message.PreVote(2, 9, 1))));
        assertTrue(granted(bench.ask(A, new Message.Vote(2, 9, 1))));
        assertFalse(granted(bench.ask(B, new Message.Vote(2, 9, 1))), "once a term, as everybody");
    }

    @Test
    void aLearnerVotesSinceItMayHaveBeenPromoted() {
        OneCore bench = OneCore.of(membership(List.of(A, B), List.of(SELF)), 1, null);
        assertTrue(granted(bench.ask(A, new Message.Vote(2, 9, 1))));
    }

    @Test
    void votesOfNonVotersDoNotCount() {
        OneCore bench = OneCore.of(membership(List.of(SELF, A, B), List.of(C)), 1, null);
        bench.tickAtDeadline();
        Effect.Send toA = bench.lastSend(Message.PreVote.class, A);
        assertNull(bench.lastSend(Message.PreVote.class, C));
        bench.step(new Input.Answered(C, toA.request(), 0, new Message.VoteResponse(1, true)));
        assertEquals(Role.PRE_CANDIDATE, bench.role());
    }

    @Test
    void theLatestConfigurationInTheLogCountsCommittedOrNot() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, append(1, 0, 0, 0, configuration(1, 1, voters(A, B, C))));
        assertEquals(Set.of(A, B, C), bench.core.status().membership().voters());
        bench.tickAfter(10_000);
        assertNotNull(bench.lastSend(Message.PreVote.class, C), "it asks the voters of that configuration");
        // Another leader's log has no such entry: what it replaced counts again.
        bench.ask(B, append(2, 0, 0, 0, OneCore.entry(1, 2)));
        assertEquals(Set.of(SELF, A, B), bench.core.status().membership().voters());
    }

    @Test
    void aNodeWithAFullDiskDoesNotCampaignButVotes() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.step(new Input.StorageFull(true));
        bench.tickAfter(10_000);
        assertEquals(Role.FOLLOWER, bench.role());
        String token = bench.receive(A, new Message.Vote(2, 0, 0));
        bench.step(new Input.HardStatePersisted(bench.persists().getLast().hardVersion()));
        assertTrue(granted(bench.reply(token)));
        bench.step(new Input.StorageFull(false));
        bench.tickAtDeadline();
        assertEquals(Role.PRE_CANDIDATE, bench.role());
    }

    @Test
    void aLeaderWithAFullDiskLeavesToThoseWhoHaveRoom() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        bench.acknowledge(B);
        heartbeatAnswered(bench, true);
        bench.step(new Input.StorageFull(true));
        heartbeatAnswered(bench, true);
        assertEquals(Role.LEADER, bench.role(), "it left although nobody has room");
        heartbeatAnswered(bench, false);
        bench.tickAfter(100);
        assertEquals(Role.FOLLOWER, bench.role());
    }

    private static void heartbeatAnswered(OneCore bench, boolean full) {
        bench.tickAfter(100);
        for (NodeId other : List.of(A, B)) {
            Effect.Send sent = bench.lastSend(Message.Heartbeat.class, other);
            bench.answer(sent, new Message.HeartbeatResponse(2, true, ((Message.Heartbeat) sent.request()).nonce(),
                full));
        }
    }
}
