package io.quorate.raft.core;

import io.quorate.raft.log.SnapshotMeta;
import java.util.Optional;

/**
 * Lets durable snapshots stand for the beginning of the log, or for all of it (thesis §5.1): a core's own snapshots,
 * and those that it has received. Only what is durable comes here; a log that were released before would leave neither
 * after a crash.
 */
final class Compaction {

    private final RaftCore core;
    private final MembershipLog memberships;
    private SnapshotMeta newest;

    /** @param newest the newest snapshot at start-up, or null */
    Compaction(RaftCore core, MembershipLog memberships, SnapshotMeta newest) {
        this.core = core;
        this.memberships = memberships;
        this.newest = newest;
    }

    /** The newest snapshot, or null. */
    SnapshotMeta newest() {
        return newest;
    }

    /**
     * What belongs to a snapshot of the state that has applied {@code index}. Empty if there is one as new already (one
     * may have been installed since that state was frozen), or if the entry is not durable here yet: then the hard
     * state of its term need not be either, and a snapshot ahead of that could not be told from a hard state that went
     * back.
     */
    Optional<SnapshotPoint> point(long index) {
        RaftLog log = core.log();
        if (newest != null && index <= newest.index() || index < log.firstIndex() || index > log.durableIndex()) {
            return Optional.empty();
        }
        MembershipLog.Configuration there = memberships.at(index);
        return Optional.of(new SnapshotPoint(index, log.termAt(index), there.index(), there.membership()));
    }

    /** This node has taken one. */
    void taken(Input.SnapshotTaken taken, long now) {
        if (newest != null && taken.meta().index() <= newest.index()) {
            return; // A newer one was installed while it was written.
        }
        newest = taken.meta();
        core.trace().snapshotDurable(newest, false);
        // Entries may be large: so many of them could be many times what a snapshot is taken for.
        SnapshotSettings settings = core.settings().snapshots();
        long until = Math.min(taken.releasable(), Math.max(newest.index() - settings.logEntriesBehind(),
            core.log().indexBehind(newest.index(), settings.logBytes())));
        if (core.role() instanceof Leader leader) {
            until = Math.min(until, leader.releasable(now));
        }
        RaftLog log = core.log();
        until = Math.min(until, log.durableIndex());
        if (until >= log.firstIndex()) {
            long term = log.termAt(until);
            log.releaseUntil(until);
            memberships.releaseUntil(until);
            core.trace().compacted(until, term);
            core.emit(new Effect.ReleaseLog(until));
        }
    }

    /** One of another node's is durable here. */
    void received(SnapshotMeta meta) {
        RaftLog log = core.log();
        core.trace().snapshotDurable(meta, true);
        if (newest == null || meta.index() > newest.index()) {
            newest = meta;
        }
        if (log.covers(meta.index(), meta.term())) {
            core.commitTo(meta.index()); // The log has come to have it meanwhile; it stays, with what follows.
            return;
        }
        if (core.role() instanceof Leader) {
            throw new BrokenInvariantException("found a snapshot up to entry " + meta.index() + " of term "
                + meta.term() + ", expected this leader's log to have that entry: it is committed");
        }
        log.reset(meta.index(), meta.term());
        memberships.reset(meta.membershipIndex(), meta.membership());
        core.trace().replaced(meta, memberships.currentIndex(), memberships.current());
        core.emit(new Effect.ResetLog(meta.index(), meta.term()));
        core.emit(new Effect.RestoreState(meta));
        core.gate().durable(log.completedHardVersion(), log.durableIndex());
    }
}
