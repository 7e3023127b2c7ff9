package io.quorate.spi.transport.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.PayloadRoom;
import org.junit.jupiter.api.Test;

/** A bound for each connection, one for all, and a reserve for what is small. */
class ReassemblyBudgetTest {

    private static final int LARGE = 1 << 20;

    private final ReassemblyBudget budget = new ReassemblyBudget(1_000_000, 600_000);

    @Test
    void oneConnectionCannotHoldEverything() {
        PayloadRoom one = budget.connection();
        assertTrue(one.take(600_000, LARGE));
        assertFalse(one.take(1, LARGE));
        PayloadRoom other = budget.connection();
        assertTrue(other.take(400_000, LARGE));
        assertFalse(other.take(1, LARGE), "all of them have a bound, too");
        assertEquals(1_000_000, budget.heldBytes(), "a refusal takes nothing");
        one.give(600_000);
        assertTrue(other.take(200_000, LARGE), "what was given back is there for the others");
        assertFalse(other.take(1, LARGE));
        assertEquals(600_000, budget.heldBytes());
    }

    @Test
    void smallFramesFindRoomWhenLargeOnesHaveFilledEverything() {
        PayloadRoom bulk = budget.connection();
        PayloadRoom more = budget.connection();
        assertTrue(bulk.take(600_000, LARGE));
        assertTrue(more.take(400_000, LARGE));
        PayloadRoom votes = budget.connection();
        assertTrue(votes.take(ReassemblyBudget.SMALL_BYTES, ReassemblyBudget.SMALL_BYTES));
        assertFalse(votes.take(1, ReassemblyBudget.SMALL_BYTES + 1));
        assertTrue(bulk.take(100_000, ReassemblyBudget.SMALL_BYTES), "also on a connection that is full");
        assertFalse(bulk.take(100_000, ReassemblyBudget.SMALL_BYTES), "the reserve is bounded");
    }

    @Test
    void everyHeapHasRoomForAFrameOfTheLargestSize() {
        PayloadRoom room = ReassemblyBudget.ofHeap().connection();
        assertTrue(room.take(FrameFormat.MAX_PAYLOAD_BYTES, FrameFormat.MAX_PAYLOAD_BYTES));
    }

    @Test
    void whoFoundNoRoomIsToldWhatThereIs() {
        CloseReason reason = budget.noRoom();
        assertEquals(CloseReason.Kind.CALL_RESET, reason.kind());
        assertTrue(reason.detail().contains("at most 1000000 bytes of unfinished frames"), reason.detail());
    }
}
