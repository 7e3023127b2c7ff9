package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.Term;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.node.StateTrace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What replicas remember of sessions, as a function of the log. */
class ClientSessionsTest {

    /** One replica. */
    private static final class Replica {
        final ClientSessions sessions = new ClientSessions();
        final RecordingMachine machine = new RecordingMachine();
        final CommandRunner runner = new CommandRunner(machine, sessions, StateTrace.NONE);
        long index;

        List<Outcome> apply(CommandBatch.Joiner batch) throws MalformedBytesException {
            return runner.apply(new CommittedEntry(new Term(1), new LogIndex(++index), EntryType.COMMANDS,
                FakeLog.joined(batch.toParts())), true);
        }

        long open() throws MalformedBytesException {
            return new BytesReader(apply(new CommandBatch.Joiner().addOpening(1_000)).getFirst().payload()).i64();
        }

        void pass(long millis) throws MalformedBytesException {
            for (long left = millis; left > 0; left -= SessionLimits.MAX_TICK_MILLIS) {
                index++;
                runner.advance(ClientSessions.elapsed(Math.min(left, SessionLimits.MAX_TICK_MILLIS)));
            }
        }
    }

    private final Replica replica = new Replica();

    @Test
    void aSessionsNumberFollowsFromItsSecretAndIsAnotherOneEachTime() throws MalformedBytesException {
        SplittableRandom random = new SplittableRandom(8);
        long secret = CommandBatch.newSecret(random);
        long session = opened(replica.apply(new CommandBatch.Joiner().addOpening(secret)).getFirst());
        one(session, 1, 1, "a");
        // The opening was held up on its way and comes once more: what it opens has nothing to do with the first.
        long again = opened(replica.apply(new CommandBatch.Joiner().addOpening(secret)).getFirst());
        assertNotEquals(session, again);
        assertEquals("a#1", one(session, 1, 1, "a").message());
        Replica other = new Replica();
        long elsewhere = opened(other.apply(new CommandBatch.Joiner().addOpening(CommandBatch.newSecret(random)))
            .getFirst());
        assertTrue(Math.abs(elsewhere - session) > 1L << 32, "the same place in a log, and nothing in common");
    }

    private static long opened(Outcome outcome) throws MalformedBytesException {
        return new BytesReader(outcome.payload()).i64();
    }

    private static CommandBatch.Joiner of(long session, long sequence, long answeredBelow, String command) {
        return new CommandBatch.Joiner().add(session, sequence, answeredBelow, Bytes.utf8(command));
    }

    private Outcome one(long session, long sequence, long answeredBelow, String command)
            throws MalformedBytesException {
        return replica.apply(of(session, sequence, answeredBelow, command)).getFirst();
    }

    @Test
    void aRepetitionGetsTheFirstResultAndIsNotApplied() throws MalformedBytesException {
        long session = replica.open();
        assertEquals("a#1", one(session, 1, 1, "a").message());
        assertEquals("no reject", one(session, 2, 1, "reject").message());
        assertEquals("b#2", one(session, 3, 1, "b").message());
        assertEquals("a#1", one(session, 1, 1, "a").message());
        assertEquals(Outcome.Kind.REJECTED, one(session, 2, 1, "reject").kind());
        assertEquals("b#2", one(session, 3, 1, "b").message());
        assertEquals(List.of("a", "b"), replica.machine.applied);
    }

    @Test
    void sequencesThatOvertookOneAnotherAreEachAppliedOnce() throws MalformedBytesException {
        long session = replica.open();
        assertEquals("c#1", one(session, 3, 1, "c").message());
        CommandBatch.Joiner all = new CommandBatch.Joiner();
        for (int i = 1; i <= 5; i++) {
            all.add(session, i, 1, Bytes.utf8("" + (char) ('a' + i - 1)));
        }
        assertEquals(List.of("a#2", "b#3", "c#1", "d#4", "e#5"),
            replica.apply(all).stream().map(Outcome::message).toList());
        assertEquals(List.of("c", "a", "b", "d", "e"), replica.machine.applied);
        for (int i = 1; i <= 5; i++) {
            assertEquals(Outcome.Kind.OK, one(session, i, 1, "again").kind());
        }
        assertEquals(5, replica.machine.applied.size());
    }

    @Test
    void whatIsAnsweredIsForgottenAndStillNotAppliedAgain() throws MalformedBytesException {
        long session = replica.open();
        one(session, 1, 1, "a");
        long before = replica.sessions.bytes();
        one(session, 2, 2, "b");
        assertEquals(before, replica.sessions.bytes(), "one result is kept, as before");
        assertEquals(Outcome.RESULT_GONE, one(session, 1, 1, "a"));
        one(session, 9, 8, "i");
        assertEquals(Outcome.RESULT_GONE, one(session, 5, 5, "given up before it came"));
        assertEquals(List.of("a", "b", "i"), replica.machine.applied);
    }

    @Test
    void twoSessionsAndCommandsWithoutOneDoNotMeet() throws MalformedBytesException {
        long first = replica.open();
        long second = replica.open();
        List<Outcome> outcomes = replica.apply(new CommandBatch.Joiner().add(first, 1, 1, Bytes.utf8("x"))
            .add(Bytes.utf8("y")).add(second, 1, 1, Bytes.utf8("z")).add(Bytes.utf8("y")));
        assertEquals(List.of("x#1", "y#2", "z#3", "y#4"), outcomes.stream().map(Outcome::message).toList());
        assertEquals("z#3", one(second, 1, 1, "z").message());
    }

    @Test
    void aSessionThatIsUsedLivesAndOneThatIsNotExpiresThroughTheLog() throws MalformedBytesException {
        long idle = replica.open();
        long used = replica.open();
        one(idle, 1, 1, "a");
        replica.pass(SessionLimits.TIMEOUT_MILLIS - 1);
        one(used, 1, 1, "b");
        assertEquals("a#1", new Replay(replica).one(idle, 1));
        replica.pass(1);
        assertEquals(Outcome.SESSION_EXPIRED, one(idle, 1, 1, "a"));
        assertEquals("b#2", one(used, 1, 1, "b").message());
        assertEquals(List.of("a", "b"), replica.machine.applied);
        replica.pass(SessionLimits.TIMEOUT_MILLIS);
        assertEquals(0, replica.sessions.count());
        assertEquals(0, replica.sessions.bytes());
    }

    /** Looks at a copy, so that looking does not count as use. */
    private record Replay(Replica of) {
        String one(long session, long sequence) throws MalformedBytesException {
            ClientSessions copy = new ClientSessions();
            copy.restore(of.sessions.image().encode());
            return copy.use(session, 1).known(sequence).message();
        }
    }

    @Test
    void aSnapshotKeepsWhatMustNotBeAppliedAgain() throws MalformedBytesException {
        long session = replica.open();
        one(session, 1, 1, "a");
        one(session, 3, 2, "c");
        replica.pass(5_000);
        Replica other = new Replica();
        other.sessions.restore(replica.sessions.image().encode());
        other.index = replica.index;
        assertEquals(replica.sessions.hash(), other.sessions.hash());
        assertEquals(replica.sessions.bytes(), other.sessions.bytes());
        assertEquals("c#2", other.apply(of(session, 3, 2, "c")).getFirst().message());
        assertEquals(Outcome.RESULT_GONE, other.apply(of(session, 1, 1, "a")).getFirst());
        assertEquals(List.of(), other.machine.applied);
        assertNull(other.sessions.use(session + 1, 1));
        other.pass(SessionLimits.TIMEOUT_MILLIS);
        assertEquals(0, other.sessions.count());
    }

    @Test
    void memoryIsBoundedByCountAndBytesAndTheOldestGoFirst() throws MalformedBytesException {
        long first = replica.open();
        for (int i = 0; i < SessionLimits.MAX_SESSIONS; i++) {
            replica.open();
        }
        assertEquals(SessionLimits.MAX_SESSIONS, replica.sessions.count());
        assertEquals(Outcome.SESSION_EXPIRED, one(first, 1, 1, "a"));

        long large = replica.open();
        String kilobyte = "x".repeat(50);
        for (int i = 1; i <= 40_000; i++) {
            one(large, i, 1, kilobyte);
            assertTrue(replica.sessions.bytes() <= SessionLimits.MAX_BYTES);
        }
        assertEquals(Outcome.RESULT_GONE, one(large, 1, 1, kilobyte), "its oldest results are dropped");
        assertEquals(Outcome.Kind.OK, one(large, 40_000, 1, kilobyte).kind());
        assertEquals(40_000, replica.machine.applied.size());

        List<Long> many = new ArrayList<>();
        for (int s = 0; s < 6; s++) {
            long session = replica.open();
            many.add(session);
            for (int i = 1; i <= 20_000; i++) {
                one(session, i, 1, kilobyte);
            }
            assertTrue(replica.sessions.bytes() <= SessionLimits.MAX_BYTES, "found " + replica.sessions.bytes());
        }
        assertEquals(Outcome.SESSION_EXPIRED, one(large, 40_000, 1, kilobyte));
        assertEquals(Outcome.Kind.OK, one(many.getLast(), 20_000, 1, kilobyte).kind());
    }

    @Test
    void replicasThatApplyTheSameAgreeAlsoAfterASnapshotInBetween() throws MalformedBytesException, IOException {
        for (long seed = 0; seed < 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Replica replica = new Replica();
            Replica other = new Replica();
            List<Long> open = new ArrayList<>();
            for (int step = 0; step < 400; step++) {
                int what = random.nextInt(20);
                if (what == 0 || open.isEmpty()) {
                    open.add(replica.open());
                    other.open();
                } else if (what == 1) {
                    long millis = random.nextLong(SessionLimits.TIMEOUT_MILLIS / 4);
                    replica.pass(millis);
                    other.pass(millis);
                } else if (what == 2) {
                    Replica restored = new Replica();
                    ByteArrayOutputStream written = new ByteArrayOutputStream();
                    other.sessions.image().write(written);
                    assertEquals(other.sessions.image().encode(), Bytes.wrap(written.toByteArray()));
                    restored.sessions.restore(other.sessions.image().encode());
                    restored.machine.applied.addAll(other.machine.applied);
                    restored.index = other.index;
                    other = restored;
                } else {
                    long first = 1 + random.nextInt(60);
                    CommandBatch.Joiner batch = new CommandBatch.Joiner();
                    long session = open.get(random.nextInt(open.size()));
                    long below = 1 + random.nextLong(first);
                    for (int i = 0; i <= random.nextInt(5); i++) {
                        batch.add(session, first + i, below, Bytes.utf8("s" + session + "/" + (first + i)));
                    }
                    Bytes payload = FakeLog.joined(batch.toParts());
                    CommittedEntry entry = new CommittedEntry(new Term(1), new LogIndex(++replica.index),
                        EntryType.COMMANDS, payload);
                    other.index++;
                    assertEquals(replica.runner.apply(entry, true), other.runner.apply(entry, true));
                }
                assertEquals(replica.sessions.hash(), other.sessions.hash(), "seed " + seed + ", step " + step);
            }
            List<String> applied = replica.machine.applied;
            assertEquals(applied.size(), applied.stream().distinct().count(), "each sequence once");
            assertEquals(applied, other.machine.applied);
        }
    }

    @Test
    void whatIsNoStateOrNoTimeIsRefused() throws MalformedBytesException {
        replica.open();
        Bytes good = replica.sessions.image().encode();
        for (int length = 0; length < good.length(); length++) {
            Bytes cut = good.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> new ClientSessions().restore(cut), "at " + length);
        }
        for (long millis : List.of(-1L, 0L, SessionLimits.MAX_TICK_MILLIS + 1)) {
            assertThrows(MalformedBytesException.class,
                () -> replica.sessions.advance(ClientSessions.elapsed(millis)));
        }
    }
}
