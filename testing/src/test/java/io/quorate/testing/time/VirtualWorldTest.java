package io.quorate.testing.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.time.Cancellable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class VirtualWorldTest {

    private final VirtualWorld world = new VirtualWorld(1);
    private final VirtualLoop loop = new VirtualLoop(world);
    private final List<String> log = new ArrayList<>();

    @Test
    void testsRunOnTheModulePath() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void eventsRunInOrderOfTimeAndThenOfScheduling() {
        loop.schedule(20, () -> log.add("late"));
        loop.schedule(10, () -> log.add("first"));
        loop.schedule(10, () -> log.add("second"));
        loop.execute(() -> log.add("now"));
        world.runFor(100);
        assertEquals(List.of("now", "first", "second", "late"), log);
        assertEquals(100, world.clock().nanoTime());
    }

    @Test
    void whatIsCancelledDoesNotRunEvenIfItIsDue() {
        Cancellable[] second = new Cancellable[1];
        loop.schedule(10, () -> second[0].cancel());
        second[0] = loop.schedule(10, () -> log.add("cancelled"));
        world.runFor(100);
        assertEquals(List.of(), log);
    }

    @Test
    void aTurnRunsWhatHasGatheredAndThenTheHooks() {
        loop.onTurnEnd(() -> log.add("end"));
        loop.execute(() -> {
            assertTrue(loop.inLoop());
            loop.execute(() -> log.add("next turn"));
            log.add("a");
        });
        loop.execute(() -> log.add("b"));
        world.runFor(1);
        assertEquals(List.of("a", "b", "end", "next turn", "end"), log);
        assertFalse(loop.inLoop());
    }

    @Test
    void aKilledLoopRunsNothingMore() {
        loop.execute(() -> {
            log.add("a");
            loop.kill();
        });
        loop.execute(() -> log.add("b"));
        loop.schedule(5, () -> log.add("c"));
        world.runFor(10);
        assertEquals(List.of("a"), log);
    }

    @Test
    void aSerialExecutorTakesItsTimeForEachTask() {
        Executor disk = world.serialExecutor(100);
        List<Long> times = new ArrayList<>();
        disk.execute(() -> times.add(world.clock().nanoTime()));
        disk.execute(() -> times.add(world.clock().nanoTime()));
        world.runFor(1000);
        assertEquals(List.of(100L, 200L), times);
    }

    @Test
    void waitingEndsWhenTheConditionHoldsOrTimeIsOver() {
        loop.schedule(50, () -> log.add("x"));
        assertTrue(world.runUntil(() -> !log.isEmpty(), 100));
        assertEquals(50, world.clock().nanoTime());
        assertFalse(world.runUntil(() -> log.size() > 1, 100));
        assertEquals(150, world.clock().nanoTime());
    }

    @Test
    void theSameSeedDrawsTheSameNumbers() {
        assertEquals(new VirtualWorld(7).random().nextLong(), new VirtualWorld(7).random().nextLong());
        assertNotEquals(new VirtualWorld(7).random().nextLong(), new VirtualWorld(8).random().nextLong());
    }
}
