package io.quorate.raft.core;

import static io.quorate.raft.core.OneCore.A;
import static io.quorate.raft.core.OneCore.B;
import static io.quorate.raft.core.OneCore.C;
import static io.quorate.raft.core.OneCore.SELF;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every step that safety depends on is told, once, in its order. */
class TraceRulesTest {

    private static List<ConsensusTrace.Event> after(OneCore bench, Runnable what) {
        int before = bench.traced.size();
        what.run();
        return List.copyOf(bench.traced.subList(before, bench.traced.size()));
    }

    @Test
    void theFirstEventTellsWhatWasFound() {
        ConsensusTrace.Started started = assertInstanceOf(ConsensusTrace.Started.class,
            OneCore.ofThree(3, B, 1, 2).traced.getFirst());
        assertEquals(new ConsensusTrace.Started(3, Optional.of(B), 0, 0, 2, 2, OneCore.voters(SELF, A, B)), started);
    }

    @Test
    void anElectionFromTheFirstQuestionToTheFirstCommit() {
        OneCore bench = OneCore.ofThree(0, null);
        List<ConsensusTrace.Event> events = after(bench, () -> bench.leading(A));
        assertEquals(List.of(
            new ConsensusTrace.Campaigned(1, true),
            new ConsensusTrace.TermAdopted(1),
            new ConsensusTrace.Voted(1, SELF),
            new ConsensusTrace.Campaigned(1, false),
            new ConsensusTrace.HardStateDurable(1, Optional.of(SELF)),
            new ConsensusTrace.BecameLeader(1, 0, 0)), events.subList(0, 6));
        ConsensusTrace.Appended noOp = assertInstanceOf(ConsensusTrace.Appended.class, events.get(6));
        assertEquals(EntryType.NO_OP, noOp.type());
        assertEquals(List.of(new ConsensusTrace.LogDurable(1), new ConsensusTrace.Committed(1)),
            events.subList(7, 9));
        assertEquals(List.of(new ConsensusTrace.TermAdopted(2), new ConsensusTrace.SteppedDown(1)),
            after(bench, () -> bench.receive(A, new Message.Heartbeat(2, 0, 1))));
    }

    @Test
    void aVoteIsDurableBeforeItIsToldToBe() {
        OneCore bench = OneCore.ofThree(0, null);
        assertEquals(List.of(new ConsensusTrace.TermAdopted(1), new ConsensusTrace.Voted(1, A)),
            after(bench, () -> bench.receive(A, new Message.Vote(1, 0, 0))));
        assertEquals(List.of(new ConsensusTrace.HardStateDurable(1, Optional.of(A))),
            after(bench, bench::persistAll));
    }

    @Test
    void entriesThatComeGoAndStay() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, OneCore.append(1, 0, 0, 0, OneCore.entry(1, 1),
            OneCore.configuration(2, 1, OneCore.voters(A, B, C))));
        assertTrue(bench.traced.stream().anyMatch(event -> event instanceof ConsensusTrace.MembershipInForce in
            && in.index() == 2 && in.membership().voters().contains(C)));
        List<ConsensusTrace.Event> events =
            after(bench, () -> bench.ask(B, OneCore.append(2, 1, 1, 1, OneCore.entry(2, 2))));
        assertEquals(List.of(new ConsensusTrace.TermAdopted(2), new ConsensusTrace.Truncated(2),
            new ConsensusTrace.MembershipInForce(0, OneCore.voters(SELF, A, B))), events.subList(0, 3));
        assertInstanceOf(ConsensusTrace.Appended.class, events.get(3));
        assertEquals(new ConsensusTrace.Committed(1), events.get(4));
        assertTrue(events.contains(new ConsensusTrace.LogDurable(2)), events.toString());
    }

    @Test
    void theChecksumTellsEntriesApart() {
        OneCore bench = OneCore.ofThree(1, null);
        bench.ask(A, OneCore.append(1, 0, 0, 0, OneCore.entry(1, 1, "x"), OneCore.entry(2, 1, "y")));
        List<Integer> sums = bench.traced.stream().filter(ConsensusTrace.Appended.class::isInstance)
            .map(event -> ((ConsensusTrace.Appended) event).checksum()).distinct().toList();
        assertEquals(2, sums.size());
    }

    @Test
    void aConfirmedReadIsTold() {
        OneCore bench = OneCore.ofThree(0, null).leading(A);
        bench.step(new Input.ReadRequested("r"));
        int before = bench.seen.size();
        bench.tickAfter(100);
        bench.answerHeartbeats(before, 0, A);
        assertTrue(bench.traced.contains(new ConsensusTrace.ReadConfirmed(1, false)));
    }
}
