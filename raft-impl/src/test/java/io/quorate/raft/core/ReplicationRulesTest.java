package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.D;
import static io.quorate.raft.core.OneCore.MILLI;
import static io.quorate.raft.core.OneCore.SELF;
import static io.quorate.raft.core.OneCore.append;
import static io.quorate.raft.core.OneCore.entry;
import static io.quorate.raft.core.OneCore.voters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.HeapLimits;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.ConsensusStatus.Role;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Overload;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The rules of replication and commitment, as the thesis and bitter experience word them. */
class ReplicationRulesTest {

    private static Message.AppendResponse matched(long term, long index) {
        return Message.AppendResponse.matched(term, index);
    }

    // The follower's acknowledgement

    @Test
    void anAppendIsAcknowledgedOnlyAfterTheFollowersOwnFsync() {
        OneCore bench = OneCore.ofThree(1, null);
        String token = bench.receive(A, append(1, 0, 0, 0, entry(1, 1)));
        assertNull(bench.reply(token));
        bench.persistAll();
        assertEquals(matched(1, 1), bench.reply(token));
    }

    @Test
    void aDuplicateAppendIsAcknowledgedOnlyWhenWhatItConfirmsIsDurable() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, append(1, 0, 0, 0, entry(1, 1)));
        String duplicate = bench.receive(A, append(1, 0, 0, 0, entry(1, 1)));
        assertNull(bench.reply(duplicate));
        bench.persistAll();
        assertEquals(matched(1, 1), bench.reply(duplicate));
        assertEquals(1, bench.persists().stream().filter(w -> !w.entries().isEmpty()).count(), "written twice");
    }

    @Test
    void anEmptyAppendIsAcknowledgedOnlyWhenWhatItConfirmsIsDurable() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, append(1, 0, 0, 0, entry(1, 1)));
        String empty = bench.receive(A, append(1, 1, 1, 0));
        assertNull(bench.reply(empty));
        bench.persistAll();
        assertEquals(matched(1, 1), bench.reply(empty));
    }

    @Test
    void aCompletedWriteOfEntriesThatWereTruncatedAndCameBackDoesNotCount() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, append(1, 0, 0, 0, entry(1, 1)));
        long first = bench.persists().getLast().sequence();
        bench.receive(B, append(2, 0, 0, 0, entry(1, 2)));
        // A leads again and brings its entry back: same term, same index. On the disk it was dropped meanwhile.
        String token = bench.receive(A, append(3, 0, 0, 0, entry(1, 1)));
        long third = bench.persists().getLast().sequence();
        bench.step(new Input.HardStatePersisted(bench.persists().getLast().hardVersion()));
        bench.step(new Input.PersistCompleted(first));
        assertNull(bench.reply(token), "the first write was counted for the third");
        bench.step(new Input.PersistCompleted(third));
        assertEquals(matched(3, 1), bench.reply(token));
    }

    @Test
    void anAcknowledgementThatWaitsForTheDiskIsRefusedWhenItsTermIsOver() {
        OneCore bench = OneCore.ofThree(1, null);
        String old = bench.receive(A, append(1, 0, 0, 0, entry(1, 1)));
        bench.receive(B, append(2, 0, 0, 0, entry(1, 2)));
        bench.persistAll();
        assertEquals(Message.AppendResponse.staleTerm(2), bench.reply(old));
    }

    // Truncation and conflicts (thesis §3.5)

    @Test
    void anAppendOfAnOldTermIsRefused() {
        OneCore bench = OneCore.ofThree(5, null, 1);
        assertEquals(Message.AppendResponse.staleTerm(5), bench.ask(A, append(4, 1, 1, 1, entry(2, 4))));
        assertEquals(1, bench.lastIndex());
        assertEquals(0, bench.commitIndex());
    }

    @Test
    void onlyFromTheFirstConflictingEntryOnIsTheLogTruncated() {
        OneCore bench = OneCore.ofThree(1, null, 1, 1, 1);
        // Overtaken by a longer append: it names entries that are there already, and nothing after them conflicts.
        assertEquals(matched(1, 2), bench.ask(A, append(1, 1, 1, 0, entry(2, 1))));
        assertEquals(3, bench.lastIndex(), "cut at the end of an append that conflicts with nothing");
        assertEquals(matched(2, 3), bench.ask(B, append(2, 1, 1, 0, entry(2, 1), entry(3, 2))));
        assertEquals(3, bench.persists().getLast().truncateFrom());
        assertEquals(List.of(entry(3, 2)), bench.persists().getLast().entries());
    }

    @Test
    void aConflictWithACommittedEntryHaltsTheNode() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, append(1, 0, 0, 1, entry(1, 1)));
        assertThrows(BrokenInvariantException.class, () -> bench.receive(B, append(2, 0, 0, 0, entry(1, 2))));
    }

    @Test
    void aFollowerWithoutThePreviousEntrySaysWhereItsLogMayAgree() {
        OneCore bench = OneCore.ofThree(6, null, 1, 1, 4, 4, 5, 5);
        assertEquals(Message.AppendResponse.conflict(6, 6, 5), bench.ask(A, append(6, 9, 6, 0)), "too short");
        assertEquals(Message.AppendResponse.conflict(6, 4, 4), bench.ask(A, append(6, 6, 4, 0)), "skips all of term 5");
        assertEquals(Message.AppendResponse.conflict(6, 2, 1), bench.ask(A, append(6, 6, 3, 0)), "skips terms 5 and 4");
        assertEquals(6, bench.lastIndex());
    }

    @Test
    void theLeaderSkipsAWholeTermAtOnceAfterAConflict() {
        OneCore bench = OneCore.ofThree(6, null, 1, 1, 4, 4, 4, 6, 6).elected(A);
        assertEquals(7, bench.lastAppend(A).prevIndex());
        bench.answer(bench.lastSend(Message.Append.class, A), Message.AppendResponse.conflict(7, 6, 3));
        assertEquals(3, bench.seen.stream().filter(Effect.LoadEntries.class::isInstance)
            .mapToLong(load -> ((Effect.LoadEntries) load).from()).reduce((a, b) -> b).orElseThrow(),
            "skips all of term 4");
    }

    @Test
    void aStaleConflictDoesNotRewindWhatIsProved() {
        Progress progress = new Progress(A, 10, 1, 0);
        progress.matched(12);
        progress.conflict(3, 9);
        assertEquals(13, progress.next());
        assertFalse(progress.probing(), "an answer out of time slows a follower that is known to match");
        progress.conflict(3, 15);
        assertEquals(13, progress.next(), "next must stay above match");
    }

    // The follower's commit index

    @Test
    void aFollowerCommitsNoFurtherThanTheLastEntryThatTheAppendProves() {
        OneCore bench = OneCore.ofThree(2, null, 1, 1, 1);
        bench.ask(A, append(2, 0, 0, 9, entry(1, 1)));
        assertEquals(1, bench.commitIndex());
    }

    @Test
    void aCommitIndexBeyondTheLogHaltsTheNodeBecauseAcknowledgedEntriesAreLost() {
        OneCore bench = OneCore.ofThree(1, null, 1);
        assertThrows(BrokenInvariantException.class, () -> bench.receive(A, new Message.Heartbeat(1, 2, 1)));
    }

    // The leader's commit index

    @Test
    void theLeaderCountsItselfOnlyAfterItsOwnFsyncButSendsAtOnce() {
        OneCore bench = OneCore.ofThree(1, null).elected(A);
        assertEquals(1, bench.lastAppend(A).entries().size(), "it waited with sending");
        bench.acknowledge(A);
        assertEquals(0, bench.commitIndex(), "one durable copy of three");
        bench.persistAll();
        assertEquals(1, bench.commitIndex());
    }

    @Test
    void aMajorityWithoutTheLeadersOwnDiskCommits() {
        OneCore bench = OneCore.ofThree(1, null).elected(A);
        bench.acknowledge(A);
        bench.acknowledge(B);
        assertEquals(1, bench.commitIndex());
    }

    @Test
    void onlyEntriesOfTheLeadersOwnTermAreCommittedByCounting() {
        // Thesis figure 3.7: on a majority, an entry of an older term may still be overwritten.
        long big = RaftLimits.PROBE_BYTES;
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, append(1, 0, 0, 0, entry(1, 1, "x".repeat((int) big))));
        bench.elected(A).persistAll();
        bench.answer(bench.lastSend(Message.Append.class, A), Message.AppendResponse.conflict(2, 0, 0));
        assertEquals(1, bench.lastAppend(A).entries().size(), "the large entry of term 1 goes alone");
        bench.answer(bench.lastSend(Message.Append.class, A), matched(2, 1));
        assertEquals(0, bench.commitIndex(), "an entry of term 1 was committed by counting in term 2");
        bench.acknowledge(A);
        assertEquals(2, bench.commitIndex());
    }

    @Test
    void theSuccessOfAHeartbeatProvesNothingAboutTheLog() {
        OneCore bench = OneCore.ofThree(1, null).elected(A);
        bench.persistAll();
        Effect.Send sent = bench.lastSend(Message.Heartbeat.class, A);
        bench.answer(sent, new Message.HeartbeatResponse(2, true, ((Message.Heartbeat) sent.request()).nonce(), false));
        assertEquals(0, bench.commitIndex());
    }

    @Test
    void aHeartbeatCarriesNoCommitIndexBeyondWhatThatFollowerHas() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        assertEquals(1, bench.commitIndex());
        bench.step(new Input.CallFailed(B, bench.lastSend(Message.Heartbeat.class, B).request()));
        bench.step(new Input.CallFailed(A, bench.lastSend(Message.Heartbeat.class, A).request()));
        bench.tickAfter(100);
        assertEquals(1, bench.lastHeartbeat(A).commit());
        assertEquals(0, bench.lastHeartbeat(B).commit(), "nothing is known of its log");
    }

    @Test
    void anAcknowledgementOfAnEarlierLeadershipFormsNoFalseQuorum() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        IntStream.range(0, 4).forEach(i -> bench.core.propose(EntryType.COMMANDS, List.of(Bytes.utf8("lost"))));
        bench.stepOnly(new Input.TurnEnd());
        Effect.Send old = bench.lastSend(Message.Append.class, A);
        assertEquals(5, ((Message.Append) old.request()).lastIndex());
        bench.ask(B, append(3, 1, 2, 1, entry(2, 3)));
        bench.elected(B);
        IntStream.range(0, 3).forEach(i -> bench.propose());
        bench.persistAll();
        assertEquals(Role.LEADER, bench.role());
        assertEquals(6, bench.lastIndex());
        bench.answer(old, matched(2, 5));
        assertEquals(1, bench.commitIndex(), "entries 2 to 5 were others then");
    }

    @Test
    void aFiveNodeClusterNeedsThree() {
        OneCore bench = OneCore.of(voters(SELF, A, B, C, D), 1, null);
        bench.tickAtDeadline();
        for (Effect.Send send : bench.sends(Message.PreVote.class).subList(0, 2)) {
            bench.answer(send, new Message.VoteResponse(1, true));
        }
        bench.persistAll();
        bench.answer(bench.lastSend(Message.Vote.class, A), new Message.VoteResponse(2, true));
        assertEquals(Role.CANDIDATE, bench.role());
        bench.answer(bench.lastSend(Message.Vote.class, B), new Message.VoteResponse(2, true));
        assertEquals(Role.LEADER, bench.role());
        bench.persistAll();
        bench.acknowledge(A);
        assertEquals(0, bench.commitIndex());
        bench.acknowledge(C);
        assertEquals(1, bench.commitIndex());
    }

    // Flow

    @Test
    void proposalsOfOneTurnAreWrittenAndSentOnce() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        int writes = bench.persists().size();
        int sends = bench.sends(Message.Append.class).size();
        for (int i = 0; i < 10; i++) {
            bench.core.propose(EntryType.COMMANDS, List.of(Bytes.utf8("x")));
        }
        bench.stepOnly(new Input.TurnEnd());
        assertEquals(writes + 1, bench.persists().size());
        assertEquals(10, bench.persists().getLast().entries().size());
        assertEquals(sends + 1, bench.sends(Message.Append.class).size(), "to A; to B one is still under way");
        assertEquals(10, bench.lastAppend(A).entries().size());
    }

    @Test
    void aFollowerThatDoesNotAnswerHoldsUpNobodyAndCostsOneAppend() {
        OneCore bench = OneCore.ofThree(0, null).leading(A);
        for (int i = 0; i < 500; i++) {
            bench.propose();
            bench.persistAll();
            bench.acknowledge(A);
        }
        assertEquals(501, bench.commitIndex());
        List<Effect.Send> toB = bench.sends(Message.Append.class).stream().filter(s -> s.to().equals(B)).toList();
        assertEquals(1, toB.size());
        bench.tickAfter(100);
        bench.tickAfter(100);
        bench.tickAfter(100);
        assertEquals(RaftLimits.MAX_HEARTBEATS_IN_FLIGHT,
            bench.sends(Message.Heartbeat.class).stream().filter(s -> s.to().equals(B)).count());
        bench.answer(toB.getFirst(), Message.AppendResponse.matched(1, 1));
        Message.Append next = bench.lastAppend(B);
        int bytes = next.entries().stream().mapToInt(entry -> entry.encoded().length()).sum();
        assertTrue(next.entries().size() > 400 && bytes <= bench.settings.maxAppendBytes(), bytes + " bytes");
    }

    @Test
    void oneAppendIsUnderWayToAFollowerAndTheNextCarriesWhatGathered() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        IntStream.range(0, 5).forEach(i -> bench.propose());
        assertEquals(1, bench.lastAppend(A).entries().size());
        bench.answer(bench.lastSend(Message.Append.class, A), matched(2, 2));
        assertEquals(4, bench.lastAppend(A).entries().size());
    }

    @Test
    void theVeryEntriesOfTheLogAreSentNeitherEncodedAgainNorCopied() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        bench.propose();
        LogEntry written = bench.persists().getLast().entries().getFirst();
        assertSame(written, bench.lastAppend(A).entries().getFirst());
        assertSame(written.encoded(), new MessageCodec(OneCore.ENTRIES).encode(bench.lastAppend(A)).get(1));
    }

    @Test
    void aFailedAppendIsRepeatedAfterAPauseFromTheSamePlace() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        bench.propose();
        Effect.Send failed = bench.lastSend(Message.Append.class, A);
        bench.step(new Input.CallFailed(A, failed.request()));
        assertSame(failed, bench.lastSend(Message.Append.class, A), "repeated at once");
        bench.tickAfter(20);
        assertEquals(failed.request(), bench.lastAppend(A));
        assertNotEquals(failed, bench.lastSend(Message.Append.class, A));
    }

    @Test
    void aPeerThatAppearsIsServedAtOnce() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        Effect.Send failed = bench.lastSend(Message.Append.class, B);
        bench.step(new Input.CallFailed(B, failed.request()));
        bench.step(new Input.PeerPresence(B, true));
        assertNotEquals(failed, bench.lastSend(Message.Append.class, B));
    }

    @Test
    void aFollowerHearsOfACommitSoonAlsoWhenNothingElseIsSent() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        bench.acknowledge(B);
        for (Effect.Send send : bench.sends(Message.Heartbeat.class)) {
            bench.step(new Input.CallFailed(send.to(), send.request()));
        }
        int before = bench.sends(Message.Heartbeat.class).size();
        bench.tickAfter(10);
        assertEquals(before + 2, bench.sends(Message.Heartbeat.class).size());
        assertEquals(1, bench.lastHeartbeat(A).commit());
        assertEquals(1, bench.lastHeartbeat(B).commit());
    }

    @Test
    void entriesThatAreNotInMemoryAreLoadedAndThenSent() {
        OneCore bench = OneCore.ofThree(3, null, 1, 1, 2, 3).elected(A);
        bench.answer(bench.lastSend(Message.Append.class, A), Message.AppendResponse.conflict(4, 2, 1));
        Effect.LoadEntries load = (Effect.LoadEntries) bench.seen.stream().filter(Effect.LoadEntries.class::isInstance)
            .reduce((a, b) -> b).orElseThrow();
        assertEquals(3, load.from());
        assertEquals(4, load.to());
        List<LogEntry> entries = List.of(entry(3, 2), entry(4, 3));
        bench.step(new Input.EntriesLoaded(A, 3, entries));
        assertEquals(entries, bench.lastAppend(A).entries());
        assertEquals(2, bench.lastAppend(A).prevIndex());
    }

    @Test
    void entriesThatWereDroppedWhileTheyWereLoadedAreNotSent() {
        OneCore bench = OneCore.ofThree(3, null, 1, 1, 2, 3).elected(A);
        bench.answer(bench.lastSend(Message.Append.class, A), Message.AppendResponse.conflict(4, 2, 1));
        int sends = bench.sends(Message.Append.class).size();
        bench.step(new Input.EntriesLoaded(A, 3, List.of(entry(3, 2), entry(4, 2))));
        assertEquals(sends, bench.sends(Message.Append.class).size());
    }

    @Test
    void anEntryLargerThanABatchGoesAlone() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        bench.core.propose(EntryType.COMMANDS, List.of(Bytes.wrap(new byte[2 << 20])));
        bench.core.propose(EntryType.COMMANDS, List.of(Bytes.utf8("small")));
        bench.stepOnly(new Input.TurnEnd());
        assertEquals(1, bench.lastAppend(A).entries().size());
        bench.answer(bench.lastSend(Message.Append.class, A), matched(2, 2));
        assertEquals(1, bench.lastAppend(A).entries().size());
        assertEquals(3, bench.lastAppend(A).lastIndex());
    }

    // Proposals

    @Test
    void aFollowerRefusesProposalsAndNamesTheLeader() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.receive(A, new Message.Heartbeat(1, 0, 1));
        assertEquals(new ProposalResult.NotLeader(Optional.of(A)), bench.propose());
    }

    @Test
    void tooMuchThatIsNotCommittedIsOverload() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        Bytes large = Bytes.wrap(new byte[4 << 20]);
        ProposalResult result = null;
        for (int i = 0; i < 9; i++) {
            result = bench.core.propose(EntryType.COMMANDS, List.of(large));
        }
        assertInstanceOf(ProposalResult.Overloaded.class, result);
        bench.stepOnly(new Input.TurnEnd());
        bench.persistAll();
        bench.acknowledge(A);
        assertInstanceOf(ProposalResult.Accepted.class, bench.propose(), "what was committed made no room");
    }

    /** Leads on a heap of 64 MiB, with {@code payloads} proposed and not committed. */
    private static OneCore smallHeapWith(int payloads) {
        OneCore bench = OneCore.of(voters(SELF, A, B),
            RaftSettings.parse(Map.of("log-entries-behind-snapshot", "10")), 0,
            HeapLimits.shareBytes(64L << 20), 1, null).leading(A);
        for (int i = 0; i < payloads; i++) {
            bench.core.propose(EntryType.COMMANDS, List.of(Bytes.utf8("tiny")));
        }
        return bench;
    }

    @Test
    void smallEntriesCountWithWhatTheyCostBesideTheirBytes() {
        OneCore bench = smallHeapWith(20_000);
        assertInstanceOf(ProposalResult.Overloaded.class, bench.propose(),
            "20,000 small entries cost more than a thirty-second of such a heap");
        assertTrue(bench.lastIndex() > 5_000, "and a few thousand do not: " + bench.lastIndex());
    }

    @Test
    void entriesThatAreReleasedAreKeptInMemoryNoLonger() {
        OneCore bench = smallHeapWith(1_000);
        bench.stepOnly(new Input.TurnEnd());
        bench.persistAll();
        bench.acknowledge(A);
        bench.acknowledge(B);
        assertEquals(1, bench.core.firstInMemory(), "there is room for them all");
        long last = bench.commitIndex();
        bench.step(new Input.SnapshotTaken(new SnapshotMeta(last, bench.core.status().term().value(), 0,
            voters(SELF, A, B), 10, 1), last));
        assertEquals(last - 9, bench.core.firstInMemory(), "nobody can ask for them any more");
    }

    @Test
    void theRingOfEntriesInMemoryShrinksWhenItIsNearlyEmpty() {
        EntryWindow window = new EntryWindow(1);
        for (int i = 1; i <= 20_000; i++) {
            window.append(entry(i, 1));
        }
        assertEquals(32_768, window.capacity());
        window.releaseUntil(19_999);
        assertEquals(20_000, window.firstIndex());
        assertEquals(entry(20_000, 1), window.get(20_000));
        assertEquals(1_024, window.capacity());
        window.releaseUntil(20_000);
        assertEquals(0, window.bytes());
        window.append(entry(20_001, 1));
        assertEquals(entry(20_001, 1), window.get(20_001));
    }

    @Test
    void whatTheFollowersCommitWhileTheLeadersOwnDiskHangsIsBoundedToo() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        Bytes large = Bytes.wrap(new byte[4 << 20]);
        ProposalResult result = new ProposalResult.Overloaded(Overload.DISK_FULL, 0);
        int accepted = 0;
        for (int i = 0; i < 64; i++) {
            result = bench.core.propose(EntryType.COMMANDS, List.of(large));
            if (!(result instanceof ProposalResult.Accepted)) {
                break;
            }
            accepted++;
            bench.stepOnly(new Input.TurnEnd());
            bench.acknowledge(A);
            bench.acknowledge(B);
        }
        assertInstanceOf(ProposalResult.Overloaded.class, result);
        assertTrue(bench.commitIndex() >= accepted, "the followers had committed without this disk");
        bench.persistAll();
        assertInstanceOf(ProposalResult.Accepted.class, bench.propose(), "what is durable made no room");
    }

    @Test
    void aFullDiskRefusesProposalsAndAppendsUntilThereIsRoom() {
        OneCore leader = OneCore.ofThree(1, null).leading(A);
        leader.step(new Input.StorageFull(true));
        assertInstanceOf(ProposalResult.Overloaded.class, leader.propose());
        leader.step(new Input.StorageFull(false));
        assertInstanceOf(ProposalResult.Accepted.class, leader.propose());

        OneCore follower = OneCore.ofThree(1, null, 1);
        follower.step(new Input.StorageFull(true));
        Message.AppendResponse refusal = (Message.AppendResponse) follower.ask(A, append(1, 1, 1, 0, entry(2, 1)));
        assertEquals(Message.AppendOutcome.STORAGE_FULL, refusal.outcome());
        assertTrue(refusal.retryAfterMillis() > 0);
        assertEquals(matched(1, 1), follower.ask(A, append(1, 1, 1, 0)), "this needs no room");
        follower.step(new Input.StorageFull(false));
        assertEquals(matched(1, 2), follower.ask(A, append(1, 1, 1, 0, entry(2, 1))));
    }

    @Test
    void aFollowerWithAFullDiskIsLeftAloneForAsLongAsItAsks() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        Effect.Send refused = bench.lastSend(Message.Append.class, B);
        bench.answer(refused, Message.AppendResponse.storageFull(2, 500));
        bench.now += 499 * MILLI;
        bench.stepOnly(new Input.TurnEnd());
        assertSame(refused, bench.lastSend(Message.Append.class, B));
        bench.now += MILLI;
        bench.stepOnly(new Input.TurnEnd());
        assertNotEquals(refused, bench.lastSend(Message.Append.class, B));
    }

    @Test
    void memoryHoldsWhatIsNotDurableOrNotCommittedWhateverItsSize() {
        EntryWindow window = new EntryWindow(1);
        LongStream.rangeClosed(1, 3_000).forEach(i -> window.append(entry(i, 1)));
        window.evict(2_000, 0);
        assertEquals(2_001, window.firstIndex());
        assertNull(window.get(2_000));
        assertEquals(3_000, window.get(3_000).index());
        window.truncateFrom(2_500);
        assertNull(window.get(2_500));
        assertEquals(LongStream.range(2_001, 2_500).map(i -> EntryWindow.cost(entry(i, 1))).sum(), window.bytes());
        window.truncateFrom(10);
        assertEquals(10, window.firstIndex());
        assertEquals(0, window.bytes());
        window.append(entry(10, 2));
        assertEquals(2, window.get(10).term());
    }
}
