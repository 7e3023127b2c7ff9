package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.raft.log.SnapshotMeta;

/**
 * A follower's side of a snapshot's transfer: gathers the pieces on disk, one at a time, and installs the whole when it
 * is durable (thesis §5.3). Heartbeats are answered meanwhile, since nothing here waits.
 *
 * <p>What has arrived stays when the leader changes or the connection is cut: whoever sends an equal snapshot is told
 * how much of it is here.
 */
final class SnapshotReceiver {

    private final RaftCore core;
    private SnapshotMeta meta;
    private long received;
    private Object token;
    private boolean committing;
    private boolean full;

    SnapshotReceiver(RaftCore core) {
        this.core = core;
    }

    void piece(NodeId from, Message.InstallSnapshot request, Object asker, long now) {
        if (request.term() < core.term()) {
            answer(asker, Message.InstallOutcome.STALE_TERM, 0, 0, 0);
            return;
        }
        Follower follower = core.follow(from, request.term(), now);
        SnapshotMeta offered = request.meta();
        core.features().check(offered.membership(), "the snapshot of index " + offered.index() + " that " + from
            + " sends");
        if (core.log().covers(offered.index(), offered.term())) {
            // Nothing is installed: what is applied would go back, and what this log has behind it, maybe acknowledged,
            // would be lost. The leader of this very term says that it is committed.
            follower.proved(offered.index());
            core.commitTo(offered.index());
            answer(asker, Message.InstallOutcome.INSTALLED, 0, 0, offered.index());
        } else if (token != null || committing) {
            // A piece is on its way to the disk, of this leader's call that was given up or of another leader's.
            answer(asker, Message.InstallOutcome.RECEIVING, offered.equals(meta) ? received : 0,
                RaftLimits.INSTALL_POLL_MILLIS, 0);
        } else {
            if (!offered.equals(meta)) {
                meta = offered;
                received = 0;
            }
            if (full) {
                // Going on after a commit that found no room reads all that has arrived: not with each question.
                full = false;
                answer(asker, Message.InstallOutcome.STORAGE_FULL, 0, RaftLimits.STORAGE_FULL_RETRY_MILLIS, 0);
                return;
            }
            token = asker;
            core.emit(new Effect.ReceiveChunk(offered, request.offset(), request.chunk()));
        }
    }

    void received(Input.ChunkReceived result) {
        Object asker = token;
        token = null;
        received = result.received();
        if (result.full()) {
            answer(asker, Message.InstallOutcome.STORAGE_FULL, 0, RaftLimits.STORAGE_FULL_RETRY_MILLIS, 0);
            return;
        }
        boolean complete = received == result.meta().bytes();
        // Its term may be of a hard state that is on its way to the disk: a snapshot ahead of its node's term could not
        // be told from a hard state that went back. The leader asks again.
        if (complete && core.gate().isDurable(core.hardVersion())) {
            committing = true;
            core.emit(new Effect.CommitSnapshot(result.meta()));
        }
        answer(asker, Message.InstallOutcome.RECEIVING, received, complete ? RaftLimits.INSTALL_POLL_MILLIS : 0, 0);
    }

    void committed(Input.SnapshotReceived result) {
        committing = false;
        switch (result.outcome()) {
            case DURABLE -> {
                meta = null;
                received = 0;
                core.compaction().received(result.meta());
            }
            case REJECTED -> received = 0;
            case FULL -> full = true; // All of it is still there: a later question of the leader tries again.
        }
    }

    private void answer(Object asker, Message.InstallOutcome outcome, long has, int retryAfterMillis,
        long durableIndex) {
        core.gate().reply(asker, new Message.InstallResponse(core.term(), outcome, has, retryAfterMillis,
            core.store()), core.hardVersion(), durableIndex);
    }
}
