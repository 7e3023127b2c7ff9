package io.quorate.api;

import java.util.Optional;

/**
 * What an application replicates. Quorate feeds every node's instance the same commands in the same order.
 *
 * <p><b>Threading.</b> All methods are called on the node's one apply thread, never concurrently; the implementation
 * needs no locks. They must not block on other nodes, and should return within milliseconds: commands behind them wait.
 *
 * <p><b>Determinism.</b> {@link #apply} must depend on nothing but the state and the command: no clock, no
 * randomness, no iteration order of hash sets. Two nodes that applied the same commands must give the same results.
 */
public interface StateMachine {

    /** A stable name of this kind of state, for listings and for the refusal of another kind's data. */
    String name();

    /**
     * Applies one committed command.
     *
     * @return the result for the caller that submitted it
     * @throws CommandRejectedException if the command cannot be carried out; the refusal must be as deterministic as a
     *     result and must leave the state unchanged. Any other exception is a broken state machine: the node stops
     *     serving and says why, since continuing would let the replicas diverge.
     */
    Bytes apply(AppliedCommand command) throws CommandRejectedException;

    /**
     * Answers a read-only query from the current state.
     *
     * @throws CommandRejectedException if the query is not one that this state machine understands
     */
    Bytes query(Bytes query) throws CommandRejectedException;

    /**
     * Begins to watch for changes. The node asks the returned watch at once, and again after commands were applied,
     * until it has news or the caller's time is over.
     *
     * @throws CommandRejectedException if the request is not understood, or if watching is not supported (the default)
     */
    default Watch watch(Bytes request) throws CommandRejectedException {
        throw new CommandRejectedException("the state machine '" + name() + "' offers nothing to watch");
    }

    /** One caller's question "what is new?", with its own memory of how far it has looked. Apply thread only. */
    interface Watch {

        /** The news, or empty if there are none yet. Must cost nothing when nothing of interest was applied. */
        Optional<Bytes> poll() throws CommandRejectedException;
    }
}
