package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.Membership;
import java.util.ArrayDeque;
import java.util.Optional;

/** Tells a {@link ConsensusTrace} each step that safety depends on. If nobody listens, nothing is made or kept. */
final class Trace {

    private static final int CHECKSUM_AT = 4;

    private record Waiting(long version, HardState state) {
    }

    private final ConsensusTrace listener;
    private final boolean on;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long durableIndex;

    Trace(ConsensusTrace listener, long durableIndex) {
        this.listener = listener;
        this.on = listener != ConsensusTrace.NONE;
        this.durableIndex = durableIndex;
    }

    void termAdopted(long term) {
        if (on) {
            listener.on(new ConsensusTrace.TermAdopted(term));
        }
    }

    void voted(long term, NodeId candidate) {
        if (on) {
            listener.on(new ConsensusTrace.Voted(term, candidate));
        }
    }

    /** Term and vote are about to be written. */
    void hardStateWritten(long version, HardState state) {
        if (on) {
            waiting.add(new Waiting(version, state));
        }
    }

    /** Term and vote of this version, and the log up to {@code index}, are durable. */
    void durable(long version, long index) {
        if (!on) {
            return;
        }
        HardState newest = null;
        while (!waiting.isEmpty() && waiting.peek().version() <= version) {
            newest = waiting.poll().state();
        }
        if (newest != null) {
            listener.on(new ConsensusTrace.HardStateDurable(newest.term().value(), newest.votedFor()));
        }
        if (index > durableIndex) {
            durableIndex = index;
            listener.on(new ConsensusTrace.LogDurable(index));
        }
    }

    void campaigned(long term, boolean preVote) {
        if (on) {
            listener.on(new ConsensusTrace.Campaigned(term, preVote));
        }
    }

    void becameLeader(long term, RaftLog log) {
        if (on) {
            listener.on(new ConsensusTrace.BecameLeader(term, log.lastIndex(), log.lastTerm()));
        }
    }

    void steppedDown(long term) {
        if (on) {
            listener.on(new ConsensusTrace.SteppedDown(term));
        }
    }

    void appended(LogEntry entry) {
        if (on) {
            listener.on(new ConsensusTrace.Appended(entry.index(), entry.term(), entry.type(),
                entry.encoded().slice(CHECKSUM_AT, Integer.BYTES).asByteBuffer().getInt()));
        }
    }

    void truncated(long index) {
        if (on) {
            durableIndex = Math.min(durableIndex, index - 1);
            listener.on(new ConsensusTrace.Truncated(index));
        }
    }

    void committed(long index) {
        if (on) {
            listener.on(new ConsensusTrace.Committed(index));
        }
    }

    void membershipInForce(long index, Membership membership) {
        if (on) {
            listener.on(new ConsensusTrace.MembershipInForce(index, membership));
        }
    }

    void readConfirmed(long index, boolean byLease) {
        if (on) {
            listener.on(new ConsensusTrace.ReadConfirmed(index, byLease));
        }
    }

    void snapshotDurable(SnapshotMeta meta, boolean installed) {
        if (on) {
            listener.on(new ConsensusTrace.SnapshotDurable(meta.index(), meta.term(), installed));
        }
    }

    void compacted(long index, long term) {
        if (on) {
            listener.on(new ConsensusTrace.Compacted(index, term));
        }
    }

    /** A snapshot, which was told before, has replaced the log: nothing that stood in it is there any more. */
    void replaced(SnapshotMeta meta, long membershipIndex, Membership membership) {
        if (!on) {
            return;
        }
        compacted(meta.index(), meta.term());
        durableIndex = meta.index();
        committed(meta.index());
        membershipInForce(membershipIndex, membership);
    }

    /** @param snapshot the newest one, or null */
    void started(long term, Optional<NodeId> votedFor, SnapshotMeta snapshot, RaftLog log, Membership membership) {
        if (on) {
            listener.on(new ConsensusTrace.Started(term, votedFor, snapshot == null ? 0 : snapshot.index(),
                snapshot == null ? 0 : snapshot.term(), log.lastIndex(), log.lastTerm(), membership));
        }
    }
}
