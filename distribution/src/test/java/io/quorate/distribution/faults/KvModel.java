package io.quorate.distribution.faults;

import io.quorate.testing.simulation.Linearizability.Model;
import java.util.Optional;

/** One key of the key-value store, as its documentation describes it. */
final class KvModel implements Model<KvModel.State, KvModel.Input, KvModel.Output> {

    /** The key's version and value; version 0 and no text if it does not exist. */
    record State(long version, String value) {
    }

    /** What is asked. */
    sealed interface Input {

        /** A linearizable read. */
        record Get() implements Input {
        }

        record Put(String value) implements Input {
        }

        /** Puts {@code value} if the key is at {@code expectedVersion}. */
        record Cas(long expectedVersion, String value) implements Input {
        }
    }

    /** What is answered: the version and value read, or the version now; {@code applied} counts with a condition. */
    record Output(boolean applied, long version, String value) {
    }

    @Override
    public State initial() {
        return new State(0, "");
    }

    @Override
    public Optional<State> step(State state, Input input, Optional<Output> output) {
        State after = switch (input) {
            case Input.Get get -> state;
            case Input.Put put -> new State(state.version() + 1, put.value());
            case Input.Cas cas -> state.version() == cas.expectedVersion()
                ? new State(state.version() + 1, cas.value()) : state;
        };
        if (output.isEmpty()) {
            return Optional.of(after);
        }
        Output answer = switch (input) {
            case Input.Get get -> new Output(true, state.version(), state.value());
            case Input.Put put -> new Output(true, after.version(), "");
            case Input.Cas cas -> new Output(state.version() == cas.expectedVersion(), after.version(), "");
        };
        return output.get().equals(answer) ? Optional.of(after) : Optional.empty();
    }
}
