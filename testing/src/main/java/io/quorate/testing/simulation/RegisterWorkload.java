package io.quorate.testing.simulation;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.Consistency;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import io.quorate.testing.simulation.Linearizability.Operation;
import io.quorate.testing.simulation.Linearizability.Verdict;
import io.quorate.testing.simulation.RegisterModel.Action;
import io.quorate.testing.simulation.RegisterModel.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A few keys that clients write, compare and set, delete and read. What they see must be linearizable for each key, and
 * no command may take effect twice.
 */
public final class RegisterWorkload implements Workload {

    private static final int WRITE = 1;
    private static final int COMPARE_AND_SET = 2;
    private static final int DELETE = 3;
    private static final int READ = 4;
    private static final int MAX_STRING_BYTES = 1 << 20;
    private static final String UNREAD = "unread";

    private final int keys;
    private final double reads;
    private final int valueBytes;

    /**
     * A workload.
     *
     * @param keys how many keys there are
     * @param reads how large a part of all requests are reads, 0 to 1
     * @param valueBytes about how long a value is
     */
    public RegisterWorkload(int keys, double reads, int valueBytes) {
        this.keys = keys;
        this.reads = reads;
        this.valueBytes = valueBytes;
    }

    @Override
    public StateMachine stateMachine() {
        return new Machine();
    }

    @Override
    public Request next(RandomGenerator random, long number) {
        String key = "k" + random.nextInt(keys);
        if (random.nextDouble() < reads) {
            return Request.query(new BytesWriter().u8(READ).string(key).toBytes(),
                random.nextBoolean() ? Consistency.LINEARIZABLE : Consistency.LEASE);
        }
        String value = "v" + number + "-" + "x".repeat(random.nextInt(valueBytes + 1));
        BytesWriter out = new BytesWriter();
        switch (random.nextInt(5)) {
            case 0 -> out.u8(DELETE).string(key);
            case 1 -> out.u8(COMPARE_AND_SET).string(key).bool(false).string("").string(value);
            default -> out.u8(WRITE).string(key).string(value);
        }
        return Request.command(out.i64(number).toBytes());
    }

    @Override
    public void check(List<Exchange> history) {
        Map<String, List<Operation<Action, Answer>>> byKey = new TreeMap<>();
        Set<String> read = new HashSet<>();
        history.forEach(exchange -> exchange.answer().ifPresent(answer -> {
            if (answerOf(Parsed.of(exchange.request().payload()).action, answer) instanceof Answer.Found found) {
                found.value().ifPresent(read::add);
            }
        }));
        for (Exchange exchange : history) {
            Parsed parsed = Parsed.of(exchange.request().payload());
            boolean isRead = parsed.action instanceof Action.Read;
            if (exchange.answer().isEmpty() && isRead) {
                continue; // It says nothing.
            }
            byKey.computeIfAbsent(parsed.key, key -> new ArrayList<>()).add(new Operation<>(exchange.client(),
                alike(parsed.action, read),
                exchange.answer().map(answer -> answerOf(parsed.action, answer)),
                exchange.invokedNanos(), exchange.returnedNanos()));
        }
        byKey.forEach((key, operations) -> {
            Verdict verdict = Linearizability.check(operations, new RegisterModel());
            if (!(verdict instanceof Verdict.Linearizable)) {
                throw new Violation("linearizable for each key", key + ": " + verdict);
            }
        });
    }

    /** Nobody has read what it may have written: then it may as well have written what others may have, too. */
    private static Action alike(Action action, Set<String> read) {
        return switch (action) {
            case Action.Write write when !read.contains(write.value()) -> new Action.Write(UNREAD);
            case Action.CompareAndSet cas when !read.contains(cas.value()) ->
                new Action.CompareAndSet(cas.expected(), UNREAD);
            default -> action;
        };
    }

    private static Answer answerOf(Action action, Bytes answer) {
        return switch (action) {
            case Action.Write write -> new Answer.Done();
            case Action.Delete delete -> new Answer.Done();
            case Action.CompareAndSet cas -> new Answer.Compared(answer.at(0) == 1);
            case Action.Read read -> new Answer.Found(answer.at(0) == 1
                ? Optional.of(answer.slice(1, answer.length() - 1).utf8()) : Optional.empty());
        };
    }

    /** A request's meaning. */
    private record Parsed(String key, Action action, long number) {

        static Parsed of(Bytes payload) {
            try {
                BytesReader in = new BytesReader(payload);
                int kind = in.u8();
                String key = in.string(MAX_STRING_BYTES);
                Action action = switch (kind) {
                    case WRITE -> new Action.Write(in.string(MAX_STRING_BYTES));
                    case COMPARE_AND_SET -> {
                        boolean present = in.bool();
                        String expected = in.string(MAX_STRING_BYTES);
                        yield new Action.CompareAndSet(present ? Optional.of(expected) : Optional.empty(),
                            in.string(MAX_STRING_BYTES));
                    }
                    case DELETE -> new Action.Delete();
                    case READ -> new Action.Read();
                    default -> throw new MalformedBytesException("found request " + kind + ", expected 1 to 4");
                };
                return new Parsed(key, action, kind == READ ? 0 : in.i64());
            } catch (MalformedBytesException e) {
                throw new IllegalArgumentException(e);
            }
        }
    }

    /** The keys, and which commands have taken effect. */
    private static final class Machine implements StateMachine {

        private final TreeMap<String, String> values = new TreeMap<>();
        private final TreeMap<Long, Boolean> done = new TreeMap<>();

        @Override
        public String name() {
            return "registers";
        }

        @Override
        public Bytes apply(AppliedCommand command) {
            Parsed parsed = Parsed.of(command.payload());
            if (done.put(parsed.number, true) != null) {
                throw new Violation("at most one effect of a command", "found command " + parsed.number
                    + " applied again at entry " + command.index());
            }
            boolean changed = switch (parsed.action) {
                case Action.Write write -> {
                    values.put(parsed.key, write.value());
                    yield true;
                }
                case Action.Delete delete -> {
                    values.remove(parsed.key);
                    yield true;
                }
                case Action.CompareAndSet cas -> {
                    boolean swaps = Optional.ofNullable(values.get(parsed.key)).equals(cas.expected());
                    if (swaps) {
                        values.put(parsed.key, cas.value());
                    }
                    yield swaps;
                }
                case Action.Read read -> throw new IllegalStateException("found a read, expected a command");
            };
            return new BytesWriter(1).bool(changed).toBytes();
        }

        @Override
        public Bytes query(Bytes query) throws CommandRejectedException {
            String value = values.get(Parsed.of(query).key);
            BytesWriter out = new BytesWriter().bool(value != null);
            return value == null ? out.toBytes() : out.raw(Bytes.utf8(value)).toBytes();
        }

        @Override
        public StateMachineSnapshot snapshot() {
            BytesWriter out = new BytesWriter().i32(values.size());
            values.forEach((key, value) -> out.string(key).string(value));
            out.i32(done.size());
            done.keySet().forEach(out::i64);
            byte[] frozen = out.toBytes().toByteArray();
            return new StateMachineSnapshot() {
                @Override
                public void write(OutputStream to) throws IOException {
                    to.write(frozen);
                }

                @Override
                public void close() {
                    // Nothing is held but the bytes.
                }
            };
        }

        @Override
        public void restore(InputStream from) throws IOException {
            values.clear();
            done.clear();
            try {
                BytesReader in = new BytesReader(Bytes.wrap(from.readAllBytes()));
                for (int left = in.i32(); left > 0; left--) {
                    values.put(in.string(MAX_STRING_BYTES), in.string(MAX_STRING_BYTES));
                }
                for (int left = in.i32(); left > 0; left--) {
                    done.put(in.i64(), true);
                }
                in.end();
            } catch (MalformedBytesException e) {
                throw new IOException(e);
            }
        }
    }
}
