package io.quorate.kv.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.StateMachine;
import io.quorate.fuzz.Allocation;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.kv.Kv;
import io.quorate.kv.KvFormat;
import io.quorate.kv.KvLimits;
import io.quorate.kv.KvListRequest;
import io.quorate.kv.KvPage;
import io.quorate.kv.KvWatchBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Any bytes as commands, queries and watches, on two replicas: each is carried out or refused on both alike, a refused
 * one leaves nothing behind, and no answer is one that the client's reader does not understand.
 */
public final class KvFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final int HISTORY_EVENTS = 8;
    private static final long HISTORY_BYTES = 2_000;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 3_000, KvFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(30, "applied", "rejected");
        REACHED.requirePercent(30, "answered", "not answered");
        REACHED.require(50, "condition held", "condition failed", "deleted", "page", "events");
        REACHED.require(5, "compacted", "client read", "client refused");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        if (in.oneIn(6)) {
            readAsClient(in);
            return;
        }
        Replica one = new Replica(HISTORY_EVENTS, HISTORY_BYTES);
        Replica other = new Replica(HISTORY_EVENTS, HISTORY_BYTES);
        List<Bytes> applied = new ArrayList<>();
        List<StateMachine.Watch> watches = new ArrayList<>();
        for (int i = in.oneIn(3) ? 2 * HISTORY_EVENTS : 0; i > 0; i--) {
            Bytes command = Kv.put(Replica.bytes("a"), Bytes.empty()).payload();
            assertEquals(apply(one, command), apply(other, command));
            applied.add(command);
        }
        for (int i = 0; i < 40 && in.hasMore(); i++) {
            switch (in.below(6)) {
                case 4 -> ask(in, one, other);
                case 5 -> watch(in, one, other, watches);
                default -> {
                    Bytes command = command(in);
                    Optional<Bytes> result = apply(one, command);
                    assertEquals(result, apply(other, command));
                    result.ifPresent(answer -> applied.add(command));
                }
            }
            for (StateMachine.Watch watch : watches) {
                poll(watch);
            }
        }
        assertEquals(one.digest(), other.digest());
        Replica again = new Replica();
        for (Bytes command : applied) {
            apply(again, command);
        }
        assertEquals(one.digest(), again.digest(), "a refused command has left something behind");
    }

    private static Optional<Bytes> apply(Replica replica, Bytes command) throws MalformedBytesException {
        try {
            Bytes answer = replica.apply(command);
            REACHED.count("applied");
            switch (command.at(0)) {
                case KvFormat.PUT -> Kv.putResult(answer);
                case KvFormat.DELETE -> REACHED.count(Kv.deleteResult(answer).existed() ? "deleted" : "not there");
                case KvFormat.SET_IF ->
                    REACHED.count("condition " + (Kv.setIfResult(answer).applied() ? "held" : "failed"));
                default -> REACHED.count("condition " + (Kv.deleteIfResult(answer).applied() ? "held" : "failed"));
            }
            return Optional.of(answer);
        } catch (CommandRejectedException e) {
            assertTrue(!e.getMessage().isBlank());
            REACHED.count("rejected");
            return Optional.empty();
        }
    }

    private static void ask(FuzzInput in, Replica one, Replica other) throws Exception {
        Bytes query = query(in);
        Allocation.bounded(query.length(), 64, () -> answer(one, query));
        Optional<Bytes> answer = answer(one, query);
        assertEquals(answer, answer(other, query));
        if (answer.isPresent()) {
            REACHED.count("answered");
            switch (query.at(0)) {
                case KvFormat.GET -> Kv.read(answer.get());
                case KvFormat.COUNT -> Kv.countResult(answer.get());
                case KvFormat.DIGEST -> Kv.digestResult(answer.get());
                default -> {
                    KvPage page = Kv.page(answer.get());
                    assertTrue(page.entries().size() <= KvLimits.MAX_PAGE_ENTRIES);
                    REACHED.count("page");
                }
            }
        } else {
            REACHED.count("not answered");
        }
    }

    private static Optional<Bytes> answer(Replica replica, Bytes query) {
        try {
            return Optional.of(replica.machine.query(query));
        } catch (CommandRejectedException e) {
            return Optional.empty();
        }
    }

    private static void watch(FuzzInput in, Replica one, Replica other, List<StateMachine.Watch> watches) {
        BytesWriter out = new BytesWriter().u8(in.oneIn(16) ? in.u8() : KvFormat.WATCH)
            .u8(in.oneIn(16) ? in.u8() : 1 + in.below(2)).bytes(key(in))
            .i64(in.oneIn(2) ? in.below(20) : in.number());
        Bytes request = out.raw(in.oneIn(16) ? in.some(5) : Bytes.empty()).toBytes();
        boolean taken = false;
        try {
            watches.add(one.machine.watch(request));
            taken = true;
            other.machine.watch(request);
        } catch (CommandRejectedException e) {
            assertTrue(!taken, "taken by one replica and refused by the other");
        }
    }

    private static void poll(StateMachine.Watch watch) throws Exception {
        Optional<Bytes> news = watch.poll();
        if (news.isEmpty()) {
            return;
        }
        switch (Kv.watchBatch(news.get())) {
            case KvWatchBatch.Compacted compacted -> REACHED.count("compacted");
            case KvWatchBatch.Events events -> {
                long last = 0;
                for (var event : events.events()) {
                    assertTrue(event.revision() > last && event.revision() < events.nextRevision());
                    last = event.revision();
                    REACHED.count("events");
                }
            }
        }
    }

    private static Bytes command(FuzzInput in) {
        int kind = in.oneIn(24) ? in.u8() : 1 + in.below(4);
        BytesWriter out = new BytesWriter().u8(kind).bytes(key(in));
        if (kind >= KvFormat.SET_IF) {
            out.u8(in.oneIn(24) ? in.u8() : 1 + in.below(2)).i64(in.oneIn(2) ? in.below(4) : in.number());
        }
        if (kind == KvFormat.PUT || kind == KvFormat.SET_IF) {
            out.bytes(in.some(30));
        }
        return damaged(in, out);
    }

    private static Bytes query(FuzzInput in) {
        int kind = in.oneIn(24) ? in.u8() : KvFormat.GET + in.below(4);
        BytesWriter out = new BytesWriter().u8(kind);
        if (kind != KvFormat.DIGEST) {
            out.bytes(key(in));
        }
        if (kind == KvFormat.LIST) {
            boolean after = in.oneIn(2);
            out.bool(after);
            if (after) {
                out.bytes(key(in));
            }
            out.i32(in.oneIn(8) ? (int) in.number() : 1 + in.below(5)).bool(in.oneIn(2));
        }
        return damaged(in, out);
    }

    private static Bytes damaged(FuzzInput in, BytesWriter out) {
        byte[] bytes = out.toBytes().toByteArray();
        switch (in.below(12)) {
            case 9 -> in.damage(bytes, 0, bytes.length);
            case 10 -> {
                return Bytes.wrap(bytes, 0, in.below(bytes.length + 1));
            }
            case 11 -> {
                return new BytesWriter().raw(Bytes.wrap(bytes)).raw(in.some(5)).toBytes();
            }
            default -> { }
        }
        return Bytes.wrap(bytes);
    }

    /** Of few, so that they meet. */
    private static Bytes key(FuzzInput in) {
        byte[] key = {(byte) ('a' + in.below(3)), (byte) in.below(3)};
        return in.oneIn(16) ? in.some(20) : Bytes.wrap(key, 0, 1 + in.below(2));
    }

    /** Answers of a state machine that is another one, or mad. */
    private static void readAsClient(FuzzInput in) throws Exception {
        Replica replica = new Replica(HISTORY_EVENTS, HISTORY_BYTES);
        Bytes key = Replica.bytes("a");
        replica.put("a", "1");
        int kind = in.pick(KvFormat.PUT, KvFormat.DELETE, KvFormat.SET_IF, KvFormat.DELETE_IF, KvFormat.GET,
            KvFormat.LIST, KvFormat.COUNT, KvFormat.DIGEST, KvFormat.WATCH, KvFormat.WATCH_COMPACTED);
        byte[] answer = (switch (kind) {
            case KvFormat.PUT -> replica.apply(Kv.put(key, in.some(20)));
            case KvFormat.DELETE -> replica.apply(Kv.delete(key));
            case KvFormat.SET_IF -> replica.apply(Kv.compareAndSet(key, in.below(3), in.some(20)));
            case KvFormat.DELETE_IF -> replica.apply(Kv.deleteIfVersion(key, in.below(3)));
            case KvFormat.GET -> replica.machine.query(Kv.get(key));
            case KvFormat.LIST -> replica.machine.query(Kv.list(KvListRequest.of(key)));
            case KvFormat.COUNT -> replica.machine.query(Kv.count(key));
            case KvFormat.DIGEST -> replica.machine.query(Kv.digest());
            case KvFormat.WATCH -> replica.watchKey("a", 1).poll().orElseThrow();
            default -> new BytesWriter().u8(KvFormat.WATCH_COMPACTED).i64(in.number()).i64(in.number()).toBytes();
        }).toByteArray();
        in.damage(answer, 0, answer.length);
        Bytes hostile = in.oneIn(6) ? in.some(60) : Bytes.wrap(answer);
        Allocation.bounded(hostile.length(), 64, () -> read(kind, hostile));
    }

    private static void read(int kind, Bytes answer) {
        try {
            switch (kind) {
                case KvFormat.PUT -> Kv.putResult(answer);
                case KvFormat.DELETE -> Kv.deleteResult(answer);
                case KvFormat.SET_IF -> Kv.setIfResult(answer);
                case KvFormat.DELETE_IF -> Kv.deleteIfResult(answer);
                case KvFormat.GET -> Kv.read(answer);
                case KvFormat.LIST -> Kv.page(answer);
                case KvFormat.COUNT -> Kv.countResult(answer);
                case KvFormat.DIGEST -> Kv.digestResult(answer);
                default -> Kv.watchBatch(answer);
            }
            REACHED.count("client read");
        } catch (MalformedBytesException e) {
            REACHED.count("client refused");
        }
    }
}
