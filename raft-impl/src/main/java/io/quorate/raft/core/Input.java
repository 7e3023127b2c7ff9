package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.consensus.MembershipChange;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;

/** Everything that can happen to a {@link RaftCore}. Tokens are opaque: they come back in effects as they are. */
public sealed interface Input {

    /** A call arrived. Its one answer is a {@link Effect.Reply} with {@code token}. */
    record Received(NodeId from, Message.Request request, Object token) implements Input {
    }

    /**
     * A call of ours was answered.
     *
     * @param request the very object of {@link Effect.Send}: it says to which question this is the answer
     * @param sentNanos when it was sent, from the same effect
     */
    record Answered(NodeId from, Message.Request request, long sentNanos, Message.Response response) implements Input {
    }

    /** A call of ours brought no answer; {@code request} is the very object of {@link Effect.Send}. */
    record CallFailed(NodeId to, Message.Request request) implements Input {
    }

    /**
     * All of {@link Effect.Persist} up to and with {@code sequence} is durable, by a sync that began after it was
     * written.
     */
    record PersistCompleted(long sequence) implements Input {
    }

    /** The hard state of this version is durable, although entries before it may wait for room. */
    record HardStatePersisted(long version) implements Input {
    }

    /** The log's disk has no room left, or has room again. Nothing was lost; what waits is written when it can be. */
    record StorageFull(boolean full) implements Input {
    }

    /** Answers {@link Effect.LoadEntries}: entries from {@code from} on without gaps, at least one. */
    record EntriesLoaded(NodeId peer, long from, List<LogEntry> entries) implements Input {
    }

    /**
     * This node has taken a snapshot, which is durable.
     *
     * @param releasable up to where no snapshot that is kept needs the log
     */
    record SnapshotTaken(SnapshotMeta meta, long releasable) implements Input {
    }

    /** Answers {@link Effect.LoadChunk}; empty if the snapshot is not there any more. */
    record ChunkLoaded(NodeId peer, SnapshotMeta meta, long offset, Bytes chunk) implements Input {
    }

    /**
     * Answers {@link Effect.ReceiveChunk}.
     *
     * @param received how many bytes there are
     * @param full whether there was no room for this piece
     */
    record ChunkReceived(SnapshotMeta meta, long received, boolean full) implements Input {
    }

    /** Answers {@link Effect.CommitSnapshot}. */
    record SnapshotReceived(SnapshotMeta meta, CommitOutcome outcome) implements Input {
    }

    /** What became of a snapshot that was received. */
    enum CommitOutcome {
        /** It is durable. */
        DURABLE,
        /** What has arrived was not what was announced, and is gone. */
        REJECTED,
        /** There was no room. */
        FULL
    }

    /** This node's own host asks for a read index. Answered once by {@link Effect.ReadReady}. */
    record ReadRequested(Object token, boolean leaseSuffices) implements Input {

        /** Without trust in clocks. */
        public ReadRequested(Object token) {
            this(token, false);
        }
    }

    /** This node's own host wants the membership changed. Answered once by {@link Effect.Administered}. */
    record ChangeRequested(Object token, MembershipChange change, boolean force, long timeoutNanos) implements Input {
    }

    /** This node's own host wants the leadership handed over. Answered once by {@link Effect.Administered}. */
    record TransferRequested(Object token, Optional<NodeId> to, long timeoutNanos) implements Input {
    }

    /** The host's sessions to a member have appeared, or all are gone. */
    record PeerPresence(NodeId peer, boolean present) implements Input {
    }

    /** The build of this node has these features. */
    record PeerFeatures(NodeId peer, SortedSet<String> features) implements Input {
    }

    /** The host has met a node that has data of this cluster. */
    record ClusterExists() implements Input {
    }

    /** {@link RaftCore#deadlineNanos} may have come. */
    record Tick() implements Input {
    }

    /** Everything that had gathered was handed in: what can be done once for many is done now. */
    record TurnEnd() implements Input {
    }
}
