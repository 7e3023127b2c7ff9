package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.MILLI;
import static io.quorate.raft.core.OneCore.SELF;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.LogIndex;
import io.quorate.spi.consensus.Consensus.ReadIndexResult;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.ConsensusTrace;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@link Lease} promises, sentence by sentence (thesis §6.4.1). */
class LeaseRulesTest {

    private static final RaftSettings LEASES = RaftSettings.parse(Map.of("leases", "true"));

    private static OneCore leader(RaftSettings settings) {
        OneCore bench = OneCore.of(OneCore.voters(SELF, A, B), settings, 0, 0, null).elected(A);
        bench.settle(A, B);
        return bench;
    }

    private static OneCore follower(RaftSettings settings) {
        OneCore bench = OneCore.of(OneCore.voters(SELF, A, B), settings, 0, 1, null, 1);
        bench.tickAfter(1_000); // What it may have promised before its start is over.
        bench.ask(A, OneCore.append(1, 1, 1, 1));
        bench.ask(A, new Message.Heartbeat(1, 1, 1));
        return bench;
    }

    /** A round of heartbeats leaves now and is answered by A alone, with a promise. */
    private static void round(OneCore bench, int promiseMillis) {
        int before = bench.seen.size();
        bench.tickAfter(100);
        bench.answerHeartbeats(before, promiseMillis, A);
    }

    private static int reads(OneCore bench) {
        int before = bench.reads().size();
        bench.step(new Input.ReadRequested("lease", true));
        return bench.reads().size() - before;
    }

    private static boolean granted(Message.Response response) {
        return ((Message.VoteResponse) response).granted();
    }

    // The leader

    @Test
    void whileAQuorumsPromisesLastAReadIsAnsweredAtOnce() {
        OneCore bench = leader(LEASES);
        assertEquals(0, reads(bench), "nobody has promised anything");
        round(bench, 1_000);
        assertEquals(1, reads(bench));
        assertEquals(new ReadIndexResult.At(new LogIndex(1)), bench.reads().getLast().result());
        assertTrue(bench.traced.contains(new ConsensusTrace.ReadConfirmed(1, true)));
    }

    @Test
    void aReadThatDoesNotTrustClocksWaitsForItsRound() {
        OneCore bench = leader(LEASES);
        round(bench, 1_000);
        int before = bench.reads().size();
        bench.step(new Input.ReadRequested("strict", false));
        assertEquals(before, bench.reads().size());
    }

    @Test
    void theLeaseCountsFromTheSendingAndIsShorterByTheMargin() {
        OneCore bench = leader(LEASES);
        int before = bench.seen.size();
        bench.tickAfter(100);
        long sent = bench.now;
        bench.now += 700 * MILLI; // The answer takes its time.
        bench.answerHeartbeats(before, 1_000, A);
        bench.now = sent + 900 * MILLI - 1;
        assertEquals(1, reads(bench));
        bench.now = sent + 900 * MILLI;
        assertEquals(0, reads(bench));
    }

    @Test
    void aFollowerThatPromisesNothingGivesNoLease() {
        OneCore bench = leader(LEASES);
        round(bench, 0);
        assertEquals(0, reads(bench));
    }

    @Test
    void withLeasesOffThereAreNone() {
        OneCore bench = leader(RaftSettings.defaults());
        round(bench, 1_000);
        assertEquals(0, reads(bench));
    }

    @Test
    void noLeaseBeforeAnEntryOfItsOwnTermIsCommitted() {
        OneCore bench = OneCore.of(OneCore.voters(SELF, A, B), LEASES, 0, 0, null).elected(A);
        round(bench, 1_000);
        assertEquals(0, reads(bench));
    }

    @Test
    void aTransferEndsTheLeaseForTheRestOfTheTerm() {
        OneCore bench = leader(LEASES);
        round(bench, 1_000);
        bench.step(new Input.TransferRequested("t", Optional.of(A), 5_000 * MILLI));
        assertEquals(1, bench.sends(Message.TimeoutNow.class).size());
        assertEquals(0, reads(bench));
        for (int i = 0; i < 12; i++) {
            round(bench, 1_000);
        }
        assertEquals(ConsensusStatus.Role.LEADER, bench.role());
        assertEquals(0, reads(bench), "the target may campaign at any time yet");
    }

    @Test
    void aFollowersReadCarriesItsWishToTheLeader() {
        OneCore bench = follower(LEASES);
        bench.stepOnly(new Input.ReadRequested("strict", false));
        bench.stepOnly(new Input.ReadRequested("lease", true));
        bench.stepOnly(new Input.TurnEnd());
        assertEquals(List.of(new Message.ReadIndex(1, false), new Message.ReadIndex(1, true)),
            bench.sends(Message.ReadIndex.class).stream().map(Effect.Send::request).toList());
        OneCore leader = leader(LEASES);
        round(leader, 1_000);
        assertEquals(new Message.ReadIndexResponse(1, Message.ReadOutcome.AT, 1),
            leader.reply(leader.receive(B, new Message.ReadIndex(1, true))));
    }

    // Who has promised

    @Test
    void aFollowerTellsHowLongItPromises() {
        OneCore bench = follower(LEASES);
        assertEquals(1_000,
            ((Message.HeartbeatResponse) bench.ask(A, new Message.Heartbeat(1, 1, 2))).promiseMillis());
        assertEquals(0, ((Message.HeartbeatResponse) follower(RaftSettings.defaults())
            .ask(A, new Message.Heartbeat(1, 1, 2))).promiseMillis());
    }

    @Test
    void itVotesForNobodyElseEvenIfTheLeadersSessionsAreGone() {
        OneCore bench = follower(LEASES);
        bench.step(new Input.PeerPresence(A, false));
        bench.tickAfter(999);
        assertEquals(ConsensusStatus.Role.FOLLOWER, bench.role(), "its own vote would break the promise as well");
        assertFalse(granted(bench.ask(B, new Message.Vote(2, 1, 1))));
        bench.tickAfter(1);
        assertTrue(granted(bench.ask(B, new Message.Vote(2, 1, 1))));
    }

    @Test
    void withLeasesOffAKilledLeaderIsReplacedAtOnce() {
        OneCore bench = follower(RaftSettings.defaults());
        bench.step(new Input.PeerPresence(A, false));
        assertTrue(granted(bench.ask(B, new Message.Vote(2, 1, 1))));
    }

    @Test
    void aHigherTermDoesNotBreakThePromise() {
        OneCore bench = follower(LEASES);
        bench.answer(new Effect.Send(B, new Message.PreVote(2, 1, 1), 0, 1), new Message.VoteResponse(7, false));
        assertEquals(7, bench.core.term());
        assertFalse(granted(bench.ask(B, new Message.Vote(8, 1, 1))));
    }

    @Test
    void aHandOverReleasesIt() {
        OneCore bench = follower(LEASES);
        assertTrue(granted(bench.ask(B, new Message.Vote(2, 1, 1, true))));
    }

    @Test
    void theLeaderItselfHasNoLeaseAnyMoreIfItAsks() {
        OneCore bench = follower(LEASES);
        assertTrue(granted(bench.ask(A, new Message.Vote(2, 1, 1))));
    }

    @Test
    void aRestartDoesNotBreakThePromise() {
        OneCore bench = OneCore.of(OneCore.voters(SELF, A, B), LEASES, 0, 1, null, 1);
        bench.now = 999 * MILLI;
        assertFalse(granted(bench.ask(B, new Message.Vote(2, 1, 1))));
        bench.now = 1_000 * MILLI;
        assertTrue(granted(bench.ask(B, new Message.Vote(2, 1, 1))));
    }
}
