package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.Membership;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Leads one term: replicates, commits, confirms reads, and doubts itself (check-quorum).
 *
 * <p>Entries are sent while this node writes them itself; it counts itself only for what is durable here (thesis
 * §10.2.1). Only an entry of its own term is committed by counting; older ones are committed with it (thesis §3.6.2).
 */
final class Leader implements Role {

    private final RaftCore core;
    private final TreeMap<NodeId, Progress> followers = new TreeMap<>();
    private final ReadIndexQueue reads = new ReadIndexQueue();
    private long termStart;
    private long round;
    private long heartbeatDueNanos;

    Leader(RaftCore core, long now) {
        this.core = core;
        membershipChanged(now);
        this.heartbeatDueNanos = now;
    }

    /** The entry of its own term that makes it able to commit (thesis §6.4); its followers hear of it at once. */
    void begin(long noOpIndex, long now) {
        termStart = noOpIndex;
        tick(now);
    }

    @Override
    public ConsensusStatus.Role kind() {
        return ConsensusStatus.Role.LEADER;
    }

    @Override
    public NodeId leader() {
        return core.self();
    }

    /** Whether an entry of its own term is committed: before that it does not know what is (thesis §6.4). */
    boolean isReady() {
        return core.log().commitIndex() >= termStart;
    }

    void membershipChanged(long now) {
        Membership membership = core.membership();
        followers.keySet().removeIf(node -> !membership.contains(node));
        for (NodeId node : membership.members()) {
            if (!node.equals(core.self()) && !followers.containsKey(node)) {
                followers.put(node, new Progress(node, core.log().lastIndex() + 1, now));
            }
        }
    }

    // Replication

    /** Sends what has gathered to every follower that is free to take it. */
    void turnEnd(long now) {
        if (reads.hasGathered() && isReady()) {
            round++;
            reads.ask(round, core.log().commitIndex());
            heartbeatAll(1);
            confirmReads();
        }
        for (Progress follower : followers.values()) {
            replicate(follower, now);
        }
    }

    private void replicate(Progress follower, long now) {
        RaftLog log = core.log();
        if (!follower.isFree(now) || follower.next() > log.lastIndex() && !follower.probing()) {
            return;
        }
        int budget = follower.probing() ? Math.min(RaftLimits.PROBE_BYTES, core.settings().maxAppendBytes())
            : core.settings().maxAppendBytes();
        if (follower.next() < log.firstInMemory() && follower.next() <= log.lastIndex()) {
            follower.loading();
            long to = Math.min(log.firstInMemory() - 1, follower.next() + RaftLimits.MAX_APPEND_ENTRIES - 1);
            core.emit(new Effect.LoadEntries(follower.id(), follower.next(), to, budget));
            return;
        }
        append(follower, log.slice(follower.next(), budget, RaftLimits.MAX_APPEND_ENTRIES));
    }

    private void append(Progress follower, List<LogEntry> entries) {
        RaftLog log = core.log();
        long prev = follower.next() - 1;
        Message.Append append =
            new Message.Append(core.term(), prev, log.termAt(prev), log.commitIndex(), entries);
        follower.sent(append);
        core.send(follower.id(), append, core.settings().electionMaxNanos());
    }

    void loaded(NodeId node, long from, List<LogEntry> entries, long now) {
        Progress follower = followers.get(node);
        if (follower == null || !follower.loaded() || !follower.isFree(now) || follower.next() != from
            || entries.isEmpty()) {
            return;
        }
        // Asked for in an earlier leadership, they may have been dropped since. The last one proves the others.
        LogEntry last = entries.getLast();
        if (core.log().matches(last.index(), last.term())) {
            append(follower, entries);
        }
    }

    void appendAnswered(NodeId from, Message.Append request, long sentNanos, Message.AppendResponse response,
        long now) {
        Progress follower = followers.get(from);
        if (follower == null || !follower.ended(request)) {
            return; // Of an earlier term, or of an earlier stay of this member: it must not count for this one.
        }
        follower.contact(sentNanos);
        switch (response.outcome()) {
            case MATCHED -> {
                if (response.index() == request.lastIndex()) {
                    follower.matched(request.lastIndex());
                    advanceCommit(now);
                    follower.planNotice(core.log().commitIndex(), now);
                } else {
                    follower.retryLater(now);
                }
            }
            case CONFLICT -> follower.conflict(
                core.log().lastIndexAtOrBelowTerm(Math.max(0, response.index()), response.hintTerm()),
                request.prevIndex());
            case STORAGE_FULL -> {
                follower.storageFull(true);
                follower.retryAfter(Math.max(1, response.retryAfterMillis()) * 1_000_000L, now);
            }
            // Its term is not higher, or this would not be the leader any more.
            case STALE_TERM -> follower.retryLater(now);
        }
    }

    void appendFailed(NodeId to, Message.Append request, long now) {
        Progress follower = followers.get(to);
        if (follower != null && follower.ended(request)) {
            follower.retryLater(now);
        }
    }

    /** Commits what a majority has made durable, if it is of this term (thesis figure 3.7 shows why only then). */
    void advanceCommit(long now) {
        RaftLog log = core.log();
        long index = Quorum.reached(core.membership(), this::matchOf);
        if (index <= log.commitIndex() || log.termAt(index) != core.term()) {
            return;
        }
        core.commitTo(index);
        for (Progress follower : followers.values()) {
            follower.planNotice(index, now);
        }
        if (!core.membership().voters().contains(core.self()) && index >= core.membershipIndex()) {
            // It managed a cluster that it is no longer part of until that was agreed (thesis §4.2.2).
            core.stepDown(now);
        }
    }

    private long matchOf(NodeId voter) {
        if (voter.equals(core.self())) {
            return core.log().durableIndex();
        }
        return followers.get(voter).match();
    }

    // Heartbeats, check-quorum, reads

    private void heartbeatAll(int mostInFlight) {
        for (Progress follower : followers.values()) {
            heartbeat(follower, mostInFlight);
        }
    }

    private void heartbeat(Progress follower, int mostInFlight) {
        if (follower.mayHeartbeat(mostInFlight)) {
            // Capped: it says nothing about the follower's log, so it may speak only of what that log is known to hold.
            long commit = Math.min(core.log().commitIndex(), follower.match());
            follower.heartbeatSent(commit);
            core.send(follower.id(), new Message.Heartbeat(core.term(), commit, round),
                core.settings().electionMinNanos() / 2);
        }
    }

    void heartbeatAnswered(NodeId from, Message.Heartbeat request, long sentNanos, Message.HeartbeatResponse response) {
        Progress follower = followers.get(from);
        if (follower == null || request.term() != core.term()) {
            return;
        }
        if (response.accepted() && response.nonce() == request.nonce()) {
            follower.contact(sentNanos);
            follower.storageFull(response.storageFull());
            follower.confirmed(request.nonce());
            confirmReads();
        }
        heartbeatEnded(follower);
    }

    void heartbeatFailed(NodeId to, Message.Heartbeat request) {
        Progress follower = followers.get(to);
        if (follower != null && request.term() == core.term()) {
            heartbeatEnded(follower);
        }
    }

    private void heartbeatEnded(Progress follower) {
        if (follower.heartbeatEnded()) {
            heartbeat(follower, 1);
        }
    }

    void read(Object token, boolean remote, long now) {
        if (!reads.add(token, remote, now + core.settings().electionMinNanos())) {
            core.unavailable(token, remote, "too many reads wait to be confirmed");
        }
    }

    private void confirmReads() {
        long confirmed = Quorum.reached(core.membership(),
            voter -> voter.equals(core.self()) ? Long.MAX_VALUE : followers.get(voter).confirmedRound());
        reads.confirmed(confirmed, read -> core.readAt(read.token(), read.remote(), read.index()));
    }

    /** Leadership ends: nothing that waits can be confirmed any more. */
    void end() {
        reads.drain(read -> core.unavailable(read.token(), read.remote(), "leadership was lost"));
    }

    void peerAppeared(NodeId peer) {
        Progress follower = followers.get(peer);
        if (follower != null) {
            follower.retryNow();
            heartbeat(follower, RaftLimits.MAX_HEARTBEATS_IN_FLIGHT);
        }
    }

    @Override
    public long deadlineNanos() {
        long deadline = heartbeatDueNanos;
        for (Progress follower : followers.values()) {
            deadline = Math.min(deadline, Math.min(follower.retryAtNanos(), follower.noticeAtNanos()));
        }
        return deadline;
    }

    @Override
    public void tick(long now) {
        if (now >= heartbeatDueNanos) {
            heartbeatDueNanos = now + core.settings().heartbeatNanos();
            reads.expire(now, read -> core.unavailable(read.token(), read.remote(), "no quorum confirmed it in time"));
            if (!quorumHears(now) || core.isStorageFull() && othersCouldGoOn(now)) {
                core.stepDown(now);
                return;
            }
            round++;
            heartbeatAll(RaftLimits.MAX_HEARTBEATS_IN_FLIGHT);
        }
        for (Progress follower : followers.values()) {
            follower.elapse(now); // The turn's end sends what had to wait.
            if (now >= follower.noticeAtNanos()) {
                follower.noticeDone();
                heartbeat(follower, 1);
            }
        }
    }

    /** Whether a majority answered something that was sent within the last election timeout (thesis §6.2). */
    private boolean quorumHears(long now) {
        return Quorum.reached(core.membership(), voter -> voter.equals(core.self()) ? 0 : -silenceNanos(voter, now))
            >= -core.settings().electionMinNanos();
    }

    /** This node's disk is full, but without it a majority, of which nobody lacks what is committed, has room. */
    private boolean othersCouldGoOn(long now) {
        Set<NodeId> able = new TreeSet<>();
        for (Progress follower : followers.values()) {
            if (!follower.storageFull() && silenceNanos(follower.id(), now) < core.settings().electionMinNanos()
                && follower.match() >= core.log().commitIndex()) {
                able.add(follower.id());
            }
        }
        return Quorum.has(core.membership(), able);
    }

    private long silenceNanos(NodeId voter, long now) {
        return now - followers.get(voter).contactNanos();
    }
}
