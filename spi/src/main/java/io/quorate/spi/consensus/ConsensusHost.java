package io.quorate.spi.consensus;

import io.quorate.api.LogIndex;
import java.util.List;
import java.util.function.Consumer;

/** The host's side of a consensus. All methods are called on the node loop. */
public interface ConsensusHost {

    /**
     * Hands over committed entries: in order of index, without gaps, each once per run of the process, beginning
     * with entry 1, or with the one after the last {@link #restore}. Configuration and no-op entries are among them.
     *
     * <p>Backpressure: at most {@link Consensus#MAX_UNAPPLIED_BATCHES} batches are outstanding; the host calls
     * {@code done} (from any thread, once) when it has applied this one.
     */
    void committed(List<CommittedEntry> entries, Runnable done);

    /**
     * Asks for the host's whole state, frozen behind what is applied when the request is reached. At most one is
     * frozen at a time: the next one is asked for when the last one's writer was closed.
     *
     * @param frozen called on the host's apply thread, once, never within this call; not at all if the host has stopped
     */
    void freeze(Consumer<FrozenState> frozen);

    /**
     * Replaces the host's whole state by one that stands for all entries up to {@code index}: state machine,
     * registry, sessions of clients. It takes its turn behind the batches that were handed over before. Entries go on
     * at {@code index + 1}. What the host's own proposals at skipped places have become stays unknown to it.
     *
     * @param index above everything that was handed over
     * @param source read on the host's apply thread
     * @param done called once, from any thread, when the state stands; not at all if it could not be read, since then
     *     the host fails
     */
    void restore(LogIndex index, StateSource source, Runnable done);

    /** The role, term, leader or membership has changed; read {@link Consensus#status}. Called after the change. */
    void statusChanged(ConsensusStatus status);

    /**
     * The consensus cannot go on safely, such as after a failed fsync. It has stopped: it votes, acknowledges and
     * commits nothing any more. The node must say so and stay stopped until it is restarted.
     */
    void failed(String problem, Throwable cause);
}
