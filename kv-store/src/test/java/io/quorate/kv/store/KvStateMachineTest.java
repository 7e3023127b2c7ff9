package io.quorate.kv.store;

import static io.quorate.kv.store.Replica.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.StateMachine;
import io.quorate.kv.CasResult;
import io.quorate.kv.DeleteResult;
import io.quorate.kv.Kv;
import io.quorate.kv.KvDigest;
import io.quorate.kv.KvEntry;
import io.quorate.kv.KvFormat;
import io.quorate.kv.KvLimits;
import io.quorate.kv.KvListRequest;
import io.quorate.kv.KvPage;
import io.quorate.kv.PutResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What the store's commands and queries mean, a sentence each. */
class KvStateMachineTest {

    private final Replica replica = new Replica();

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void itIsFoundByItsName() {
        getClass().getModule().addUses(StateMachine.class);
        List<String> names = ServiceLoader.load(getClass().getModule().getLayer(), StateMachine.class).stream()
            .map(provider -> provider.get().name()).toList();
        assertTrue(names.contains("kv"), names.toString());
    }

    @Test
    void aPutCreatesAndThenChanges() {
        assertEquals(new PutResult(1, 1), replica.put("a", "1"));
        assertEquals(new PutResult(2, 1), replica.put("b", "1"));
        assertEquals(new PutResult(3, 2), replica.put("a", "2"));
        assertEquals(Optional.of(new KvEntry(bytes("a"), bytes("2"), 1, 3, 2)), replica.get("a"));
        assertEquals(3, replica.read("nothing").revision());
        assertTrue(replica.get("nothing").isEmpty());
    }

    @Test
    void aPutOfTheSameValueIsAChangeToo() {
        replica.put("a", "1");
        assertEquals(new PutResult(2, 2), replica.put("a", "1"));
    }

    @Test
    void anEmptyValueIsAValue() {
        replica.put("a", "");
        assertEquals("", replica.value("a"));
    }

    @Test
    void aDeletedKeyIsGoneAndBeginsAgainAtVersionOne() {
        replica.put("a", "1");
        replica.put("a", "2");
        assertEquals(new DeleteResult(true, 3), replica.delete("a"));
        assertTrue(replica.get("a").isEmpty());
        assertEquals(new PutResult(4, 1), replica.put("a", "3"));
        assertEquals(4, replica.get("a").orElseThrow().createRevision());
    }

    @Test
    void deletingNothingChangesNothing() {
        replica.put("a", "1");
        assertEquals(new DeleteResult(false, 1), replica.delete("b"));
        assertEquals(new PutResult(2, 2), replica.put("a", "2"));
    }

    @Test
    void versionZeroMeansThatTheKeyMustNotExist() {
        assertEquals(new CasResult(true, 1, 1, 1), replica.compareAndSet("lock", 0, "me"));
        assertEquals(new CasResult(false, 1, 1, 1), replica.compareAndSet("lock", 0, "you"));
        assertEquals("me", replica.value("lock"));
        replica.delete("lock");
        assertEquals(new CasResult(true, 1, 3, 3), replica.compareAndSet("lock", 0, "you"));
    }

    @Test
    void ofTwoWhoSawTheSameVersionOneWins() {
        replica.put("n", "0");
        CasResult first = replica.compareAndSet("n", 1, "first");
        CasResult second = replica.compareAndSet("n", 1, "second");
        assertTrue(first.applied());
        assertEquals(new CasResult(false, 2, 2, 2), second);
        assertEquals("first", replica.value("n"));
        assertTrue(replica.compareAndSet("n", second.version(), "second").applied(), "and the other knows how to go "
            + "on");
    }

    @Test
    void aConditionOnAKeyThatDoesNotExistDoesNotHold() {
        assertEquals(new CasResult(false, 0, 0, 0), replica.compareAndSet("n", 1, "x"));
        assertEquals(new CasResult(false, 0, 0, 0), replica.compareRevisionAndSet("n", 1, "x"));
        assertEquals(0, replica.digest().keys());
    }

    @Test
    void aRevisionTellsAKeyThatWasCreatedAnewFromTheOldOne() {
        replica.put("n", "old");
        replica.delete("n");
        replica.put("n", "new");
        assertTrue(replica.compareAndSet("n", 1, "x").applied(), "the version alone has come back");
        replica.put("m", "old");
        long seen = replica.get("m").orElseThrow().modRevision();
        replica.delete("m");
        replica.put("m", "new");
        assertFalse(replica.compareRevisionAndSet("m", seen, "x").applied());
        assertTrue(replica.compareRevisionAndSet("m", replica.get("m").orElseThrow().modRevision(), "x").applied());
        assertTrue(replica.compareRevisionAndSet("fresh", 0, "x").applied());
    }

    @Test
    void aConditionalDeleteDeletesWhatItExpects() {
        replica.put("a", "1");
        replica.put("a", "2");
        assertEquals(new CasResult(false, 2, 2, 2), replica.deleteIfVersion("a", 1));
        assertEquals(new CasResult(false, 2, 2, 2), replica.deleteIfRevision("a", 1));
        assertEquals(new CasResult(true, 0, 0, 3), replica.deleteIfVersion("a", 2));
        assertEquals(new CasResult(false, 0, 0, 3), replica.deleteIfVersion("a", 0), "nothing is not deleted again");
        replica.put("a", "3");
        assertEquals(new CasResult(true, 0, 0, 5), replica.deleteIfRevision("a", 4));
    }

    @Test
    void aPrefixIsListedInOrderOfItsBytes() {
        for (String key : List.of("b/2", "a", "b/10", "b", "c", "b/1", "b0", "B/1", "b/\u00e4")) {
            replica.put(key, key);
        }
        assertEquals(List.of("b/1", "b/10", "b/2", "b/\u00e4"), keys(replica.list(KvListRequest.of(bytes("b/")))));
        assertEquals(9, keys(replica.list(KvListRequest.of(Bytes.empty()))).size());
        assertEquals(4, replica.count(bytes("b/")));
        assertEquals(9, replica.count(Bytes.empty()));
        assertEquals(0, replica.count(bytes("x")));
    }

    @Test
    void bytesAreUnsignedAndAPrefixOfOnesHasAnEnd() {
        Bytes high = Bytes.wrap(new byte[] {(byte) 0xFF, (byte) 0xFF});
        Bytes higher = Bytes.wrap(new byte[] {(byte) 0xFF, (byte) 0xFF, 1});
        Bytes below = Bytes.wrap(new byte[] {(byte) 0xFF, (byte) 0xFE});
        for (Bytes key : List.of(higher, bytes("a"), high, below)) {
            replica.apply(Kv.put(key, Bytes.empty()));
        }
        assertEquals(List.of(bytes("a"), below, high, higher),
            replica.list(KvListRequest.of(Bytes.empty())).entries().stream().map(KvEntry::key).toList());
        assertEquals(2, replica.count(high));
        assertEquals(3, replica.count(Bytes.wrap(new byte[] {(byte) 0xFF})));
        assertEquals(1, replica.count(below));
    }

    @Test
    void pagesFollowOneAnotherWithoutGapAndEndByThemselves() {
        for (int i = 0; i < 10; i++) {
            replica.put("k" + i, "v");
        }
        replica.put("l", "v");
        replica.put("b", "v");
        List<String> seen = new ArrayList<>();
        KvListRequest request = KvListRequest.of(bytes("k")).withLimit(4);
        KvPage page = replica.list(request);
        int pages = 1;
        for (seen.addAll(keys(page)); page.last().isPresent(); seen.addAll(keys(page))) {
            page = replica.list(request.after(page.last().orElseThrow()));
            pages++;
        }
        assertEquals(List.of("k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"), seen);
        assertEquals(3, pages);
        assertFalse(replica.list(request.withLimit(10)).more(), "a full last page says that it is the last");
        assertEquals(10, replica.list(request.after(bytes("a")).withLimit(20)).entries().size(),
            "a place before the prefix is its beginning");
        assertEquals(0, replica.list(request.after(bytes("l"))).entries().size());
    }

    @Test
    void aPageEndsBehindAMegabyte() {
        String large = "x".repeat(300_000);
        for (int i = 0; i < 5; i++) {
            replica.put("k" + i, large);
        }
        KvPage page = replica.list(KvListRequest.of(bytes("k")));
        assertEquals(3, page.entries().size());
        assertTrue(page.more());
        assertEquals(5, replica.list(KvListRequest.of(bytes("k")).withoutValues()).entries().size());
        assertTrue(replica.list(KvListRequest.of(bytes("k")).withoutValues()).entries().get(0).value().isEmpty());
    }

    @Test
    void keysAndValuesHaveTheirLimits() throws Exception {
        Bytes longest = Bytes.wrap(new byte[KvLimits.MAX_KEY_BYTES]);
        Bytes largest = Bytes.wrap(new byte[KvLimits.MAX_VALUE_BYTES]);
        replica.apply(Kv.put(longest, largest));
        assertEquals(largest, Kv.read(replica.machine.query(Kv.get(longest))).entry().orElseThrow().value());
        Bytes tooLong = Bytes.wrap(new byte[KvLimits.MAX_KEY_BYTES + 1]);
        Bytes tooLarge = Bytes.wrap(new byte[KvLimits.MAX_VALUE_BYTES + 1]);
        assertThrows(IllegalArgumentException.class, () -> Kv.put(tooLong, largest));
        assertThrows(IllegalArgumentException.class, () -> Kv.put(Bytes.empty(), largest));
        assertThrows(IllegalArgumentException.class, () -> Kv.put(longest, tooLarge));
        assertThrows(IllegalArgumentException.class, () -> Kv.compareAndSet(longest, -1, largest));
        assertThrows(IllegalArgumentException.class, () -> KvListRequest.of(tooLong));
        assertThrows(IllegalArgumentException.class, () -> KvListRequest.of(longest).withLimit(0));
        // Whoever encodes by itself is refused by the store.
        refused("key: found 1025 bytes, expected 1 to 1024", raw(tooLong, largest));
        refused("key: found 0 bytes", raw(Bytes.empty(), largest));
        refused("value: found 524289 bytes, expected 0 to 524288", raw(longest, tooLarge));
    }

    @Test
    void aValueDoesNotHoldOnToTheEntryThatBroughtIt() {
        byte[] batch = new byte[10_000];
        byte[] put = Kv.put(bytes("k"), bytes("v")).payload().toByteArray();
        System.arraycopy(put, 0, batch, 5_000, put.length);
        replica.apply(new Command(Bytes.wrap(batch, 5_000, put.length)));
        // Only a test may write to an array that it gave away: it shows whether the store still looks at it.
        Arrays.fill(batch, (byte) 'x');
        assertEquals("v", replica.value("k"));
        assertEquals(List.of("k"), keys(replica.list(KvListRequest.of(Bytes.empty()))));
    }

    @Test
    void whatItDoesNotKnowIsRefused() {
        refused("found command 0x21", Kv.get(bytes("a")));
        refused("found command 0x7f", Bytes.wrap(new byte[] {0x7F}));
        refused("malformed command", Bytes.empty());
        refused("found comparison 3", new BytesWriter().u8(KvFormat.SET_IF).bytes(bytes("a")).u8(3).i64(0)
            .bytes(bytes("v")).toBytes());
        assertThrows(CommandRejectedException.class, () -> replica.machine.query(Kv.put(bytes("a"), bytes("b"))
            .payload()));
        assertThrows(CommandRejectedException.class, () -> replica.machine.query(new BytesWriter().u8(KvFormat.LIST)
            .bytes(Bytes.empty()).bool(false).i32(KvLimits.MAX_PAGE_ENTRIES + 1).bool(false).toBytes()));
        assertThrows(CommandRejectedException.class, () -> replica.machine.watch(Kv.get(bytes("a"))));
    }

    @Test
    void everyTruncationOfACommandIsRefusedAndChangesNothing() throws Exception {
        replica.put("key", "before");
        for (Command command : commands()) {
            Bytes whole = command.payload();
            KvDigest before = replica.digest();
            for (int length = 0; length < whole.length(); length++) {
                Bytes cut = whole.slice(0, length);
                assertThrows(CommandRejectedException.class, () -> replica.apply(cut), () -> cut.hex());
            }
            Bytes longer = new BytesWriter().raw(whole).u8(0).toBytes();
            assertThrows(CommandRejectedException.class, () -> replica.apply(longer));
            assertEquals(before, replica.digest());
            replica.apply(whole);
            assertTrue(replica.digest().revision() > before.revision(), "whole, it would have changed something");
        }
    }

    @Test
    void everyTruncationOfAQuestionIsRefused() {
        for (Bytes query : List.of(Kv.get(bytes("key")), Kv.count(bytes("key")), Kv.digest(),
                Kv.list(KvListRequest.of(bytes("key")).after(bytes("key1"))))) {
            for (int length = 0; length < query.length(); length++) {
                Bytes cut = query.slice(0, length);
                assertThrows(CommandRejectedException.class, () -> replica.machine.query(cut));
            }
            assertThrows(CommandRejectedException.class,
                () -> replica.machine.query(new BytesWriter().raw(query).u8(0).toBytes()));
        }
        Bytes watch = Kv.watchKey(bytes("key"), 1);
        for (int length = 0; length < watch.length(); length++) {
            Bytes cut = watch.slice(0, length);
            assertThrows(CommandRejectedException.class, () -> replica.machine.watch(cut));
        }
    }

    @Test
    void damagedCommandsAreRefusedOrMeanSomethingAndNeverBreakAnything() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = commands().get(i % 6).payload().toByteArray();
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            long before = replica.digest().digest();
            long revision = replica.digest().revision();
            try {
                replica.apply(Bytes.wrap(damaged));
            } catch (CommandRejectedException refusal) {
                assertEquals(before, replica.digest().digest());
                assertEquals(revision, replica.digest().revision());
            }
        }
    }

    @Test
    void aLongRandomStoryAgreesWithASimpleModel() {
        Random random = new Random(42);
        TreeMap<String, KvEntry> model = new TreeMap<>();
        long revision = 0;
        for (int i = 0; i < 50_000; i++) {
            String key = "k" + random.nextInt(200);
            KvEntry present = model.get(key);
            long version = present == null ? 0 : present.version();
            long guess = random.nextInt(3) == 0 ? random.nextInt(4) : version;
            Bytes value = bytes("v" + i);
            switch (random.nextInt(4)) {
                case 0 -> {
                    assertEquals(new PutResult(++revision, version + 1), replica.put(key, "v" + i));
                    model.put(key, next(key, present, value, revision));
                }
                case 1 -> {
                    boolean holds = guess == version;
                    assertEquals(holds, replica.compareAndSet(key, guess, "v" + i).applied());
                    if (holds) {
                        model.put(key, next(key, present, value, ++revision));
                    }
                }
                case 2 -> {
                    revision += present == null ? 0 : 1;
                    assertEquals(new DeleteResult(present != null, revision), replica.delete(key));
                    model.remove(key);
                }
                default -> {
                    boolean holds = present != null && guess == version;
                    assertEquals(holds, replica.deleteIfVersion(key, guess).applied());
                    if (holds) {
                        revision++;
                        model.remove(key);
                    }
                }
            }
            assertEquals(Optional.ofNullable(model.get(key)), replica.get(key));
        }
        assertEquals(List.copyOf(model.values()), replica.list(KvListRequest.of(bytes("k"))).entries());
        assertEquals(model.size(), replica.digest().keys());
        assertEquals(revision, replica.digest().revision());
    }

    @Test
    void replicasThatAppliedTheSameHaveTheSameDigest() {
        Replica other = new Replica(10, 1_000);
        Random random = new Random(3);
        for (int i = 0; i < 5_000; i++) {
            Command command = randomCommand(random);
            assertEquals(replica.apply(command), other.apply(command));
            assertEquals(replica.digest(), other.digest());
        }
    }

    @Test
    void replicasThatDifferInOneThingHaveDifferentDigests() {
        List<List<Command>> stories = List.of(
            List.of(),
            List.of(Kv.put(bytes("a"), bytes("1"))),
            List.of(Kv.put(bytes("a"), bytes("2"))),
            List.of(Kv.put(bytes("b"), bytes("1"))),
            List.of(Kv.put(bytes("a"), bytes(""))),
            List.of(Kv.put(bytes("a"), bytes("1")), Kv.put(bytes("a"), bytes("1"))),
            List.of(Kv.put(bytes("a"), bytes("1")), Kv.delete(bytes("a"))),
            List.of(Kv.put(bytes("a"), bytes("1")), Kv.put(bytes("b"), bytes("1"))),
            List.of(Kv.put(bytes("b"), bytes("1")), Kv.put(bytes("a"), bytes("1"))),
            List.of(Kv.put(bytes("a"), bytes("0")), Kv.delete(bytes("a")), Kv.put(bytes("a"), bytes("1"))));
        List<Long> digests = new ArrayList<>();
        for (List<Command> story : stories) {
            Replica one = new Replica();
            story.forEach(one::apply);
            digests.add(one.digest().digest());
        }
        assertEquals(stories.size(), digests.stream().distinct().count(), digests.toString());
    }

    @Test
    void aDigestTellsVersionsApartThatAreTheOnlyDifference() {
        Replica even = story("a", "b", "a", "b", "a", "b");
        Replica odd = story("a", "b", "b", "b", "a", "b");
        assertEquals(even.get("a").orElseThrow().modRevision(), odd.get("a").orElseThrow().modRevision());
        assertNotEquals(even.digest(), odd.digest());
    }

    @Test
    void aDigestIsOfTheStateAndNotOfTheWayThere() {
        Replica one = story("a");
        one.delete("a");
        Replica other = story("b");
        other.delete("b");
        assertEquals(one.digest(), other.digest());
    }

    private static Replica story(String... keys) {
        Replica replica = new Replica();
        for (String key : keys) {
            replica.put(key, "v");
        }
        return replica;
    }

    private List<String> keys(KvPage page) {
        return page.entries().stream().map(entry -> entry.key().utf8()).toList();
    }

    private static KvEntry next(String key, KvEntry present, Bytes value, long revision) {
        return new KvEntry(bytes(key), value, present == null ? revision : present.createRevision(), revision,
            present == null ? 1 : present.version() + 1);
    }

    /** One of each, made so that each changes something in its turn. */
    private static List<Command> commands() {
        Bytes key = bytes("key");
        return List.of(Kv.put(key, bytes("value")), Kv.compareAndSet(key, 2, bytes("value")),
            Kv.compareRevisionAndSet(key, 3, bytes("value")), Kv.deleteIfVersion(key, 4),
            Kv.compareAndSet(key, 0, bytes("value")), Kv.delete(key));
    }

    private static Command randomCommand(Random random) {
        Bytes key = bytes("k" + random.nextInt(20));
        Bytes value = bytes("v" + random.nextInt(5));
        return switch (random.nextInt(4)) {
            case 0 -> Kv.put(key, value);
            case 1 -> Kv.delete(key);
            case 2 -> Kv.compareAndSet(key, random.nextInt(3), value);
            default -> Kv.deleteIfVersion(key, random.nextInt(3));
        };
    }

    private static Bytes raw(Bytes key, Bytes value) {
        return new BytesWriter().u8(KvFormat.PUT).bytes(key).bytes(value).toBytes();
    }

    private void refused(String words, Bytes payload) {
        KvDigest before = replica.digest();
        CommandRejectedException e = assertThrows(CommandRejectedException.class, () -> replica.apply(payload));
        assertTrue(e.getMessage().contains(words), e.getMessage());
        assertEquals(before, replica.digest());
        assertNull(e.getCause());
    }
}
