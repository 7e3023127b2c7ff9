package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.SELF;
import static io.quorate.raft.core.OneCore.append;
import static io.quorate.raft.core.OneCore.entry;
import static io.quorate.raft.core.OneCore.voters;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Consensus.ReadIndexResult;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rules of reading (thesis §6.4). */
class ReadRulesTest {

    private static OneCore leading() {
        OneCore bench = OneCore.ofThree(1, null).leading(A);
        bench.acknowledge(B);
        endHeartbeats(bench);
        return bench;
    }

    /** No heartbeat is under way any more. */
    private static void endHeartbeats(OneCore bench) {
        for (int ended = 0; ended < bench.sends(Message.Heartbeat.class).size(); ended++) {
            Effect.Send send = bench.sends(Message.Heartbeat.class).get(ended);
            bench.step(new Input.CallFailed(send.to(), send.request()));
        }
    }

    private static void confirm(OneCore bench, Effect.Send heartbeat) {
        long nonce = ((Message.Heartbeat) heartbeat.request()).nonce();
        bench.answer(heartbeat, new Message.HeartbeatResponse(heartbeat.request().term(), true, nonce, false));
    }

    private static long at(Effect.ReadReady read) {
        return assertInstanceOf(ReadIndexResult.At.class, read.result()).index().value();
    }

    @Test
    void aReadIsConfirmedByAQuorumOfHeartbeatsThatWereSentAfterIt() {
        OneCore bench = leading();
        bench.step(new Input.ReadRequested("r"));
        assertTrue(bench.reads().isEmpty());
        confirm(bench, bench.lastSend(Message.Heartbeat.class, B));
        assertEquals(1, at(bench.reads().getFirst()));
    }

    @Test
    void anAnswerToAHeartbeatThatWasSentBeforeTheReadConfirmsNothing() {
        OneCore bench = leading();
        bench.tickAfter(100);
        Effect.Send before = bench.lastSend(Message.Heartbeat.class, A);
        bench.step(new Input.ReadRequested("r"));
        confirm(bench, before);
        assertTrue(bench.reads().isEmpty());
        Effect.Send after = bench.lastSend(Message.Heartbeat.class, A);
        assertTrue(after != before, "its own round is sent once the earlier one has ended");
        confirm(bench, after);
        assertEquals(1, bench.reads().size());
    }

    @Test
    void readsOfOneTurnShareARoundAndEachRoundHasANumberOfItsOwn() {
        OneCore bench = leading();
        int before = bench.sends(Message.Heartbeat.class).size();
        bench.stepOnly(new Input.ReadRequested("r1"));
        bench.stepOnly(new Input.ReadRequested("r2"));
        bench.stepOnly(new Input.TurnEnd());
        assertEquals(before + 2, bench.sends(Message.Heartbeat.class).size());
        long first = bench.lastHeartbeat(A).nonce();
        confirm(bench, bench.lastSend(Message.Heartbeat.class, A));
        assertEquals(2, bench.reads().size());
        bench.step(new Input.ReadRequested("r3"));
        assertTrue(bench.lastHeartbeat(A).nonce() > first);
        assertEquals(2, bench.reads().size());
    }

    @Test
    void noReadIsAnsweredBeforeAnEntryOfTheLeadersTermIsCommitted() {
        OneCore bench = OneCore.ofThree(1, null, 1).elected(A);
        bench.persistAll();
        bench.step(new Input.ReadRequested("r"));
        for (Effect.Send send : List.copyOf(bench.sends(Message.Heartbeat.class))) {
            confirm(bench, send);
        }
        bench.tickAfter(100);
        confirm(bench, bench.lastSend(Message.Heartbeat.class, A));
        assertTrue(bench.reads().isEmpty(), "its commit index may be older than what was acknowledged");
        bench.acknowledge(A);
        endHeartbeats(bench);
        bench.tickAfter(100);
        confirm(bench, bench.lastSend(Message.Heartbeat.class, A));
        assertEquals(2, at(bench.reads().getFirst()));
    }

    @Test
    void aLeaderThatLosesItsPlaceAnswersNoRead() {
        OneCore bench = leading();
        bench.step(new Input.ReadRequested("r"));
        String remote = bench.receive(B, new Message.ReadIndex(2));
        bench.receive(A, new Message.Heartbeat(3, 0, 1));
        assertInstanceOf(ReadIndexResult.Unavailable.class, bench.reads().getFirst().result());
        bench.persistAll();
        assertTrue(((Message.ReadIndexResponse) bench.reply(remote)).outcome() != Message.ReadOutcome.AT);
    }

    @Test
    void aReadThatNoQuorumConfirmsInTimeIsUnavailable() {
        OneCore bench = leading();
        bench.step(new Input.ReadRequested("r"));
        for (int i = 0; i < 12; i++) {
            bench.tickAfter(100);
        }
        assertInstanceOf(ReadIndexResult.Unavailable.class, bench.reads().getFirst().result());
    }

    @Test
    void theOnlyVoterReadsWithoutAMessage() {
        OneCore bench = OneCore.of(voters(SELF), 0, null);
        bench.tickAtDeadline();
        bench.persistAll();
        bench.persistAll();
        bench.step(new Input.ReadRequested("r"));
        assertEquals(1, at(bench.reads().getFirst()));
    }

    @Test
    void aFollowerAsksItsLeaderOnceForAllReadsOfATurn() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, append(1, 0, 0, 0, entry(1, 1)));
        bench.stepOnly(new Input.ReadRequested("r1"));
        bench.stepOnly(new Input.ReadRequested("r2"));
        bench.stepOnly(new Input.TurnEnd());
        assertEquals(1, bench.sends(Message.ReadIndex.class).size());
        bench.answer(bench.lastSend(Message.ReadIndex.class, A),
            new Message.ReadIndexResponse(1, Message.ReadOutcome.AT, 7));
        assertEquals(List.of(7L, 7L), bench.reads().stream().map(ReadRulesTest::at).toList());
        assertEquals(1, bench.commitIndex(), "as far as the leader has proved this log, it is committed");
    }

    @Test
    void whatALeaderHasProvedInAnEarlierTermProvesNothingInThisOne() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, append(1, 0, 0, 0, entry(1, 1), entry(2, 1)));
        // Meanwhile another has led, A has lost entry 2, and leads again.
        bench.ask(A, new Message.Heartbeat(3, 0, 1));
        bench.step(new Input.ReadRequested("r"));
        bench.answer(bench.lastSend(Message.ReadIndex.class, A),
            new Message.ReadIndexResponse(3, Message.ReadOutcome.AT, 2));
        assertEquals(2, at(bench.reads().getFirst()));
        assertEquals(0, bench.commitIndex());
    }

    @Test
    void aFollowersReadFailsWhenItsLeaderDoesNotAnswerOrThereIsNone() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.step(new Input.ReadRequested("r1"));
        assertInstanceOf(ReadIndexResult.Unavailable.class, bench.reads().getFirst().result());
        bench.receive(A, new Message.Heartbeat(1, 0, 1));
        bench.step(new Input.ReadRequested("r2"));
        bench.step(new Input.CallFailed(A, bench.lastSend(Message.ReadIndex.class, A).request()));
        assertInstanceOf(ReadIndexResult.Unavailable.class, bench.reads().get(1).result());
    }

    @Test
    void anotherNodesQuestionIsAnsweredAfterARound() {
        OneCore bench = leading();
        String token = bench.receive(B, new Message.ReadIndex(2));
        assertNull(bench.reply(token));
        confirm(bench, bench.lastSend(Message.Heartbeat.class, A));
        assertEquals(new Message.ReadIndexResponse(2, Message.ReadOutcome.AT, 1), bench.reply(token));
    }

    @Test
    void whoDoesNotLeadSaysSo() {
        OneCore bench = OneCore.ofThree(1, null);
        NodeId asker = B;
        assertEquals(new Message.ReadIndexResponse(1, Message.ReadOutcome.NOT_LEADER, 0),
            bench.ask(asker, new Message.ReadIndex(1)));
        assertEquals(LogIndex.ZERO, bench.core.status().commitIndex());
    }
}
