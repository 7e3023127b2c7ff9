package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
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

    /** Behind all writes handed out so far: entries up to {@code index} may go, a snapshot stands for them. */
    record ReleaseLog(long index) implements Effect {
    }

    /** Behind all writes handed out so far: a durable snapshot up to here replaces the whole log. */
    record ResetLog(long index, long term) implements Effect {
    }

    /** Replace the host's state by this snapshot, which is durable; commits go on behind it. */
    record RestoreState(SnapshotMeta meta) implements Effect {
    }

    /** Read a piece of a snapshot for a follower, and keep that snapshot; answered by {@link Input.ChunkLoaded}. */
    record LoadChunk(NodeId peer, SnapshotMeta meta, long offset, int maxBytes) implements Effect {
    }

    /** No snapshot needs to be kept for this follower any more. */
    record EndSnapshot(NodeId peer) implements Effect {
    }

    /**
     * Keep a piece of a snapshot that is being received; of any other one what has been received may go. One at a time;
     * answered by {@link Input.ChunkReceived}.
     *
     * @param chunk empty: only say how much there is
     */
    record ReceiveChunk(SnapshotMeta meta, long offset, Bytes chunk) implements Effect {
    }

    /** Verify the snapshot that has been received, and make it durable; {@link Input.SnapshotReceived}. */
    record CommitSnapshot(SnapshotMeta meta) implements Effect {
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
