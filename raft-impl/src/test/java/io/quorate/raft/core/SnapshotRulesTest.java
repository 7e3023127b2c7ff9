package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.SELF;
import static io.quorate.raft.core.OneCore.append;
import static io.quorate.raft.core.OneCore.entry;
import static io.quorate.raft.core.OneCore.voters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.raft.core.Message.InstallOutcome;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What snapshots may and must do to a log and to those who lack it (thesis chapter 5). */
class SnapshotRulesTest {

    private static final long BYTES = 1_000;
    private static final Bytes PIECE = Bytes.wrap(new byte[400]);

    private static SnapshotMeta meta(long index, long term, long id) {
        return new SnapshotMeta(index, term, 3, voters(SELF, A, B), BYTES, id);
    }

    private static final SnapshotMeta TEN = meta(10, 3, 1);

    private static Message.InstallSnapshot piece(long term, SnapshotMeta meta, long offset, Bytes chunk) {
        return new Message.InstallSnapshot(term, meta, offset, chunk);
    }

    private static Message.InstallResponse installed(OneCore bench, String token) {
        return (Message.InstallResponse) bench.reply(token);
    }

    // A follower's log

    @Test
    void anAppendWhosePreviousEntryIsInsideTheSnapshotMatchesAndBringsOnlyWhatIsNew() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3);
        LogEntry[] entries = new LogEntry[8];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = entry(6 + i, i < 2 ? 2 : 3);
        }
        assertEquals(Message.AppendResponse.matched(3, 13), bench.ask(A, append(3, 5, 2, 12, entries)));
        assertEquals(List.of(entries[7]), bench.persists().getLast().entries());
        assertEquals(12, bench.commitIndex());
        assertEquals(0, bench.persists().stream().filter(write -> write.truncateFrom() != 0).count());
    }

    @Test
    void anAppendThatEndsInsideTheSnapshotIsAcknowledgedAndChangesNothing() {
        OneCore bench = OneCore.behind(TEN, 3);
        assertEquals(Message.AppendResponse.matched(3, 5),
            bench.ask(A, append(3, 4, 1, 20, entry(5, 1))));
        assertEquals(10, bench.commitIndex());
        assertEquals(10, bench.lastIndex());
    }

    @Test
    void theLastEntryOfTheSnapshotHasItsOwnTermAndNoOther() {
        OneCore bench = OneCore.behind(TEN, 5);
        assertEquals(Message.AppendResponse.matched(5, 11), bench.ask(A, append(5, 10, 3, 0, entry(11, 5))));
        for (long wrong : new long[] {1, 2, 4, 5}) {
            assertThrows(BrokenInvariantException.class,
                () -> OneCore.behind(TEN, 5).receive(A, append(5, 10, wrong, 0)), "term " + wrong);
        }
    }

    @Test
    void aConflictBehindTheSnapshotNeverPointsInsideIt() {
        OneCore bench = OneCore.behind(TEN, 6, 4, 4);
        Message.AppendResponse answer = (Message.AppendResponse) bench.ask(A, append(6, 12, 3, 0));
        assertEquals(Message.AppendResponse.conflict(6, 10, 3), answer);
        answer = (Message.AppendResponse) bench.ask(A, append(6, 40, 6, 0));
        assertEquals(Message.AppendResponse.conflict(6, 12, 4), answer);
    }

    @Test
    void aNodeThatStartsFromASnapshotKnowsItsConfigurationAndItsCommitIndex() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3);
        assertEquals(10, bench.commitIndex());
        assertEquals(12, bench.lastIndex());
        assertEquals(voters(SELF, A, B), bench.core.status().membership(), "not that of the first start");
    }

    // A follower that gets one

    @Test
    void aSnapshotIsGatheredPieceByPieceAndInstalledOnlyWhenItIsDurable() {
        OneCore bench = OneCore.of(voters(SELF, A), 2, null, 1, 1);
        String first = bench.receive(A, piece(2, meta(10, 2, 1), 0, Bytes.empty()));
        SnapshotMeta meta = meta(10, 2, 1);
        assertNull(bench.reply(first), "what is there is known to the disk alone");
        bench.step(new Input.ChunkReceived(meta, 0, false));
        assertEquals(new Message.InstallResponse(2, InstallOutcome.RECEIVING, 0, 0, 0), bench.reply(first));
        String second = bench.receive(A, piece(2, meta, 0, PIECE));
        bench.step(new Input.ChunkReceived(meta, 400, false));
        assertEquals(400, installed(bench, second).received());
        bench.receive(A, piece(2, meta, 400, PIECE));
        bench.step(new Input.ChunkReceived(meta, 1_000, false));
        assertEquals(List.of(new Effect.CommitSnapshot(meta)), bench.effects(Effect.CommitSnapshot.class));
        assertEquals(0, bench.commitIndex());
        assertEquals(2, bench.lastIndex());
        assertTrue(bench.effects(Effect.RestoreState.class).isEmpty());

        bench.step(new Input.SnapshotReceived(meta, Input.CommitOutcome.DURABLE));
        assertEquals(10, bench.commitIndex());
        assertEquals(10, bench.lastIndex());
        assertEquals(List.of(new Effect.ResetLog(10, 2)), bench.effects(Effect.ResetLog.class));
        assertEquals(List.of(new Effect.RestoreState(meta)), bench.effects(Effect.RestoreState.class));
        assertEquals(InstallOutcome.INSTALLED,
            ((Message.InstallResponse) bench.ask(A, piece(2, meta, 1_000, Bytes.empty()))).outcome());
        assertEquals(Message.AppendResponse.matched(2, 11), bench.ask(A, append(2, 10, 2, 11, entry(11, 2))));
        assertEquals(11, bench.commitIndex());
    }

    @Test
    void heartbeatsAreAnsweredWhileItArrivesAndSoNobodyIsElected() {
        OneCore bench = OneCore.of(voters(SELF, A), 3, null);
        for (int i = 0; i < 100; i++) {
            if (i % 10 == 0) {
                bench.receive(A, piece(3, TEN, i, PIECE));
            }
            assertTrue(((Message.HeartbeatResponse) bench.ask(A, new Message.Heartbeat(3, 0, i))).accepted());
            bench.tickAfter(100);
        }
        assertEquals(ConsensusStatus.Role.FOLLOWER, bench.role());
        assertEquals(1, bench.effects(Effect.ReceiveChunk.class).size(), "one piece at a time");
    }

    @Test
    void aSnapshotOfAnOlderTermIsRefused() {
        OneCore bench = OneCore.of(voters(SELF, A), 4, null);
        assertEquals(new Message.InstallResponse(4, InstallOutcome.STALE_TERM, 0, 0, 0),
            bench.ask(A, piece(3, TEN, 0, PIECE)));
        assertTrue(bench.effects(Effect.ReceiveChunk.class).isEmpty());
    }

    @Test
    void itIsNotMadeDurableBeforeTheTermOfItsLeaderIs() {
        OneCore bench = OneCore.of(voters(SELF, A), 1, null);
        String token = bench.receive(A, piece(7, TEN, 0, PIECE));
        bench.step(new Input.ChunkReceived(TEN, BYTES, false));
        assertTrue(bench.effects(Effect.CommitSnapshot.class).isEmpty());
        assertNull(bench.reply(token), "it speaks of term 7");
        bench.persistAll();
        assertEquals(BYTES, installed(bench, token).received());
        bench.receive(A, piece(7, TEN, BYTES, Bytes.empty()));
        bench.step(new Input.ChunkReceived(TEN, BYTES, false));
        assertEquals(1, bench.effects(Effect.CommitSnapshot.class).size());
    }

    @Test
    void whatIsCommittedHereIsAcknowledgedAndNotInstalled() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3);
        for (SnapshotMeta old : List.of(TEN, meta(10, 3, 9), meta(4, 2, 5))) {
            assertEquals(InstallOutcome.INSTALLED,
                ((Message.InstallResponse) bench.ask(A, piece(3, old, 0, PIECE))).outcome());
        }
        assertEquals(12, bench.lastIndex());
        assertTrue(bench.effects(Effect.ReceiveChunk.class).isEmpty());
        assertTrue(bench.effects(Effect.RestoreState.class).isEmpty());
    }

    @Test
    void aLogThatHasTheSnapshotsLastEntryStaysWithWhatFollows() {
        OneCore bench = OneCore.of(voters(SELF, A, B), 2, null, 1, 1, 2, 2, 2);
        SnapshotMeta three = new SnapshotMeta(3, 2, 0, voters(SELF, A, B), BYTES, 1);
        assertEquals(InstallOutcome.INSTALLED,
            ((Message.InstallResponse) bench.ask(A, piece(2, three, 0, PIECE))).outcome());
        assertEquals(5, bench.lastIndex(), "4 and 5 may have been acknowledged");
        assertEquals(3, bench.commitIndex());
        assertTrue(bench.effects(Effect.ResetLog.class).isEmpty());
    }

    @Test
    void anAcknowledgementOfASnapshotWaitsForTheLogThatStandsForIt() {
        OneCore bench = OneCore.of(voters(SELF, A, B), 2, null);
        bench.receive(A, append(2, 0, 0, 2, entry(1, 2), entry(2, 2)));
        SnapshotMeta two = new SnapshotMeta(2, 2, 0, voters(SELF, A, B), BYTES, 1);
        String token = bench.receive(A, piece(2, two, 0, PIECE));
        assertNull(bench.reply(token));
        bench.persistAll();
        assertEquals(InstallOutcome.INSTALLED, installed(bench, token).outcome());
    }

    @Test
    void aSnapshotThatContradictsWhatIsCommittedStopsTheNode() {
        OneCore bench = OneCore.behind(TEN, 9, 3, 3);
        bench.ask(A, append(9, 12, 3, 12));
        assertThrows(BrokenInvariantException.class, () -> bench.receive(A, piece(9, meta(11, 5, 2), 0, PIECE)));
    }

    @Test
    void whatWasUnderWayToTheDiskDoesNotCountBehindTheSnapshot() {
        OneCore bench = OneCore.of(voters(SELF, A, B), 3, null);
        bench.receive(B, append(3, 0, 0, 0, entry(1, 1), entry(2, 1), entry(3, 1), entry(4, 1), entry(5, 1),
            entry(6, 1), entry(7, 1), entry(8, 1), entry(9, 1), entry(10, 1), entry(11, 1)));
        long sequence = bench.persists().getLast().sequence();
        install(bench, A, 4, TEN);
        String token = bench.receive(A, append(4, 10, 3, 10, entry(11, 4)));
        // The write of the old entry 11 completes: the new one is not on the disk.
        bench.step(new Input.PersistCompleted(sequence));
        assertNull(bench.reply(token));
        bench.persistAll();
        assertEquals(Message.AppendResponse.matched(4, 11), bench.reply(token));
    }

    private static void install(OneCore bench, NodeId from, long term, SnapshotMeta meta) {
        bench.receive(from, piece(term, meta, 0, PIECE));
        bench.step(new Input.HardStatePersisted(Long.MAX_VALUE));
        bench.step(new Input.ChunkReceived(meta, BYTES, false));
        bench.step(new Input.SnapshotReceived(meta, Input.CommitOutcome.DURABLE));
    }

    @Test
    void theConfigurationIsTheSnapshotsAndNoneThatStoodInTheLog() {
        OneCore bench = OneCore.of(voters(SELF, A, B), 2, null);
        LogEntry stale = OneCore.configuration(1, 1, voters(SELF, C));
        bench.ask(A, append(2, 0, 0, 0, stale));
        assertEquals(voters(SELF, C).voters(), bench.core.status().membership().voters());
        Membership without = OneCore.membership(List.of(A, B), List.of(SELF));
        install(bench, A, 3, new SnapshotMeta(10, 3, 8, without, BYTES, 1));
        assertEquals(without, bench.core.status().membership());
        assertEquals(ConsensusStatus.Role.LEARNER, bench.role());
        bench.ask(A, append(3, 10, 3, 10, OneCore.configuration(11, 3, voters(SELF, A, B))));
        bench.ask(B, append(4, 10, 3, 10, entry(11, 4)));
        assertEquals(without, bench.core.status().membership(), "the one before a dropped one is the snapshot's");
        bench.tickAfter(100_000);
        assertTrue(bench.sends(Message.PreVote.class).isEmpty());
    }

    @Test
    void anotherLeaderWithTheSameSnapshotGoesOnWhereTheFirstOneEnded() {
        OneCore bench = OneCore.of(voters(SELF, A, B), 3, null);
        bench.receive(A, piece(3, TEN, 0, PIECE));
        bench.step(new Input.ChunkReceived(TEN, 400, false));
        String token = bench.receive(B, piece(4, TEN, 0, Bytes.empty()));
        assertEquals(TEN, bench.effects(Effect.ReceiveChunk.class).getLast().meta());
        bench.step(new Input.ChunkReceived(TEN, 400, false));
        bench.persistAll();
        assertEquals(400, installed(bench, token).received());
    }

    @Test
    void aLogThatHasCaughtUpWhileTheSnapshotArrivedStaysWithWhatWasAcknowledged() {
        OneCore bench = OneCore.of(voters(SELF, A, B), 3, null);
        bench.receive(A, piece(3, TEN, 0, PIECE));
        bench.step(new Input.ChunkReceived(TEN, BYTES, false));
        assertEquals(1, bench.effects(Effect.CommitSnapshot.class).size());
        LogEntry[] entries = new LogEntry[12];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = entry(i + 1, i < 8 ? 2 : 3);
        }
        assertEquals(Message.AppendResponse.matched(4, 12), bench.ask(B, append(4, 0, 0, 0, entries)));
        bench.step(new Input.SnapshotReceived(TEN, Input.CommitOutcome.DURABLE));
        assertEquals(12, bench.lastIndex());
        assertEquals(10, bench.commitIndex());
        assertTrue(bench.effects(Effect.ResetLog.class).isEmpty());
        assertTrue(bench.effects(Effect.RestoreState.class).isEmpty(), "the entries bring the state there");
    }

    @Test
    void whoOffersAnotherSnapshotMeanwhileIsNotToldHowMuchThereIsOfTheFirst() {
        OneCore bench = OneCore.of(voters(SELF, A, B), 3, null);
        bench.receive(A, piece(3, TEN, 0, PIECE));
        bench.step(new Input.ChunkReceived(TEN, 400, false));
        bench.receive(A, piece(3, TEN, 400, PIECE));
        assertEquals(400, ((Message.InstallResponse) bench.ask(A, piece(3, TEN, 400, PIECE))).received());
        Message.InstallResponse other = (Message.InstallResponse) bench.ask(A, piece(3, meta(12, 3, 2), 0, PIECE));
        assertEquals(0, other.received());
        assertTrue(other.retryAfterMillis() > 0);
        assertEquals(2, bench.effects(Effect.ReceiveChunk.class).size());
    }

    @Test
    void whatWasRejectedIsFetchedFromItsBeginning() {
        OneCore bench = OneCore.of(voters(SELF, A), 3, null);
        bench.receive(A, piece(3, TEN, 0, PIECE));
        bench.step(new Input.ChunkReceived(TEN, BYTES, false));
        String meanwhile = bench.receive(A, piece(3, TEN, BYTES, Bytes.empty()));
        assertEquals(InstallOutcome.RECEIVING, installed(bench, meanwhile).outcome());
        assertTrue(installed(bench, meanwhile).retryAfterMillis() > 0);
        bench.step(new Input.SnapshotReceived(TEN, Input.CommitOutcome.REJECTED));
        String token = bench.receive(A, piece(3, TEN, BYTES, Bytes.empty()));
        bench.step(new Input.ChunkReceived(TEN, 0, false));
        assertEquals(0, installed(bench, token).received());
        assertEquals(0, bench.commitIndex());
    }

    @Test
    void aFullDiskIsTheLeadersToWaitFor() {
        OneCore bench = OneCore.of(voters(SELF, A), 3, null);
        String token = bench.receive(A, piece(3, TEN, 0, PIECE));
        bench.step(new Input.ChunkReceived(TEN, 100, true));
        assertEquals(InstallOutcome.STORAGE_FULL, installed(bench, token).outcome());
        assertTrue(installed(bench, token).retryAfterMillis() > 0);
    }

    // A leader

    /** Leads term 4 behind the snapshot of entry 10; A has everything, B has said that its log ends with entry 3. */
    private static OneCore leaderWithOneFarBehind() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3).leading(A);
        bench.answer(bench.lastSend(Message.Append.class, B), Message.AppendResponse.conflict(4, 3, 1));
        return bench;
    }

    private static Message.InstallSnapshot lastPiece(OneCore bench) {
        return (Message.InstallSnapshot) bench.lastSend(Message.InstallSnapshot.class, B).request();
    }

    private static void answer(OneCore bench, InstallOutcome outcome, long received) {
        bench.answer(bench.lastSend(Message.InstallSnapshot.class, B),
            new Message.InstallResponse(4, outcome, received, 0, 0));
    }

    @Test
    void aFollowerThatNeedsReleasedEntriesGetsTheSnapshotPieceByPieceAndThenAppends() {
        OneCore bench = leaderWithOneFarBehind();
        assertEquals(piece(4, TEN, 0, Bytes.empty()), lastPiece(bench), "first: how much have you got?");
        answer(bench, InstallOutcome.RECEIVING, 0);
        for (long offset = 0; offset < BYTES; offset += 400) {
            Effect.LoadChunk load = bench.effects(Effect.LoadChunk.class).getLast();
            assertEquals(offset, load.offset());
            Bytes chunk = Bytes.wrap(new byte[(int) Math.min(400, BYTES - offset)]);
            bench.step(new Input.ChunkLoaded(B, TEN, offset, chunk));
            assertEquals(piece(4, TEN, offset, chunk), lastPiece(bench));
            answer(bench, InstallOutcome.RECEIVING, offset + chunk.length());
        }
        assertEquals(piece(4, TEN, BYTES, Bytes.empty()), lastPiece(bench), "is it installed?");
        bench.answer(bench.lastSend(Message.Heartbeat.class, B), new Message.HeartbeatResponse(4, true,
            bench.lastHeartbeat(B).nonce(), false));
        bench.tickAfter(100);
        assertEquals(0, bench.lastHeartbeat(B).commit(), "nothing of it counts yet");
        answer(bench, InstallOutcome.INSTALLED, 0);
        assertEquals(11, bench.effects(Effect.LoadEntries.class).getLast().from());
        bench.step(new Input.EntriesLoaded(B, 11, List.of(entry(11, 3), entry(12, 3))));
        assertEquals(10, bench.lastAppend(B).prevIndex());
        assertEquals(3, bench.lastAppend(B).prevTerm());
        bench.tickAfter(100);
        assertEquals(10, bench.lastHeartbeat(B).commit());
        assertEquals(List.of(new Effect.EndSnapshot(B)), bench.effects(Effect.EndSnapshot.class));
    }

    @Test
    void onlySoManyPiecesAreInMemoryHoweverManyFollowersNeedThem() {
        List<NodeId> learners = IntStream.rangeClosed(1, RaftLimits.MAX_CHUNKS_UNDER_WAY + 2)
            .mapToObj(i -> new NodeId(String.format("learner%02d", i))).toList();
        SnapshotMeta meta = new SnapshotMeta(10, 3, 3, OneCore.membership(List.of(SELF, A), learners), BYTES, 1);
        OneCore bench = OneCore.behind(meta, 3, 3, 3).leading(A);
        for (NodeId learner : learners) {
            bench.answer(bench.lastSend(Message.Append.class, learner), Message.AppendResponse.conflict(4, 3, 1));
            bench.answer(bench.lastSend(Message.InstallSnapshot.class, learner),
                new Message.InstallResponse(4, InstallOutcome.RECEIVING, 0, 0, 0));
        }
        assertEquals(learners.subList(0, RaftLimits.MAX_CHUNKS_UNDER_WAY), loadsOf(bench));
        NodeId first = learners.getFirst();
        bench.step(new Input.ChunkLoaded(first, meta, 0, PIECE));
        bench.tickAfter(RaftLimits.INSTALL_POLL_MILLIS);
        assertEquals(RaftLimits.MAX_CHUNKS_UNDER_WAY, loadsOf(bench).size(), "a piece on its way is in memory, too");
        bench.answer(bench.lastSend(Message.InstallSnapshot.class, first),
            new Message.InstallResponse(4, InstallOutcome.INSTALLED, 0, 0, 0));
        bench.tickAfter(RaftLimits.INSTALL_POLL_MILLIS);
        assertEquals(learners.subList(0, RaftLimits.MAX_CHUNKS_UNDER_WAY + 1), loadsOf(bench), "the next one's turn");
    }

    private static List<NodeId> loadsOf(OneCore bench) {
        return bench.effects(Effect.LoadChunk.class).stream().map(Effect.LoadChunk::peer).toList();
    }

    @Test
    void nothingElseIsSentMeanwhileButHeartbeats() {
        OneCore bench = leaderWithOneFarBehind();
        int appends = (int) bench.sends(Message.Append.class).stream().filter(send -> send.to().equals(B)).count();
        int pieces = bench.sends(Message.InstallSnapshot.class).size();
        int heartbeats = bench.sends(Message.Heartbeat.class).size();
        bench.propose();
        bench.tickAfter(100);
        assertEquals(pieces, bench.sends(Message.InstallSnapshot.class).size(), "one under way");
        assertEquals(appends, bench.sends(Message.Append.class).stream().filter(s -> s.to().equals(B)).count());
        assertTrue(bench.sends(Message.Heartbeat.class).size() > heartbeats);
    }

    @Test
    void afterACutItAsksHowFarItGotAndGoesOnThere() {
        OneCore bench = leaderWithOneFarBehind();
        answer(bench, InstallOutcome.RECEIVING, 0);
        bench.step(new Input.ChunkLoaded(B, TEN, 0, PIECE));
        Effect.Send cut = bench.lastSend(Message.InstallSnapshot.class, B);
        bench.step(new Input.CallFailed(B, cut.request()));
        bench.tickAfter(100);
        assertEquals(piece(4, TEN, 0, Bytes.empty()), lastPiece(bench));
        answer(bench, InstallOutcome.RECEIVING, 400);
        assertEquals(400, bench.effects(Effect.LoadChunk.class).getLast().offset());
        // The answer to what was given up comes late: it is no answer to anything now.
        bench.answer(cut, new Message.InstallResponse(4, InstallOutcome.INSTALLED, 0, 0, 0));
        assertEquals(400, bench.effects(Effect.LoadChunk.class).getLast().offset());
        assertTrue(bench.effects(Effect.EndSnapshot.class).isEmpty());
    }

    @Test
    void aSnapshotThatIsGoneIsReplacedByTheNewestOne() {
        OneCore bench = leaderWithOneFarBehind();
        answer(bench, InstallOutcome.RECEIVING, 0);
        SnapshotMeta newer = meta(13, 4, 2);
        bench.step(new Input.SnapshotTaken(newer, 10));
        bench.step(new Input.ChunkLoaded(B, TEN, 0, Bytes.empty()));
        bench.tickAfter(100);
        assertEquals(newer, lastPiece(bench).meta());
    }

    /** Nothing comes behind the newest snapshot, and it cannot be read. */
    @Test
    void anIdleLeaderWhoseNewestSnapshotIsDamagedMakesANewerOnePossibleAndDoesNotSpin() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3).leading(A);
        SnapshotMeta damaged = meta(13, 4, 2);
        bench.step(new Input.SnapshotTaken(damaged, 13));
        bench.answer(bench.lastSend(Message.Append.class, B), Message.AppendResponse.conflict(4, 3, 1));
        Effect.Send answered = null;
        for (int i = 0; i < 200; i++) {
            Effect.Send asked = bench.lastSend(Message.InstallSnapshot.class, B);
            if (asked != answered) {
                answered = asked;
                bench.answer(asked, new Message.InstallResponse(4, InstallOutcome.RECEIVING, 400, 0, 0));
                bench.step(new Input.ChunkLoaded(B, damaged, 400, Bytes.empty()));
                bench.settle(A);
            }
            bench.tickAfter(10);
        }
        assertEquals(14, bench.commitIndex(), "one entry, so that a newer snapshot can be taken");
        int tries = bench.sends(Message.InstallSnapshot.class).size();
        assertTrue(tries >= 5 && tries <= 20, tries + " tries within 2 s");
    }

    @Test
    void aFollowerThatKeepsNothingIsNotSentTheSameAtFullSpeed() {
        OneCore bench = leaderWithOneFarBehind();
        answer(bench, InstallOutcome.RECEIVING, 0);
        for (int i = 0; i < 3; i++) {
            bench.step(new Input.ChunkLoaded(B, TEN, 0, PIECE));
            answer(bench, InstallOutcome.RECEIVING, 0);
        }
        assertEquals(1, bench.effects(Effect.LoadChunk.class).size());
    }

    @Test
    void aStaleConflictDoesNotTakeAFollowerBackToTheSnapshot() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3).leading(A);
        bench.acknowledge(B);
        bench.propose();
        bench.answer(bench.lastSend(Message.Append.class, B), Message.AppendResponse.conflict(4, 2, 1));
        bench.tickAfter(1_000);
        assertTrue(bench.sends(Message.InstallSnapshot.class).isEmpty());
        assertEquals(13, bench.lastAppend(B).prevIndex());
    }

    @Test
    void theEndOfALeadershipEndsItsTransfers() {
        OneCore bench = leaderWithOneFarBehind();
        bench.receive(A, new Message.Heartbeat(9, 0, 1));
        assertEquals(List.of(new Effect.EndSnapshot(B)), bench.effects(Effect.EndSnapshot.class));
        answer(bench, InstallOutcome.INSTALLED, 0);
        bench.step(new Input.ChunkLoaded(B, TEN, 0, PIECE));
        assertEquals(1, bench.sends(Message.InstallSnapshot.class).size());
    }

    // Releasing the log

    @Test
    void theLogIsReleasedBehindADurableSnapshotAndNeverMoreThanIsCovered() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3, 3, 3, 3).leading(A);
        bench.acknowledge(B);
        assertTrue(bench.effects(Effect.ReleaseLog.class).isEmpty());
        bench.step(new Input.SnapshotTaken(meta(15, 3, 2), 15));
        assertEquals(List.of(new Effect.ReleaseLog(13)), bench.effects(Effect.ReleaseLog.class),
            "two entries are kept behind it");
        bench.propose();
        bench.persistAll();
        bench.acknowledge(A);
        bench.step(new Input.SnapshotTaken(meta(17, 4, 3), 14));
        assertEquals(new Effect.ReleaseLog(14), bench.effects(Effect.ReleaseLog.class).getLast(),
            "an older snapshot that is kept needs the rest");
        assertNotEquals(null, bench.core.snapshotPoint(17));
    }

    @Test
    void ofLargeEntriesFewerAreKeptBehindASnapshot() {
        OneCore bench = OneCore.of(voters(SELF, A, B), RaftSettings.parse(Map.of("snapshot-log-bytes", "64000",
            "log-entries-behind-snapshot", "1000")), 0, 1, null).leading(A);
        for (int i = 0; i < 200; i++) {
            bench.core.propose(EntryType.COMMANDS, List.of(Bytes.wrap(new byte[1_000])));
        }
        bench.settle(A, B);
        bench.step(new Input.SnapshotTaken(meta(150, 2, 2), 150));
        long released = bench.effects(Effect.ReleaseLog.class).getLast().index();
        assertTrue(released > 150 - 80 && released <= 150 - 60, "64 KB are kept, and a step more: " + released);
        bench.step(new Input.SnapshotTaken(meta(160, 2, 3), 150));
        assertTrue(bench.effects(Effect.ReleaseLog.class).getLast().index() >= released + 5);
    }

    @Test
    void whatWasDroppedOrReplacedIsNotCountedAsBytesOfTheLog() {
        LogVolume volume = new LogVolume(10, 100);
        assertEquals(0, volume.indexBehind(10, 1), "of what was there before nothing is known");
        for (int i = 11; i <= 20; i++) {
            volume.appended(i, 50);
        }
        assertEquals(14, volume.indexBehind(20, 300));
        assertEquals(10, volume.indexBehind(16, 300));
        volume.truncatedFrom(15);
        assertEquals(0, volume.indexBehind(14, 300));
        volume.appended(15, 100);
        assertEquals(10, volume.indexBehind(15, 300));
        volume.releasedUntil(14);
        assertEquals(14, volume.indexBehind(15, 100));
        volume.reset(100);
        assertEquals(0, volume.indexBehind(100, 1));
        volume.appended(101, 500);
        assertEquals(100, volume.indexBehind(101, 500));
    }

    @Test
    void theLogBehindASnapshotThatIsBeingSentStaysWhileItsReceiverAnswers() {
        OneCore bench = leaderWithOneFarBehind();
        answer(bench, InstallOutcome.RECEIVING, 0);
        for (int i = 0; i < 5; i++) {
            bench.propose();
            bench.persistAll();
            bench.acknowledge(A);
        }
        bench.step(new Input.SnapshotTaken(meta(18, 4, 2), 18));
        assertTrue(bench.effects(Effect.ReleaseLog.class).isEmpty(), "entry 11 follows what is being sent");
    }

    @Test
    void entriesThatWereReleasedWhileTheyWereReadAreNotSentButTheSnapshot() {
        OneCore bench = OneCore.behind(TEN, 3, 3, 3, 3, 3, 3).leading(A);
        bench.answer(bench.lastSend(Message.Append.class, B), Message.AppendResponse.conflict(4, 10, 3));
        assertEquals(11, bench.effects(Effect.LoadEntries.class).getLast().from());
        SnapshotMeta newer = meta(15, 3, 2);
        bench.step(new Input.SnapshotTaken(newer, 15));
        assertEquals(new Effect.ReleaseLog(13), bench.effects(Effect.ReleaseLog.class).getLast());
        bench.step(new Input.EntriesLoaded(B, 11, List.of(entry(11, 3), entry(12, 3), entry(13, 3), entry(14, 3))));
        assertEquals(newer, lastPiece(bench).meta());
    }

    @Test
    void aSnapshotCanOnlyBeTakenOfWhatIsDurableAndNew() {
        OneCore bench = OneCore.behind(TEN, 3, 3);
        assertTrue(bench.core.snapshotPoint(10).isEmpty());
        assertTrue(bench.core.snapshotPoint(4).isEmpty());
        bench.receive(A, append(3, 11, 3, 12, entry(12, 3)));
        assertEquals(12, bench.commitIndex());
        assertTrue(bench.core.snapshotPoint(12).isEmpty(), "not durable here");
        bench.persistAll();
        SnapshotPoint point = bench.core.snapshotPoint(12).orElseThrow();
        assertEquals(new SnapshotPoint(12, 3, 3, voters(SELF, A, B)), point);
    }

    @Test
    void aSnapshotSaysTheConfigurationInForceAtItsEntryAndNotALaterOne() {
        OneCore bench = OneCore.behind(TEN, 3, 3);
        bench.ask(A, append(3, 11, 3, 12, entry(12, 3), OneCore.configuration(13, 3, voters(SELF, A))));
        assertEquals(new TreeSet<>(List.of(SELF, A)), bench.core.status().membership().voters());
        assertEquals(voters(SELF, A, B), bench.core.snapshotPoint(12).orElseThrow().membership());
        assertEquals(3, bench.core.snapshotPoint(12).orElseThrow().membershipIndex());
    }
}
