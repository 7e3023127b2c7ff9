package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.raft.log.SnapshotMeta;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * A leader's side of transfers of snapshots, in one term: to each follower that needs entries which the log has no
 * more, the newest snapshot, piece by piece, one under way (thesis §5.3). Each transfer begins with the question how
 * much the follower has; so does each attempt after a failure, since nobody knows what became of the last piece.
 */
final class SnapshotSender {

    /** One follower's transfer. */
    private static final class Transfer {
        private final SnapshotMeta meta;
        private long offset;
        private boolean located;
        private boolean loading;
        private Message.InstallSnapshot call;

        Transfer(SnapshotMeta meta) {
            this.meta = meta;
        }
    }

    private final RaftCore core;
    private final TreeMap<NodeId, Transfer> transfers = new TreeMap<>();

    SnapshotSender(RaftCore core) {
        this.core = core;
    }

    /**
     * Goes on with the follower's transfer, if it has or needs one. Only so many pieces are in memory at the same time;
     * without that bound, a leader of many new learners would hold one for each. Who finds no place waits.
     *
     * @return false if appends are what it needs
     */
    boolean advance(Progress follower, long now) {
        Transfer transfer = transfers.get(follower.id());
        if (transfer == null) {
            if (follower.next() >= core.log().firstIndex()) {
                return false;
            }
            SnapshotMeta newest = core.compaction().newest();
            if (newest == null || newest.index() < core.log().firstIndex() - 1) {
                throw new BrokenInvariantException("found a log that begins with entry " + core.log().firstIndex()
                    + " and the snapshot " + newest + ", expected one that stands for what is before it");
            }
            transfer = new Transfer(newest);
            transfers.put(follower.id(), transfer);
        }
        if (transfer.loading || transfer.call != null) {
            return true;
        }
        if (transfer.located && transfer.offset < transfer.meta.bytes()) {
            if (piecesUnderWay() >= RaftLimits.MAX_CHUNKS_UNDER_WAY) {
                follower.retryAfter(RaftLimits.INSTALL_POLL_MILLIS * 1_000_000L, now);
                return true;
            }
            transfer.loading = true;
            core.emit(new Effect.LoadChunk(follower.id(), transfer.meta, transfer.offset, RaftLimits.CHUNK_BYTES));
        } else {
            send(follower.id(), transfer, Bytes.empty());
        }
        return true;
    }

    private int piecesUnderWay() {
        int pieces = 0;
        for (Transfer transfer : transfers.values()) {
            pieces += transfer.loading || transfer.call != null && !transfer.call.chunk().isEmpty() ? 1 : 0;
        }
        return pieces;
    }

    private void send(NodeId to, Transfer transfer, Bytes chunk) {
        transfer.call = new Message.InstallSnapshot(core.term(), transfer.meta, transfer.offset, chunk);
        core.send(to, transfer.call, RaftLimits.CHUNK_TIMEOUT_NANOS);
    }

    void loaded(Progress follower, Input.ChunkLoaded loaded, long now) {
        Transfer transfer = transfers.get(follower.id());
        if (transfer == null || !transfer.loading || !transfer.meta.equals(loaded.meta())
            || transfer.offset != loaded.offset()) {
            return; // Asked for in an earlier leadership.
        }
        transfer.loading = false;
        if (loaded.chunk().isEmpty()) {
            end(follower.id()); // It is gone or damaged; there is a newer one by now, or soon.
            follower.retryLater(now);
            if (transfer.meta.equals(core.compaction().newest()) && core.log().lastIndex() == transfer.meta.index()) {
                // Nothing is behind it, so none could be taken that is newer; this entry changes that.
                core.appendNoOp();
            }
        } else {
            send(follower.id(), transfer, loaded.chunk());
        }
    }

    /** @return whether the follower has everything up to {@code request}'s snapshot, durable */
    boolean answered(Progress follower, Message.InstallSnapshot request, Message.InstallResponse response, long now) {
        Transfer transfer = ended(follower, request);
        if (transfer == null) {
            return false;
        }
        switch (response.outcome()) {
            case INSTALLED -> {
                end(follower.id());
                return true;
            }
            case RECEIVING -> {
                // What was there already is no success: a snapshot that cannot be read here is asked for ever.
                boolean located = transfer.located;
                boolean came = located && response.received() > request.offset();
                transfer.located = true;
                transfer.offset = Math.min(response.received(), transfer.meta.bytes());
                if (came) {
                    follower.retryNow(); // It works again: the next cut is not the last one's continuation.
                }
                if (response.retryAfterMillis() > 0) {
                    follower.retryAfter(response.retryAfterMillis() * 1_000_000L, now);
                } else if (located && !came) {
                    follower.retryLater(now); // A follower that keeps nothing must not be sent everything for ever.
                }
            }
            case STORAGE_FULL -> {
                follower.storageFull(true);
                follower.retryAfter(Math.max(1, response.retryAfterMillis()) * 1_000_000L, now);
            }
            // Its term is not higher, or this would not be the leader any more.
            case STALE_TERM -> follower.retryLater(now);
        }
        return false;
    }

    void failed(Progress follower, Message.InstallSnapshot request, long now) {
        Transfer transfer = ended(follower, request);
        if (transfer != null) {
            transfer.located = false;
            transfer.offset = 0;
            follower.retryLater(now);
        }
    }

    /** The transfer whose call under way has ended; null for an answer out of time. */
    private Transfer ended(Progress follower, Message.InstallSnapshot request) {
        Transfer transfer = transfers.get(follower.id());
        if (transfer == null || transfer.call != request) {
            return null;
        }
        transfer.call = null;
        return transfer;
    }

    /**
     * Up to where the log may go at most: behind a snapshot that is being sent, its receiver needs entries. One that
     * has not answered for a while does not count, or a dead node would keep the log growing.
     */
    long releasable(Map<NodeId, Progress> followers, long now) {
        long most = Long.MAX_VALUE;
        for (Map.Entry<NodeId, Transfer> each : transfers.entrySet()) {
            if (now - followers.get(each.getKey()).contactNanos() < RaftLimits.CHUNK_TIMEOUT_NANOS) {
                most = Math.min(most, each.getValue().meta.index());
            }
        }
        return most;
    }

    /** Only these are followers now. */
    void retain(Collection<NodeId> followers) {
        for (Iterator<NodeId> all = transfers.keySet().iterator(); all.hasNext();) {
            NodeId node = all.next();
            if (!followers.contains(node)) {
                all.remove();
                core.emit(new Effect.EndSnapshot(node));
            }
        }
    }

    /** Leadership ends. */
    void endAll() {
        transfers.keySet().forEach(node -> core.emit(new Effect.EndSnapshot(node)));
        transfers.clear();
    }

    private void end(NodeId node) {
        transfers.remove(node);
        core.emit(new Effect.EndSnapshot(node));
    }
}
