package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Consensus.ReadIndexResult;
import java.util.List;
import java.util.Optional;

/** What a {@link RaftCore} wants done. Performed in order. */
public sealed interface Effect {

    /**
     * Make durable, in this order: the hard state, the truncation, the entries. Writes are carried out in order of
     * {@code sequence}, answered by {@link Input.PersistCompleted}.
     *
     * @param hardState the new term and vote, if they changed
     * @param hardVersion the number of that change; counts up
     * @param truncateFrom drop this and every later entry first; 0: none
     * @param entries to append; immutable
     */
    record Persist(long sequence, Optional<HardState> hardState, long hardVersion, long truncateFrom,
        List<LogEntry> entries) implements Effect {
    }

    /** Call a node; answered by {@link Input.Answered} or {@link Input.CallFailed} with this {@code request}. */
    record Send(NodeId to, Message.Request request, long sentNanos, long timeoutNanos) implements Effect {
    }

    /** Answer a call that arrived. */
    record Reply(Object token, Message.Response response) implements Effect {
    }

    /** Entries up to {@code index} are committed. */
    record CommitAdvanced(long index) implements Effect {
    }

    /** Read entries that are no longer in memory, for a follower; answered by {@link Input.EntriesLoaded}. */
    record LoadEntries(NodeId peer, long from, long to, int maxBytes) implements Effect {
    }

    /** Answers {@link Input.ReadRequested}. */
    record ReadReady(Object token, ReadIndexResult result) implements Effect {
    }

    /** Answers {@link Input.ChangeRequested} and {@link Input.TransferRequested}. */
    record Administered(Object token, AdministrationResult result) implements Effect {
    }

    /** The role, term, leader, readiness or membership has changed. */
    record StatusChanged() implements Effect {
    }
}
