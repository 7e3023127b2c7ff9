package io.quorate.distribution.simulation;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.Consistency;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.StateMachine;
import io.quorate.kv.Kv;
import io.quorate.kv.KvEntry;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.plugin.Plugins;
import io.quorate.testing.simulation.Linearizability;
import io.quorate.testing.simulation.Linearizability.Operation;
import io.quorate.testing.simulation.Linearizability.Verdict;
import io.quorate.testing.simulation.Workload;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** The key-value store in the box: versions and all must be linearizable for each key. */
final class KvWorkload implements Workload {

    private static final int KEYS = 3;
    private static final Bytes NEVER_SEEN = Bytes.utf8("never seen");

    /** What is done to a key. */
    private sealed interface Action {

        record Put(Bytes value) implements Action {
        }

        record Delete() implements Action {
        }

        record Swap(long expectedVersion, Bytes value) implements Action {
        }

        record Get() implements Action {
        }
    }

    /** What was answered: whether it was done or found, the version, the value that was read. */
    private record Answer(boolean yes, long version, Optional<Bytes> value) {
    }

    private record State(Optional<Bytes> value, long version) {
    }

    private record Asked(String key, Action action) {
    }

    private final Map<Request, Asked> asked = new IdentityHashMap<>();

    @Override
    public StateMachine stateMachine() {
        try {
            return Plugins.load().stateMachine(Optional.of("kv"));
        } catch (PluginException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Request next(RandomGenerator random, long number) {
        String key = "key-" + random.nextInt(KEYS);
        Bytes name = Bytes.utf8(key);
        Bytes value = Bytes.utf8("value-" + number);
        long version = random.nextInt(3);
        Action action = switch (random.nextInt(8)) {
            case 0 -> new Action.Delete();
            case 1, 2 -> new Action.Swap(version, value);
            case 3, 4, 5 -> new Action.Put(value);
            default -> new Action.Get();
        };
        Request request = switch (action) {
            case Action.Delete delete -> command(Kv.delete(name));
            case Action.Swap swap -> command(Kv.compareAndSet(name, version, value));
            case Action.Put put -> command(Kv.put(name, value));
            case Action.Get get -> Request.query(Kv.get(name), Consistency.LINEARIZABLE);
        };
        asked.put(request, new Asked(key, action));
        return request;
    }

    private static Request command(Command command) {
        return Request.command(command.payload());
    }

    @Override
    public void check(List<Exchange> history) {
        Set<Bytes> seen = new HashSet<>();
        for (Exchange exchange : history) {
            Action action = asked.get(exchange.request()).action;
            if (action instanceof Action.Get) {
                exchange.answer().flatMap(answer -> read(action, answer).value()).ifPresent(seen::add);
            }
        }
        Map<String, List<Operation<Action, Answer>>> byKey = new TreeMap<>();
        for (Exchange exchange : history) {
            Asked what = asked.get(exchange.request());
            if (what.action instanceof Action.Get && exchange.answer().isEmpty()) {
                continue; // It says nothing.
            }
            Action action = unseen(what.action, seen);
            byKey.computeIfAbsent(what.key, key -> new ArrayList<>()).add(new Operation<>(exchange.client(),
                action, exchange.answer().map(answer -> read(what.action, answer)), exchange.invokedNanos(),
                exchange.returnedNanos()));
        }
        byKey.forEach((key, operations) -> {
            Verdict verdict = Linearizability.check(operations, new KeyModel());
            if (!(verdict instanceof Verdict.Linearizable)) {
                throw new AssertionError(key + " is not linearizable: " + verdict);
            }
        });
    }

    /** What nobody has seen may have been anything: writes are alike then, and are tried once. */
    private static Action unseen(Action action, Set<Bytes> seen) {
        return switch (action) {
            case Action.Put put when !seen.contains(put.value()) -> new Action.Put(NEVER_SEEN);
            case Action.Swap swap when !seen.contains(swap.value()) ->
                new Action.Swap(swap.expectedVersion(), NEVER_SEEN);
            default -> action;
        };
    }

    private static Answer read(Action action, Bytes answer) {
        try {
            return switch (action) {
                case Action.Put put -> new Answer(true, Kv.putResult(answer).version(), Optional.empty());
                case Action.Delete delete -> new Answer(Kv.deleteResult(answer).existed(), 0, Optional.empty());
                case Action.Swap swap -> new Answer(Kv.setIfResult(answer).applied(),
                    Kv.setIfResult(answer).version(), Optional.empty());
                case Action.Get get -> {
                    Optional<KvEntry> entry = Kv.read(answer).entry();
                    yield new Answer(entry.isPresent(), entry.map(KvEntry::version).orElse(0L),
                        entry.map(KvEntry::value));
                }
            };
        } catch (MalformedBytesException e) {
            throw new AssertionError(e);
        }
    }

    /** One key, with the version that counts its values since it was created. */
    private static final class KeyModel implements Linearizability.Model<State, Action, Answer> {

        @Override
        public State initial() {
            return new State(Optional.empty(), 0);
        }

        @Override
        public Optional<State> step(State state, Action action, Optional<Answer> answer) {
            State after = switch (action) {
                case Action.Put put -> new State(Optional.of(put.value()), state.version + 1);
                case Action.Delete delete -> initial();
                case Action.Swap swap -> swap.expectedVersion() == state.version
                    ? new State(Optional.of(swap.value()), state.version + 1) : state;
                case Action.Get get -> state;
            };
            Answer right = switch (action) {
                case Action.Put put -> new Answer(true, after.version, Optional.empty());
                case Action.Delete delete -> new Answer(state.value.isPresent(), 0, Optional.empty());
                case Action.Swap swap -> new Answer(swap.expectedVersion() == state.version, after.version,
                    Optional.empty());
                case Action.Get get -> new Answer(state.value.isPresent(), state.version, state.value);
            };
            return answer.isEmpty() || answer.get().equals(right) ? Optional.of(after) : Optional.empty();
        }

        @Override
        public boolean changesNothing(Action action, Answer answer) {
            return action instanceof Action.Get || action instanceof Action.Swap && !answer.yes;
        }
    }
}
