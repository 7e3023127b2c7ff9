package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The two things that many threads share with the loop. */
class HandoverTest {

    private static final int THREADS = 4;
    private static final int EACH = 50_000;

    @Test
    void handsOverInOrderAndSaysWhenToWakeTheLoop() {
        Handover handover = new Handover();
        assertNull(handover.takeAll());
        List<Pending<?>> given = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            given.add(new PendingCommand(Bytes.empty()));
            assertEquals(i == 0, handover.push(given.get(i)));
        }
        List<Pending<?>> taken = new ArrayList<>();
        for (Pending<?> each = handover.takeAll(); each != null; each = each.next) {
            taken.add(each);
        }
        assertEquals(given, taken);
        assertTrue(handover.push(new PendingCommand(Bytes.empty())));
    }

    @Test
    void losesNothingBetweenThreadsAndKeepsEachOnesOrder() {
        Handover handover = new Handover();
        AtomicInteger wakes = new AtomicInteger();
        List<Thread> producers = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            int producer = t;
            producers.add(new Thread(() -> {
                for (int i = 0; i < EACH; i++) {
                    if (handover.push(new PendingCommand(Bytes.utf8(producer + ":" + i)))) {
                        wakes.incrementAndGet();
                    }
                }
            }));
        }
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            Map<String, Integer> nextOf = new HashMap<>();
            producers.forEach(Thread::start);
            int taken = 0;
            int rounds = 0;
            while (taken < THREADS * EACH) {
                Pending<?> first = handover.takeAll();
                rounds += first == null ? 0 : 1;
                for (Pending<?> each = first; each != null; each = each.next) {
                    String[] parts = ((PendingCommand) each).payload.utf8().split(":");
                    assertEquals(nextOf.getOrDefault(parts[0], 0), Integer.parseInt(parts[1]));
                    nextOf.merge(parts[0], 1, Integer::sum);
                    taken++;
                }
            }
            for (Thread producer : producers) {
                producer.join();
            }
            // Whoever finds it empty wakes the loop: exactly once for each time that it was emptied.
            assertEquals(rounds, wakes.get());
        });
    }

    @Test
    void boundsNumberAndBytes() {
        Capacity capacity = new Capacity(3, 100);
        assertTrue(capacity.tryTake(40));
        assertTrue(capacity.tryTake(60));
        assertFalse(capacity.tryTake(1));
        assertTrue(capacity.tryTake(0));
        assertFalse(capacity.tryTake(0));
        capacity.release(2, 100);
        assertEquals(1, capacity.count());
        assertEquals(0, capacity.bytes());
        assertTrue(capacity.tryTake(100));
        capacity.release(2, 100);
        // Alone, even what is larger than the bound may pass: it could not pass at any other time either.
        assertTrue(capacity.tryTake(1_000));
        assertFalse(capacity.tryTake(1));
        capacity.release(1, 1_000);
        assertEquals(0, capacity.count());
        assertEquals(0, capacity.bytes());
        assertThrows(IllegalArgumentException.class, () -> new Capacity(0, 1));
    }
}
