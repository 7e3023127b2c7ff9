package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.SELF;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A node that comes back with another data directory has lost what it promised, and must not vote until it has it. */
class StoreNumberRulesTest {

    private final Map<NodeId, Long> stores = new HashMap<>(Map.of(SELF, 1L, A, 2L, B, 3L, C, 4L));

    private static Membership recorded(NodeId... voters) {
        TreeMap<NodeId, Long> known = new TreeMap<>();
        for (NodeId voter : voters) {
            known.put(voter, Map.of(SELF, 1L, A, 2L, B, 3L, C, 4L).get(voter));
        }
        return new Membership(1, new TreeSet<>(List.of(voters)), new TreeSet<>(), new TreeSet<>(), new TreeSet<>(),
            new TreeMap<>(), known);
    }

    private static OneCore of(Membership membership, long store, long term, long... logTerms) {
        return OneCore.of(membership, RaftSettings.defaults(), store, term, null, logTerms);
    }

    /** These nodes, each with its store, answer every append until none is sent. */
    private void acknowledge(OneCore bench, NodeId... nodes) {
        for (int before = -1; before != bench.seen.size();) {
            before = bench.seen.size();
            bench.persistAll();
            for (NodeId node : nodes) {
                Effect.Send send = bench.lastSend(Message.Append.class, node);
                bench.answer(send, Message.AppendResponse.matched(bench.core.term(),
                    ((Message.Append) send.request()).lastIndex()).of(stores.get(node)));
            }
        }
    }

    private void heartbeats(OneCore bench, NodeId... nodes) {
        int before = bench.seen.size();
        bench.tickAfter(100);
        for (Effect effect : List.copyOf(bench.seen.subList(before, bench.seen.size()))) {
            if (effect instanceof Effect.Send send && send.request() instanceof Message.Heartbeat beat
                && List.of(nodes).contains(send.to())) {
                bench.answer(send, new Message.HeartbeatResponse(bench.core.term(), true, beat.nonce(), false,
                    stores.get(send.to()), 50, 0));
            }
        }
    }

    private OneCore leading(Membership membership, NodeId... others) {
        OneCore bench = elected(membership, others);
        acknowledge(bench, others);
        heartbeats(bench, others);
        acknowledge(bench, others);
        return bench;
    }

    private OneCore elected(Membership membership, NodeId... others) {
        OneCore bench = of(membership, 1, 0);
        bench.tickAtDeadline();
        for (NodeId node : others) {
            bench.answer(bench.lastSend(Message.PreVote.class, node),
                new Message.VoteResponse(0, true, stores.get(node)));
        }
        bench.persistAll();
        for (NodeId node : others) {
            bench.answer(bench.lastSend(Message.Vote.class, node), new Message.VoteResponse(1, true, stores.get(node)));
        }
        return bench;
    }

    @Test
    void aLeaderRecordsTheStoresOfItsVotersOnce() {
        OneCore bench = leading(OneCore.voters(SELF, A, B), A, B);
        assertEquals(Map.of(SELF, 1L, A, 2L, B, 3L), bench.membership().stores());
        assertFalse(bench.membership().isJoint());
        long last = bench.lastIndex();
        heartbeats(bench, A, B);
        assertEquals(last, bench.lastIndex());
    }

    @Test
    void aCandidateCountsNoVoteOfAnotherStore() {
        OneCore bench = of(recorded(SELF, A, B), 1, 1, 1);
        bench.tickAtDeadline();
        bench.answer(bench.lastSend(Message.PreVote.class, A), new Message.VoteResponse(1, true, 99));
        assertEquals(ConsensusStatus.Role.PRE_CANDIDATE, bench.role());
        bench.answer(bench.lastSend(Message.PreVote.class, B), new Message.VoteResponse(1, true, 3));
        bench.persistAll();
        bench.answer(bench.lastSend(Message.Vote.class, A), new Message.VoteResponse(2, true, 99));
        assertEquals(ConsensusStatus.Role.CANDIDATE, bench.role());
        bench.answer(bench.lastSend(Message.Vote.class, B), new Message.VoteResponse(2, true, 3));
        assertEquals(ConsensusStatus.Role.LEADER, bench.role());
    }

    @Test
    void aLeaderCountsNoAcknowledgementOfAnotherStore() {
        OneCore bench = leading(recorded(SELF, A, B), A, B);
        long committed = bench.commitIndex();
        stores.put(A, 99L);
        bench.propose();
        acknowledge(bench, A);
        assertEquals(committed, bench.commitIndex());
        acknowledge(bench, B);
        assertTrue(bench.commitIndex() > committed);
    }

    @Test
    void aLeaderWithoutAMajorityOfKnownStoresStepsDown() {
        OneCore bench = leading(recorded(SELF, A, B), A, B);
        stores.put(A, 99L);
        for (int i = 0; i < 15; i++) {
            heartbeats(bench, A);
        }
        assertEquals(ConsensusStatus.Role.FOLLOWER, bench.role(), "A's answers prove nothing");
    }

    @Test
    void whatIsKnownOfAFollowersLogIsForgottenWithItsStore() {
        OneCore bench = leading(recorded(SELF, A, B), A, B);
        bench.propose();
        acknowledge(bench, A, B);
        heartbeats(bench, A, B);
        heartbeats(bench, A, B);
        assertTrue(bench.lastHeartbeat(A).commit() > 0);
        assertEquals(2, bench.lastHeartbeat(A).store());
        stores.put(A, 99L);
        heartbeats(bench, A, B);
        heartbeats(bench, A, B);
        assertEquals(new Message.Heartbeat(1, 0, bench.lastHeartbeat(A).nonce(), 99), bench.lastHeartbeat(A));
    }

    @Test
    void aFollowerTakesNoCommitIndexThatSpeaksOfAnotherStore() {
        OneCore bench = of(recorded(SELF, A, B), 99, 0);
        Message.HeartbeatResponse response =
            (Message.HeartbeatResponse) bench.ask(A, new Message.Heartbeat(1, 5, 1, 1));
        assertTrue(response.accepted());
        assertEquals(99, response.store());
        assertEquals(0, bench.commitIndex());
    }

    @Test
    void aVoterThatLostItsStoreBecomesAJoiningLearnerAndThenAVoterAgain() {
        OneCore bench = leading(recorded(SELF, A, B), A, B);
        stores.put(B, 99L);
        heartbeats(bench, A, B);
        heartbeats(bench, A, B);
        assertTrue(bench.membership().isJoint());
        assertEquals(Set.of(B), bench.membership().joining());
        assertEquals(3, bench.membership().stores().get(B), "while it still votes, it is known which store counts");
        acknowledge(bench, A);
        assertEquals(Set.of(SELF, A), bench.membership().voters());
        assertFalse(bench.membership().stores().containsKey(B));
        acknowledge(bench, A, B);
        heartbeats(bench, A, B);
        heartbeats(bench, A, B);
        acknowledge(bench, A, B);
        assertEquals(Set.of(SELF, A, B), bench.membership().voters());
        assertEquals(99, bench.membership().stores().get(B));
        assertFalse(bench.membership().isJoint());
    }

    @Test
    void aVoterThatLosesItsStoreBeforeItIsRecordedLearnsAgainToo() {
        OneCore bench = elected(OneCore.voters(SELF, A, B), A, B);
        bench.propose();
        bench.persistAll();
        bench.answer(bench.lastSend(Message.Append.class, A), Message.AppendResponse.matched(1, 1).of(2));
        bench.answer(bench.lastSend(Message.Append.class, B), Message.AppendResponse.matched(1, 1).of(3));
        assertTrue(bench.membership().stores().isEmpty());
        stores.put(B, 99L);
        long committed = bench.commitIndex();
        acknowledge(bench, B);
        assertEquals(committed, bench.commitIndex(), "what it acknowledged before is gone");
        heartbeats(bench, A, B);
        heartbeats(bench, A, B);
        assertTrue(bench.membership().isJoint());
        assertEquals(Set.of(B), bench.membership().joining());
        assertEquals(3, bench.membership().stores().get(B), "a candidate must not count the vote of the new one");
        acknowledge(bench, A);
        for (int i = 0; i < 4; i++) {
            acknowledge(bench, A, B);
            heartbeats(bench, A, B);
        }
        acknowledge(bench, A, B);
        assertEquals(Set.of(SELF, A, B), bench.membership().voters());
        assertEquals(99, bench.membership().stores().get(B));
    }

    @Test
    void whileAVoterIsBeingRemovedItIsKnownWithWhichStoreItCounts() {
        OneCore bench = leading(recorded(SELF, A, B), A, B);
        bench.change("remove", new MembershipChange.Remove(B), false);
        assertTrue(bench.membership().isJoint());
        assertEquals(3, bench.membership().stores().get(B));
        acknowledge(bench, A);
        assertFalse(bench.membership().stores().containsKey(B));
    }

    @Test
    void aVoterIsNotTakenOutWhereThatWouldEndangerTheQuorum() {
        OneCore bench = leading(recorded(SELF, A, B, C), A, B, C);
        stores.put(C, 99L);
        for (int i = 0; i < 12; i++) {
            heartbeats(bench, A, C); // B is silent; of SELF, A and B two are there.
        }
        assertTrue(bench.membership().outgoing().contains(C) || !bench.membership().voters().contains(C));
        OneCore two = leading(recorded(SELF, A), A);
        stores.put(A, 99L);
        heartbeats(two, A);
        heartbeats(two, A);
        assertEquals(recorded(SELF, A).voters(), two.membership().voters(), "nobody is left to agree to that");
    }

    @Test
    void aNodeThatLostTheStoreWithWhichItVotesNeitherVotesNorCampaigns() {
        OneCore bench = of(recorded(SELF, A, B), 99, 1, 1);
        assertEquals(Long.MAX_VALUE, bench.core.deadlineNanos());
        assertFalse(((Message.VoteResponse) bench.ask(A, new Message.Vote(2, 1, 1))).granted());
    }

    @Test
    void everyAnswerTellsTheStore() {
        OneCore bench = of(OneCore.voters(SELF, A, B), 7, 1, 1);
        assertEquals(7, ((Message.VoteResponse) bench.ask(A, new Message.PreVote(2, 1, 1))).store());
        assertEquals(7, ((Message.VoteResponse) bench.ask(A, new Message.Vote(2, 1, 1))).store());
        assertEquals(7, ((Message.AppendResponse) bench.ask(A, OneCore.append(2, 1, 1, 0))).store());
        assertEquals(7, ((Message.AppendResponse) bench.ask(A, OneCore.append(1, 1, 1, 0))).store());
        assertEquals(7, ((Message.HeartbeatResponse) bench.ask(A, new Message.Heartbeat(2, 0, 1))).store());
    }
}
