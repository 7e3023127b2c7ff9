package io.quorate.api;

import java.io.IOException;
import java.io.InputStream;
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

    /**
     * Freezes the present state, so that it can be written elsewhere while {@link #apply} goes on. Everything that
     * results or answers can depend on belongs to it, counters and histories too: a node that restores it must answer
     * as one that has applied every command.
     *
     * <p>Commands wait meanwhile, so it must take no longer than a bounded copy: never proportional to a large state.
     * Copy on write, or a persistent structure, does that. At most one snapshot is open at a time.
     */
    StateMachineSnapshot snapshot();

    /**
     * Replaces the whole state by one that {@link StateMachineSnapshot#write} wrote, maybe on another node or in an
     * earlier run. Watches that are under way go on from the new state. A snapshot that is open stays as it is.
     *
     * @param in exactly what was written, to its end. It may not be held in memory whole. Not to be closed, nor used
     *     afterwards.
     * @throws IOException if it cannot be read or is not what was written. The state is then undefined, and nothing but
     *     another {@code restore} follows.
     */
    void restore(InputStream in) throws IOException;

    /** One caller's question "what is new?", with its own memory of how far it has looked. Apply thread only. */
    interface Watch {

        /** The news, or empty if there are none yet. Must cost nothing when nothing of interest was applied. */
        Optional<Bytes> poll() throws CommandRejectedException;
    }
}
