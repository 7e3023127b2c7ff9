package io.quorate.kv.store;

import static io.quorate.kv.store.Replica.bytes;
import static io.quorate.kv.store.Replica.poll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.StateMachine;
import io.quorate.kv.Kv;
import io.quorate.kv.KvEvent;
import io.quorate.kv.KvFormat;
import io.quorate.kv.KvLimits;
import io.quorate.kv.KvWatchBatch;
import io.quorate.kv.KvWatchBatch.Compacted;
import io.quorate.kv.KvWatchBatch.Events;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Every change in order, none twice, none missing, and an honest answer when that cannot be had. */
class KvWatchTest {

    private final Replica replica = new Replica();

    @Test
    void eventsComeInOrderWithWhatTheyChanged() {
        replica.put("a", "1");
        replica.put("b", "2");
        replica.put("a", "3");
        replica.delete("a");
        assertEquals(List.of(
            put("a", "1", 1, 1), put("b", "2", 1, 2), put("a", "3", 2, 3), delete("a", 4)),
            events(poll(replica.watchPrefix("", 1)), 5));
        assertEquals(List.of(put("a", "3", 2, 3), delete("a", 4)), events(poll(replica.watchKey("a", 2)), 5));
        assertEquals(List.of(put("b", "2", 1, 2)), events(poll(replica.watchKey("b", 1)), 5));
    }

    @Test
    void aKeyIsNoPrefix() {
        replica.put("ab", "1");
        assertTrue(poll(replica.watchKey("a", 1)).isEmpty());
        assertEquals(1, events(poll(replica.watchPrefix("a", 1)), 2).size());
    }

    @Test
    void thereIsNothingUntilSomethingHappens() {
        StateMachine.Watch watch = replica.watchPrefix("a", 1);
        assertTrue(poll(watch).isEmpty());
        replica.put("b", "1");
        assertTrue(poll(watch).isEmpty());
        replica.delete("nothing");
        assertTrue(poll(watch).isEmpty());
        replica.put("a", "1");
        assertEquals(List.of(put("a", "1", 1, 2)), events(poll(watch), 3));
        assertTrue(poll(watch).isEmpty(), "told once");
        replica.delete("a");
        assertEquals(List.of(delete("a", 3)), events(poll(watch), 4));
    }

    @Test
    void aCommandThatDoesNotApplyIsNoEvent() {
        replica.put("a", "1");
        StateMachine.Watch watch = replica.watchPrefix("", 2);
        replica.compareAndSet("a", 7, "2");
        replica.deleteIfVersion("a", 7);
        assertTrue(poll(watch).isEmpty());
    }

    @Test
    void beginningNowSaysAtOnceWhereNowIs() {
        replica.put("a", "1");
        replica.put("a", "2");
        assertEquals(List.of(), events(poll(replica.watchKey("a", 0)), 3));
        assertEquals(List.of(), events(poll(new Replica().watchKey("a", 0)), 1));
    }

    @Test
    void aRevisionOfTheFutureIsWaitedFor() {
        StateMachine.Watch watch = replica.watchPrefix("", 3);
        replica.put("a", "1");
        replica.put("a", "2");
        assertTrue(poll(watch).isEmpty(), "this replica only lags behind the one that was read");
        replica.put("a", "3");
        assertEquals(List.of(put("a", "3", 3, 3)), events(poll(watch), 4));
    }

    @Test
    void aBatchEndsBehindAThousandEventsAndGoesOn() {
        int all = 2 * KvLimits.MAX_WATCH_EVENTS + 5;
        for (int i = 1; i <= all; i++) {
            replica.put("k", "" + i);
        }
        List<KvEvent> seen = new ArrayList<>();
        StateMachine.Watch watch = replica.watchKey("k", 1);
        int batches = 0;
        for (Optional<KvWatchBatch> batch = poll(watch); batch.isPresent(); batch = poll(watch)) {
            seen.addAll(((Events) batch.get()).events());
            assertEquals(seen.size() + 1, ((Events) batch.get()).nextRevision());
            batches++;
        }
        assertEquals(3, batches);
        assertEquals(all, seen.size());
        for (int i = 0; i < all; i++) {
            assertEquals(put("k", "" + (i + 1), i + 1, i + 1), seen.get(i));
        }
    }

    @Test
    void aBatchEndsBehindAMegabyteAndAlwaysGoesOn() {
        String large = "x".repeat(KvLimits.MAX_VALUE_BYTES);
        for (int i = 0; i < 4; i++) {
            replica.put("k", large);
        }
        List<Integer> sizes = new ArrayList<>();
        StateMachine.Watch watch = replica.watchKey("k", 1);
        for (Optional<KvWatchBatch> batch = poll(watch); batch.isPresent(); batch = poll(watch)) {
            sizes.add(((Events) batch.get()).events().size());
        }
        assertEquals(List.of(1, 1, 1, 1), sizes);
    }

    @Test
    void whatWasForgottenByNumberIsSaidToBeSo() {
        Replica small = new Replica(10, 1 << 20);
        for (int i = 0; i < 25; i++) {
            small.put("k" + i, "v");
        }
        assertEquals(Optional.of(new Compacted(16, 25)), poll(small.watchPrefix("", 15)));
        assertEquals(Optional.of(new Compacted(16, 25)), poll(small.watchKey("x", 1)));
        assertEquals(10, events(poll(small.watchPrefix("", 16)), 26).size());
        small.put("k", "v");
        assertEquals(Optional.of(new Compacted(17, 26)), poll(small.watchPrefix("", 16)));
    }

    @Test
    void whatWasForgottenByWeightIsSaidToBeSo() {
        Replica small = new Replica(1_000, 10 * (KvLimits.EVENT_OVERHEAD_BYTES + 1 + 100));
        for (int i = 0; i < 15; i++) {
            small.put("k", "x".repeat(100));
        }
        assertEquals(Optional.of(new Compacted(6, 15)), poll(small.watchKey("k", 5)));
        assertEquals(10, events(poll(small.watchKey("k", 6)), 16).size());
        small.put("k", "x".repeat(300));
        assertEquals(Optional.of(new Compacted(9, 16)), poll(small.watchKey("k", 8)));
        small.delete("k");
        assertEquals(9, events(poll(small.watchKey("k", 9)), 18).size(), "a delete weighs little");
    }

    @Test
    void theHistoryOfTheLargestValuesFitsASmallHeap() {
        String large = "x".repeat(KvLimits.MAX_VALUE_BYTES);
        for (int i = 0; i < 20; i++) {
            replica.put("k", large);
        }
        assertEquals(Optional.of(new Compacted(6, 20)), poll(replica.watchKey("k", 1)), "8 MiB, and no more");
    }

    @Test
    void aWatchThatFallsBehindWhileItWaitsIsToldToo() {
        Replica small = new Replica(10, 1 << 20);
        StateMachine.Watch watch = small.watchPrefix("", 1);
        assertTrue(poll(watch).isEmpty());
        for (int i = 0; i < 11; i++) {
            small.put("k", "v");
        }
        assertEquals(Optional.of(new Compacted(2, 11)), poll(watch));
    }

    @Test
    void whoWaitsForAQuietKeyIsNeverForgotten() {
        Replica small = new Replica(100, 1 << 20);
        long from = 1;
        int told = 0;
        for (int i = 0; i < 5_000; i++) {
            // The caller's time runs out after each look, and it asks again from what it last heard.
            small.put("busy", "" + i);
            Optional<KvWatchBatch> answer = poll(small.watchKey("quiet", from));
            if (answer.isPresent()) {
                assertEquals(List.of(), ((Events) answer.get()).events());
                from = ((Events) answer.get()).nextRevision();
                told++;
            }
        }
        assertTrue(told > 10 && told < 200, "told " + told + " times");
        small.put("quiet", "1");
        assertEquals(List.of(put("quiet", "1", 1, 5_001)), events(poll(small.watchKey("quiet", from)), 5_002));
    }

    @Test
    void aReaderThatFollowsAlwaysHasTheStoresState() {
        Random random = new Random(11);
        TreeMap<String, String> mirror = new TreeMap<>();
        long from = 1;
        for (int round = 0; round < 300; round++) {
            for (int i = random.nextInt(30); i > 0; i--) {
                String key = "k" + random.nextInt(20);
                if (random.nextBoolean()) {
                    replica.put(key, "v" + random.nextInt());
                } else {
                    replica.delete(key);
                }
            }
            Optional<KvWatchBatch> batch = poll(replica.watchPrefix("k", from));
            if (batch.isPresent()) {
                for (KvEvent event : ((Events) batch.get()).events()) {
                    assertTrue(event.revision() >= from);
                    if (event.kind() == KvEvent.Kind.PUT) {
                        mirror.put(event.key().utf8(), event.value().utf8());
                    } else {
                        mirror.remove(event.key().utf8());
                    }
                }
                from = ((Events) batch.get()).nextRevision();
            }
            for (int k = 0; k < 20; k++) {
                assertEquals(replica.value("k" + k), mirror.get("k" + k));
            }
        }
    }

    @Test
    void theHistoryHoldsItsLimitsWhateverItGrowsThrough() {
        int limit = 3_000;
        History history = new History(limit, 1L << 40);
        Bytes key = bytes("k");
        for (long revision = 1; revision <= 10_000; revision++) {
            Bytes value = bytes("v" + revision);
            history.put(key, value, revision);
            assertEquals(Math.max(1, revision - limit + 1), history.oldest());
            assertSame(value, history.value(revision));
            assertEquals("v" + history.oldest(), history.value(history.oldest()).utf8());
            assertEquals(history.oldest(), history.version(history.oldest()));
        }
    }

    @Test
    void malformedWatchesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Kv.watchKey(bytes("a"), -1));
        assertThrows(IllegalArgumentException.class, () -> Kv.watchKey(Bytes.empty(), 1));
        for (Bytes request : List.of(
                new BytesWriter().u8(KvFormat.WATCH).u8(3).bytes(bytes("a")).i64(1).toBytes(),
                new BytesWriter().u8(KvFormat.WATCH).u8(1).bytes(Bytes.empty()).i64(1).toBytes(),
                new BytesWriter().u8(KvFormat.WATCH).u8(1).bytes(bytes("a")).i64(-1).toBytes(),
                new BytesWriter().u8(KvFormat.WATCH).u8(1).bytes(bytes("a")).i64(1).u8(0).toBytes())) {
            assertThrows(CommandRejectedException.class, () -> replica.machine.watch(request));
        }
    }

    private static List<KvEvent> events(Optional<KvWatchBatch> batch, long nextRevision) {
        Events events = (Events) batch.orElseThrow();
        assertEquals(nextRevision, events.nextRevision());
        return events.events();
    }

    private static KvEvent put(String key, String value, long version, long revision) {
        return new KvEvent(KvEvent.Kind.PUT, bytes(key), bytes(value), version, revision);
    }

    private static KvEvent delete(String key, long revision) {
        return new KvEvent(KvEvent.Kind.DELETE, bytes(key), Bytes.empty(), 0, revision);
    }
}
