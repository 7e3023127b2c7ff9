package io.quorate.kv.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import io.quorate.kv.Kv;
import io.quorate.kv.KvWatchBatch;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is frozen is what was there, whatever happens while it is written; what is restored cannot be told from it. */
class KvSnapshotTest {

    private static byte[] written(StateMachineSnapshot snapshot) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        snapshot.write(out);
        snapshot.close();
        return out.toByteArray();
    }

    private static Replica restored(byte[] snapshot) throws IOException {
        Replica replica = new Replica();
        replica.put("of before", "must go");
        replica.machine.restore(new ByteArrayInputStream(snapshot));
        return replica;
    }

    private static void change(Replica replica, Random random, int keys) {
        String key = "k" + random.nextInt(keys);
        switch (random.nextInt(4)) {
            case 0 -> replica.delete(key);
            case 1 -> replica.compareAndSet(key, random.nextInt(3), "c" + random.nextInt());
            default -> replica.put(key, "v" + random.nextInt());
        }
    }

    @Test
    void aRestoredReplicaAnswersAndGoesOnAsTheOneThatWasFrozen() throws IOException {
        Random random = new Random(4);
        Replica replica = new Replica();
        for (int i = 0; i < 3_000; i++) {
            change(replica, random, 400);
        }
        Replica other = restored(written(replica.machine.snapshot()));
        assertEquals(replica.digest(), other.digest());
        for (int i = 0; i < 1_000; i++) {
            long seed = random.nextLong();
            change(replica, new Random(seed), 400);
            change(other, new Random(seed), 400);
        }
        assertEquals(replica.digest(), other.digest());
        assertArrayEquals(written(replica.machine.snapshot()), written(other.machine.snapshot()),
            "keys, versions, revisions and history");
    }

    @Test
    void aClosedSnapshotKeepsNothingThoughTheStoreStillRefersToIt() {
        Replica replica = new Replica();
        replica.put("a", "1");
        Frozen frozen = (Frozen) replica.machine.snapshot();
        replica.put("a", "2");
        assertFalse(frozen.isEmpty(), "the former value, and the history");
        frozen.close();
        assertTrue(frozen.isEmpty());
    }

    @Test
    void whatChangesWhileItIsWrittenIsNotInIt() throws IOException {
        for (int seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            Replica replica = new Replica();
            for (int i = 0; i < 2_000; i++) {
                change(replica, random, 2_000);
            }
            byte[] expected = written(replica.machine.snapshot());
            StateMachineSnapshot snapshot = replica.machine.snapshot();
            for (int i = 0; i < 100; i++) {
                change(replica, random, 3_000);
            }
            // On one thread, so that each seed is one interleaving: changes come between the writer's turns.
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            snapshot.write(new OutputStream() {
                private int calls;

                @Override
                public void write(int value) {
                    write(new byte[] {(byte) value}, 0, 1);
                }

                @Override
                public void write(byte[] source, int offset, int length) {
                    bytes.write(source, offset, length);
                    if (++calls % 61 == 0) {
                        for (int i = 0; i < 20; i++) {
                            change(replica, random, 3_000);
                        }
                    }
                }
            });
            snapshot.close();
            assertArrayEquals(expected, bytes.toByteArray(), "seed " + seed);
        }
    }

    @Test
    @Timeout(60)
    void applyGoesOnWhileTheWriterWaitsForItsDisk() throws Exception {
        Replica replica = new Replica();
        for (int i = 0; i < 10_000; i++) {
            replica.put("k" + i, "v");
        }
        byte[] expected = written(replica.machine.snapshot());
        StateMachineSnapshot snapshot = replica.machine.snapshot();
        CountDownLatch stuck = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                snapshot.write(new OutputStream() {
                    @Override
                    public void write(int value) throws IOException {
                        stuck.countDown();
                        try {
                            released.await();
                        } catch (InterruptedException e) {
                            throw new IOException(e);
                        }
                        bytes.write(value);
                    }
                });
            } catch (IOException | RuntimeException e) {
                failure.set(e);
            }
        });
        assertTrue(stuck.await(30, TimeUnit.SECONDS));
        for (int i = 0; i < 20_000; i++) {
            replica.put("k" + i % 15_000, "other");
            replica.delete("k" + i / 2);
        }
        released.countDown();
        for (int i = 0; i < 2_000; i++) {
            replica.put("k" + i, "third");
        }
        writer.join();
        assertEquals(null, failure.get());
        assertArrayEquals(expected, bytes.toByteArray());
    }

    @Test
    void aWatchGoesOnOverARestoreWithoutMissingAChange() throws Exception {
        Replica ahead = new Replica();
        Replica behind = new Replica();
        for (Replica each : new Replica[] {ahead, behind}) {
            each.put("a", "1");
        }
        StateMachine.Watch watch = behind.machine.watch(Kv.watchKey(Bytes.utf8("a"), 2));
        assertTrue(watch.poll().isEmpty());
        ahead.put("b", "2");
        ahead.put("a", "3");
        ahead.delete("a");
        behind.machine.restore(new ByteArrayInputStream(written(ahead.machine.snapshot())));
        KvWatchBatch.Events batch = assertInstanceOf(KvWatchBatch.Events.class, Replica.poll(watch).orElseThrow());
        assertEquals(2, batch.events().size());
        assertEquals(3, batch.events().getFirst().revision());
    }

    @Test
    void onlyOneIsOpenAtATime() throws IOException {
        Replica replica = new Replica();
        StateMachineSnapshot first = replica.machine.snapshot();
        assertThrows(IllegalStateException.class, replica.machine::snapshot);
        first.close();
        first.close();
        assertTrue(written(replica.machine.snapshot()).length > 0);
    }

    @Test
    void whatIsCutOffOrChangedIsRefused() throws IOException, CommandRejectedException {
        Replica replica = new Replica();
        replica.put("key", "value");
        replica.put("other", "");
        replica.delete("other");
        byte[] whole = written(replica.machine.snapshot());
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThrows(IOException.class, () -> new Replica().machine.restore(new ByteArrayInputStream(cut)));
        }
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        assertThrows(IOException.class, () -> new Replica().machine.restore(new ByteArrayInputStream(longer)));
        byte[] newer = whole.clone();
        newer[0] = 9;
        assertTrue(assertThrows(IOException.class,
            () -> new Replica().machine.restore(new ByteArrayInputStream(newer))).getMessage().contains("format 9"));
        byte[] otherValue = whole.clone();
        otherValue[1 + 8 + 8 + 4 + 3 + 4] ^= 1;
        assertTrue(assertThrows(IOException.class,
            () -> new Replica().machine.restore(new ByteArrayInputStream(otherValue))).getMessage().contains("digest"));
    }
}
