package io.quorate.spi.consensus;

import java.util.List;

/** The host's side of a consensus. All methods are called on the node loop. */
public interface ConsensusHost {

    /**
     * Hands over committed entries: in order of index, without gaps, each once per run of the process, beginning
     * with the first entry after the host's durable state (without snapshots: with entry 1). Configuration and no-op
     * entries are among them.
     *
     * <p>Backpressure: at most {@link Consensus#MAX_UNAPPLIED_BATCHES} batches are outstanding; the host calls
     * {@code done} (from any thread, once) when it has applied this one.
     */
    void committed(List<CommittedEntry> entries, Runnable done);

    /** The role, term, leader or membership has changed; read {@link Consensus#status}. Called after the change. */
    void statusChanged(ConsensusStatus status);

    /**
     * The consensus cannot go on safely, such as after a failed fsync. It has stopped: it votes, acknowledges and
     * commits nothing any more. The node must say so and stay stopped until it is restarted.
     */
    void failed(String problem, Throwable cause);
}
