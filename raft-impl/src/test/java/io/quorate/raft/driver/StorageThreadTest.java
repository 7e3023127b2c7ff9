package io.quorate.raft.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StorageThreadTest {

    @Test
    void tasksRunInOrderOnOneNamedThreadAndClosingWaitsForThem() {
        StorageThread thread = StorageThread.start("storage-under-test");
        List<String> ran = Collections.synchronizedList(new ArrayList<>());
        IntStream.range(0, 100).forEach(i ->
            thread.execute(() -> ran.add(i + Thread.currentThread().getName())));
        assertTrue(thread.close(10_000));
        assertEquals(IntStream.range(0, 100).mapToObj(i -> i + "storage-under-test").toList(), ran);
        thread.execute(() -> ran.add("late"));
        assertTrue(thread.close(10_000), "closing twice");
        assertEquals(100, ran.size());
    }

    @Test
    void closingDoesNotWaitForeverForADiskThatHangs() {
        StorageThread thread = StorageThread.start("hanging-storage");
        CountDownLatch hang = new CountDownLatch(1);
        thread.execute(() -> {
            try {
                hang.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException("the storage thread was interrupted", e);
            }
        });
        assertFalse(thread.close(20));
        hang.countDown();
        assertTrue(thread.close(10_000));
    }
}
