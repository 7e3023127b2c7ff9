package io.quorate.registry.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.time.Cancellable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopThreadTest {

    private static final long PATIENCE_SECONDS = 20;

    private final List<Throwable> uncaught = new ArrayList<>();
    private final LoopThread loop = new LoopThread("test-loop", uncaught::add);

    @AfterEach
    void close() {
        loop.close();
    }

    private void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }

    /** Waits until everything handed in before has run, turn's end included. */
    private void settle() throws InterruptedException {
        for (int i = 0; i < 2; i++) {
            CountDownLatch turn = new CountDownLatch(1);
            loop.execute(turn::countDown);
            await(turn);
        }
    }

    @Test
    void testsRunInTheModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void tasksOfEachProducerRunInOrderAndNoneIsLost() throws Exception {
        loop.start();
        int producers = 4;
        int each = 50_000;
        int[] next = new int[producers];
        List<String> wrong = new ArrayList<>();
        CountDownLatch ran = new CountDownLatch(producers * each);
        for (int p = 0; p < producers; p++) {
            int producer = p;
            Thread.ofPlatform().daemon().start(() -> {
                for (int i = 0; i < each; i++) {
                    int number = i;
                    loop.execute(() -> {
                        if (next[producer]++ != number) {
                            wrong.add(producer + ": " + number);
                        }
                        ran.countDown();
                    });
                }
            });
        }
        await(ran);
        assertEquals(List.of(), wrong);
    }

    /** One side sleeps each time the other hands something in: a lost wake-up would hang here. */
    @Test
    void noWakeUpIsLost() {
        loop.start();
        assertTimeoutPreemptively(Duration.ofSeconds(PATIENCE_SECONDS), () -> {
            SynchronousQueue<Integer> answers = new SynchronousQueue<>();
            for (int i = 0; i < 20_000; i++) {
                int number = i;
                loop.execute(() -> assertTrue(offer(answers, number)));
                assertEquals(number, answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
            }
        });
    }

    private static boolean offer(SynchronousQueue<Integer> queue, int number) {
        try {
            return queue.offer(number, PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void hooksRunAfterAllThatHasGatheredAndSeeIt() throws Exception {
        List<String> story = new ArrayList<>();
        loop.onTurnEnd(() -> story.add("first hook"));
        loop.onTurnEnd(() -> story.add("second hook"));
        for (int i = 0; i < 3; i++) {
            loop.execute(() -> story.add("task"));
        }
        CountDownLatch behindTheHooks = new CountDownLatch(1);
        boolean[] asked = new boolean[1];
        loop.onTurnEnd(() -> {
            if (!asked[0]) {
                asked[0] = true;
                loop.execute(() -> {
                    story.add("a hook's task");
                    behindTheHooks.countDown();
                });
            }
        });
        loop.start();
        await(behindTheHooks);
        assertEquals(List.of("task", "task", "task", "first hook", "second hook", "a hook's task"),
            story.subList(0, 6));
    }

    @Test
    void tasksThatBreedTasksDoNotPutTheHooksOffForever() throws Exception {
        CountDownLatch hook = new CountDownLatch(1);
        boolean[] stop = new boolean[1];
        loop.onTurnEnd(() -> {
            stop[0] = true;
            hook.countDown();
        });
        loop.execute(new Runnable() {
            @Override
            public void run() {
                if (!stop[0]) {
                    loop.execute(this);
                }
            }
        });
        loop.start();
        await(hook);
    }

    @Test
    void timersRunInOrderOfTimeThenOfScheduling() throws Exception {
        List<String> story = new ArrayList<>();
        CountDownLatch last = new CountDownLatch(1);
        loop.schedule(30_000_000, last::countDown);
        loop.schedule(2_000_000, () -> story.add("later"));
        loop.schedule(0, () -> story.add("first"));
        loop.schedule(0, () -> story.add("second"));
        Cancellable never = loop.schedule(1_000_000, () -> story.add("never"));
        never.cancel();
        never.cancel();
        long before = System.nanoTime();
        loop.start();
        await(last);
        assertTrue(System.nanoTime() - before >= 25_000_000, "not before its time");
        assertEquals(List.of("first", "second", "later"), story);
    }

    @Test
    void whatATaskThrowsGoesToTheOwnerAndTheLoopGoesOn() throws Exception {
        loop.start();
        RuntimeException broken = new RuntimeException("broken invariant");
        loop.execute(() -> {
            throw broken;
        });
        settle();
        assertEquals(List.of(broken), uncaught);
    }

    @Test
    void onlyTheLoopSchedules() throws Exception {
        loop.start();
        assertFalse(loop.inLoop());
        assertThrows(IllegalStateException.class, () -> loop.schedule(1, () -> { }));
        assertThrows(IllegalStateException.class, () -> loop.onTurnEnd(() -> { }));
        AtomicReference<Boolean> inLoop = new AtomicReference<>();
        loop.execute(() -> inLoop.set(loop.inLoop()));
        settle();
        assertTrue(inLoop.get());
        assertThrows(IllegalStateException.class, loop::start);
    }

    @Test
    void closeRunsWhatWasHandedInBeforeAndEndsTheThread() {
        loop.start();
        List<String> story = new ArrayList<>();
        AtomicReference<Thread> thread = new AtomicReference<>();
        loop.execute(() -> {
            thread.set(Thread.currentThread());
            story.add("before");
        });
        loop.close();
        loop.close();
        assertEquals(List.of("before"), story);
        assertEquals("test-loop", thread.get().getName());
        assertTrue(thread.get().isDaemon());
        assertTimeoutPreemptively(Duration.ofSeconds(PATIENCE_SECONDS), () -> thread.get().join());
        loop.execute(() -> story.add("after"));
        assertEquals(List.of("before"), story);
    }

    @Test
    void closeOnTheLoopDoesNotWaitForItself() throws Exception {
        loop.start();
        CountDownLatch closed = new CountDownLatch(1);
        loop.execute(() -> {
            loop.close();
            closed.countDown();
        });
        await(closed);
    }

    @Test
    void theHeapKeepsOrderUnderRandomCancelling() {
        TimerHeap heap = new TimerHeap();
        SplittableRandom random = new SplittableRandom(9);
        List<Long> ran = new ArrayList<>();
        List<Cancellable> handles = new ArrayList<>();
        List<Long> times = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            // Around the overflow of nanoTime.
            long at = Long.MAX_VALUE - 500 + random.nextLong(1_000);
            times.add(at);
            handles.add(heap.add(at, () -> ran.add(at)));
        }
        int kept = 0;
        for (int i = 0; i < handles.size(); i++) {
            if (random.nextBoolean()) {
                handles.get(i).cancel();
            } else {
                kept++;
            }
        }
        assertEquals(kept, heap.size(), "what is cancelled leaves at once");
        for (Runnable due = heap.poll(Long.MIN_VALUE + 600); due != null; due = heap.poll(Long.MIN_VALUE + 600)) {
            due.run();
        }
        assertEquals(kept, ran.size());
        for (int i = 1; i < ran.size(); i++) {
            assertTrue(ran.get(i) - ran.get(i - 1) >= 0, "at " + i);
        }
        assertEquals(TimerHeap.NONE, heap.nextNanos());
    }
}
