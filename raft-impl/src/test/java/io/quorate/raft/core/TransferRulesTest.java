package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.SELF;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.ConsensusStatus;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sentences of thesis §3.10, and where the leadership belongs. */
class TransferRulesTest {

    private static OneCore leaderOfThree() {
        OneCore bench = OneCore.ofThree(0, null).elected(A);
        bench.settle(A, B);
        bench.heartbeats(A, B);
        return bench;
    }

    private static void transfer(OneCore bench, NodeId to) {
        bench.step(new Input.TransferRequested("t", Optional.ofNullable(to), 5_000 * OneCore.MILLI));
    }

    private static OneCore followerOf(NodeId leader) {
        OneCore bench = OneCore.ofThree(1, null, 1);
        bench.ask(leader, OneCore.append(1, 1, 1, 1));
        return bench;
    }

    // The leader

    @Test
    void thePriorLeaderStopsAcceptingProposals() {
        OneCore bench = leaderOfThree();
        bench.propose();
        transfer(bench, A);
        long last = bench.lastIndex();
        assertInstanceOf(ProposalResult.Overloaded.class, bench.propose());
        assertEquals(last, bench.lastIndex());
    }

    @Test
    void theTargetIsToldOnlyOnceItHasTheWholeLog() {
        OneCore bench = leaderOfThree();
        bench.propose();
        transfer(bench, B);
        bench.settle(A);
        assertNull(bench.lastSend(Message.TimeoutNow.class, B), "it lacks the last entry");
        bench.settle(B);
        assertNotNull(bench.lastSend(Message.TimeoutNow.class, B));
        assertEquals(1, bench.sends(Message.TimeoutNow.class).size());
        assertEquals(1, ((Message.TimeoutNow) bench.lastSend(Message.TimeoutNow.class, B).request()).term());
    }

    @Test
    void itIsDoneOnceAnotherNodeLeads() {
        OneCore bench = leaderOfThree();
        transfer(bench, A);
        assertTrue(((Message.VoteResponse) bench.ask(A, new Message.Vote(2, bench.lastIndex(), 1, true))).granted());
        assertNull(bench.outcome("t"), "the target has not won yet");
        bench.receive(A, new Message.Heartbeat(2, 0, 1));
        assertEquals(new AdministrationResult.Done("a leads"), bench.outcome("t"));
    }

    @Test
    void itIsNotDoneWhenAThirdOneLeads() {
        OneCore bench = leaderOfThree();
        transfer(bench, A);
        bench.receive(B, new Message.Heartbeat(2, 0, 1));
        AdministrationResult.Unknown found = assertInstanceOf(AdministrationResult.Unknown.class, bench.outcome("t"));
        assertTrue(found.reason().contains("found b leading, expected a"), found.reason());

        bench = leaderOfThree();
        transfer(bench, null);
        bench.receive(B, new Message.Heartbeat(2, 0, 1));
        assertEquals(new AdministrationResult.Done("b leads"), bench.outcome("t"), "whoever was best prepared");
    }

    @Test
    void afterAnElectionTimeoutTheLeaderTakesProposalsAgain() {
        OneCore bench = leaderOfThree();
        transfer(bench, A);
        assertNotNull(bench.lastSend(Message.TimeoutNow.class, A));
        for (int i = 0; i < 11; i++) {
            bench.heartbeats(A, B);
        }
        assertInstanceOf(ProposalResult.Accepted.class, bench.propose());
        assertInstanceOf(AdministrationResult.Unknown.class, bench.outcome("t"), "the target may campaign yet");
    }

    @Test
    void aTargetThatDoesNotCatchUpIsGivenUpAndNothingHasHappened() {
        OneCore bench = leaderOfThree();
        bench.propose();
        transfer(bench, B);
        for (int i = 0; i < 11; i++) {
            bench.heartbeats(A, B);
        }
        assertFalse(assertInstanceOf(AdministrationResult.Refused.class, bench.outcome("t")).forcible());
        bench.settle(A, B);
        assertTrue(bench.sends(Message.TimeoutNow.class).isEmpty());
    }

    @Test
    void aTargetThatRefusesEndsTheAttemptAtOnce() {
        OneCore bench = leaderOfThree();
        transfer(bench, A);
        bench.answer(bench.lastSend(Message.TimeoutNow.class, A), new Message.TimeoutNowResponse(1, false));
        assertInstanceOf(AdministrationResult.Refused.class, bench.outcome("t"));
        assertInstanceOf(ProposalResult.Accepted.class, bench.propose());
    }

    @Test
    void withoutANameTheBestPreparedVoterIsChosen() {
        OneCore bench = leaderOfThree();
        for (int i = 0; i < RaftLimits.PLACEMENT_LAG_ENTRIES + 1; i++) {
            bench.propose();
        }
        bench.settle(B);
        transfer(bench, null);
        assertNotNull(bench.lastSend(Message.TimeoutNow.class, B));
    }

    @Test
    void whoCannotLeadIsRefused() {
        OneCore bench = OneCore.of(OneCore.membership(List.of(SELF, A, B), List.of(C)), 0, null).elected(A);
        bench.settle(A);
        bench.heartbeats(A);
        for (NodeId unable : List.of(B, C, OneCore.D)) {
            transfer(bench, unable);
            AdministrationResult.Refused refused = assertInstanceOf(AdministrationResult.Refused.class,
                bench.outcome("t"));
            assertTrue(refused.reason().contains("found") && refused.reason().contains("expected"), refused.reason());
            assertFalse(refused.forcible());
            bench.seen.clear();
        }
        transfer(bench, SELF);
        assertInstanceOf(AdministrationResult.Done.class, bench.outcome("t"));
    }

    @Test
    void onlyTheLeaderCanHandOver() {
        OneCore bench = followerOf(A);
        transfer(bench, B);
        assertEquals(new AdministrationResult.NotLeader(Optional.of(A)), bench.outcome("t"));
    }

    // The target

    @Test
    void theTargetCampaignsAtOnceWithoutAPreVoteAndSaysThatItWasHandedOver() {
        OneCore bench = followerOf(A);
        assertEquals(new Message.TimeoutNowResponse(1, true), bench.reply(bench.receive(A, new Message.TimeoutNow(1))));
        bench.persistAll();
        assertEquals(ConsensusStatus.Role.CANDIDATE, bench.role());
        assertTrue(bench.sends(Message.PreVote.class).isEmpty());
        assertEquals(new Message.Vote(2, 1, 1, true), bench.lastSend(Message.Vote.class, B).request());
        bench.tickAtDeadline();
        assertEquals(ConsensusStatus.Role.PRE_CANDIDATE, bench.role(), "the second attempt is one like any other");
    }

    @Test
    void fromAnybodyButTheLeaderOfTheTermItIsVoid() {
        OneCore bench = followerOf(A);
        for (Message.TimeoutNow stray : List.of(new Message.TimeoutNow(0), new Message.TimeoutNow(2))) {
            assertFalse(((Message.TimeoutNowResponse) bench.ask(A, stray)).accepted());
        }
        assertFalse(((Message.TimeoutNowResponse) bench.ask(B, new Message.TimeoutNow(1))).accepted());
        assertEquals(ConsensusStatus.Role.FOLLOWER, bench.role());
    }

    @Test
    void aLearnerDoesNotTakeOver() {
        OneCore bench = OneCore.of(OneCore.membership(List.of(A, B), List.of(SELF)), 1, null, 1);
        bench.ask(A, OneCore.append(1, 1, 1, 1));
        assertFalse(((Message.TimeoutNowResponse) bench.ask(A, new Message.TimeoutNow(1))).accepted());
    }

    // The others

    @Test
    void loyaltyIsNoReasonToRefuseWhomTheLeaderHasHandedOverTo() {
        OneCore bench = followerOf(A);
        assertFalse(((Message.VoteResponse) bench.ask(B, new Message.Vote(2, 1, 1))).granted());
        assertTrue(((Message.VoteResponse) bench.ask(B, new Message.Vote(2, 1, 1, true))).granted());
    }

    @Test
    void aLogThatLacksSomethingIsRefusedAllTheSame() {
        OneCore bench = followerOf(A);
        assertFalse(((Message.VoteResponse) bench.ask(B, new Message.Vote(2, 0, 0, true))).granted());
    }

    // Placement

    private static void beat(OneCore bench, int priorityOfB, int times) {
        for (int i = 0; i < times; i++) {
            int before = bench.seen.size();
            bench.tickAfter(100);
            for (Effect effect : List.copyOf(bench.seen.subList(before, bench.seen.size()))) {
                if (effect instanceof Effect.Send send && send.request() instanceof Message.Heartbeat beat) {
                    bench.answer(send, new Message.HeartbeatResponse(bench.core.term(), true, beat.nonce(), false, 0,
                        send.to().equals(B) ? priorityOfB : 50, 0));
                }
            }
        }
    }

    @Test
    void aLeaderHandsOverToAHigherPriorityThatHasBeenThereForSomeSeconds() {
        OneCore bench = leaderOfThree();
        beat(bench, 51, 49);
        assertTrue(bench.sends(Message.TimeoutNow.class).isEmpty());
        beat(bench, 51, 4);
        assertNotNull(bench.lastSend(Message.TimeoutNow.class, B));
    }

    @Test
    void betweenEqualsNothingMovesAndAfterAFailedTryThereIsALongPause() {
        OneCore bench = leaderOfThree();
        beat(bench, 50, 200);
        assertTrue(bench.sends(Message.TimeoutNow.class).isEmpty());
        beat(bench, 51, 60);
        assertEquals(1, bench.sends(Message.TimeoutNow.class).size());
        beat(bench, 51, 500);
        assertEquals(1, bench.sends(Message.TimeoutNow.class).size());
        beat(bench, 51, 200);
        assertEquals(2, bench.sends(Message.TimeoutNow.class).size());
    }

    @Test
    void aNodeThatCannotKeepTheLeadDoesNotCauseAnElectionEveryFewSeconds() {
        OneCore bench = leaderOfThree();
        beat(bench, 51, 60);
        assertEquals(1, bench.sends(Message.TimeoutNow.class).size(), "in a cluster that starts it goes fast");
        // B leads for a moment, is not heard by most, and this node is elected again. B is there for it all the time.
        long from = bench.now;
        for (int times = 2; times <= 3; times++) {
            bench.receive(B, new Message.Heartbeat(bench.core.term() + 1, 0, 1));
            bench.elected(A);
            bench.settle(A, B);
            while (bench.sends(Message.TimeoutNow.class).size() < times) {
                beat(bench, 51, 1);
            }
        }
        assertTrue(bench.now - from > 3 * RaftLimits.PLACEMENT_RETRY_NANOS, "one minute, and then two");
        assertTrue(bench.now - from < 4 * RaftLimits.PLACEMENT_RETRY_NANOS, "and it is tried again at last");
    }

    @Test
    void aLeadershipThatFollowsAnotherOneDoesNotHandOverAtOnce() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(B, new Message.Heartbeat(1, 0, 1));
        bench.leading(A);
        bench.settle(A, B);
        beat(bench, 51, 500);
        assertTrue(bench.sends(Message.TimeoutNow.class).isEmpty());
        beat(bench, 51, 150);
        assertEquals(1, bench.sends(Message.TimeoutNow.class).size());
    }

    @Test
    void aVoterThatIsFarBehindIsNotHandedTheLeadForItsPriority() {
        OneCore bench = leaderOfThree();
        for (int i = 0; i < RaftLimits.PLACEMENT_LAG_ENTRIES + 1; i++) {
            bench.propose();
        }
        bench.settle(A);
        beat(bench, 51, 100);
        assertInstanceOf(ProposalResult.Accepted.class, bench.propose());
    }
}
