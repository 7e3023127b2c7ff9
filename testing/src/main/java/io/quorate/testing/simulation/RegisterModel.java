package io.quorate.testing.simulation;

import java.util.Objects;
import java.util.Optional;

/**
 * One key of a key-value store, for {@link Linearizability}: a value or none, written, deleted, compared and set, read.
 * The state is the value; empty if there is none.
 */
public final class RegisterModel
        implements Linearizability.Model<Optional<String>, RegisterModel.Action, RegisterModel.Answer> {

    /** What is done to the key. */
    public sealed interface Action {

        /** Puts a value. */
        record Write(String value) implements Action {
        }

        /** Removes the value, if there is one. */
        record Delete() implements Action {
        }

        /** Puts {@code value} if the present one is {@code expected}, where empty means that there is none. */
        record CompareAndSet(Optional<String> expected, String value) implements Action {
        }

        /** Asks for the value. */
        record Read() implements Action {
        }
    }

    /** What was answered. */
    public sealed interface Answer {

        /** It is done; says nothing about the state. */
        record Done() implements Answer {
        }

        /** Whether it was compared and found as expected. */
        record Compared(boolean swapped) implements Answer {
        }

        /** The value that was read. */
        record Found(Optional<String> value) implements Answer {
        }
    }

    private final Optional<String> initial;

    /** A key that has no value at first. */
    public RegisterModel() {
        this(Optional.empty());
    }

    /** A key that has {@code initial} at first. */
    public RegisterModel(Optional<String> initial) {
        this.initial = Objects.requireNonNull(initial);
    }

    @Override
    public Optional<String> initial() {
        return initial;
    }

    @Override
    public Optional<Optional<String>> step(Optional<String> state, Action action, Optional<Answer> answer) {
        return switch (action) {
            case Action.Write write -> Optional.of(Optional.of(write.value()));
            case Action.Delete delete -> Optional.of(Optional.empty());
            case Action.CompareAndSet cas -> compared(state, cas, answer);
            case Action.Read read -> answer.isEmpty() || answer.get().equals(new Answer.Found(state))
                ? Optional.of(state) : Optional.empty();
        };
    }

    private static Optional<Optional<String>> compared(Optional<String> state, Action.CompareAndSet cas,
            Optional<Answer> answer) {
        boolean swaps = state.equals(cas.expected());
        if (answer.isPresent() && !answer.get().equals(new Answer.Compared(swaps))) {
            return Optional.empty();
        }
        return Optional.of(swaps ? Optional.of(cas.value()) : state);
    }

    @Override
    public boolean changesNothing(Action action, Answer answer) {
        return action instanceof Action.Read || answer instanceof Answer.Compared compared && !compared.swapped();
    }
}
