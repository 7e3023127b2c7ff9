package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.raft.log.LogEntry;
import java.util.List;

/** A follower's side of replication: what a leader's appends and heartbeats do to its log (thesis §3.5). */
final class Acceptor {

    private final RaftCore core;

    Acceptor(RaftCore core) {
        this.core = core;
    }

    void append(NodeId from, Message.Append request, Object token, long now) {
        if (request.term() < core.term()) {
            reply(token, Message.AppendResponse.staleTerm(core.term()), 0);
            return;
        }
        Follower follower = core.follow(from, request.term(), now);
        RaftLog log = core.log();
        long prev = request.prevIndex();
        if (!log.has(prev, request.prevTerm())) {
            if (prev <= log.commitIndex()) {
                throw new BrokenInvariantException("found entry " + prev + " of term " + request.prevTerm()
                    + " in an append of " + from + ", expected term " + log.termAt(prev)
                    + ": it is committed here (commit index " + log.commitIndex() + ")");
            }
            // The largest index at which the logs may still agree: it skips all entries of a conflicting term at once
            // (thesis §3.5, last part; terms never decrease along a log).
            long hint = Math.max(log.commitIndex(), log.lastIndexAtOrBelowTerm(prev - 1, request.prevTerm()));
            reply(token, Message.AppendResponse.conflict(core.term(), hint, log.termAt(hint)), 0);
            return;
        }
        List<LogEntry> entries = request.entries();
        int known = known(entries);
        if (core.isStorageFull() && request.lastIndex() > log.durableIndex()) {
            reply(token, Message.AppendResponse.storageFull(core.term(), RaftLimits.STORAGE_FULL_RETRY_MILLIS), 0);
            return;
        }
        if (known < entries.size() && entries.get(known).index() <= log.lastIndex()) {
            // Only here do the logs disagree. Cutting at prev + 1 would drop entries that an append which this one
            // overtook has brought, and which this node has acknowledged.
            core.truncateFrom(entries.get(known).index());
        }
        for (int i = known; i < entries.size(); i++) {
            core.append(entries.get(i));
        }
        follower.proved(request.lastIndex());
        // No further than this message proves: what follows in this log may be another leader's (thesis figure 3.1).
        core.commitTo(Math.min(request.commit(), request.lastIndex()));
        // Also if it brought nothing new: what it confirms may have been written by an earlier append and not be
        // durable yet.
        reply(token, Message.AppendResponse.matched(core.term(), request.lastIndex()), request.lastIndex());
    }

    /** How many of {@code entries} stand in the log already. */
    private int known(List<LogEntry> entries) {
        int known = 0;
        while (known < entries.size()
            && core.log().has(entries.get(known).index(), entries.get(known).term())) {
            known++;
        }
        return known;
    }

    void heartbeat(NodeId from, Message.Heartbeat request, Object token, long now) {
        boolean accepted = request.term() >= core.term();
        int promiseMillis = 0;
        if (accepted) {
            core.follow(from, request.term(), now);
            promiseMillis = core.promise().give(from, now);
            if (request.store() == core.store()) {
                // The leader has capped it at what this node has acknowledged in this term. If that was another store,
                // this one has lost the entries: the leader hears so by the answer and begins anew.
                core.commitTo(request.commit());
            }
        }
        core.gate().reply(token, new Message.HeartbeatResponse(core.term(), accepted, request.nonce(),
            core.isStorageFull(), core.store(), core.settings().leadership().priority(), promiseMillis),
            core.hardVersion(), 0);
    }

    private void reply(Object token, Message.AppendResponse response, long durableIndex) {
        core.gate().reply(token, response.of(core.store()), core.hardVersion(), durableIndex);
    }
}
