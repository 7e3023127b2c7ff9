package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.Membership;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
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
    private final Farewells farewells = new Farewells();
    private final Lease lease;
    private final long term;
    private final long sinceNanos;
    private Transfer transfer;
    private final SnapshotSender snapshots;
    private long termStart;
    private long round;
    private long heartbeatDueNanos;

    Leader(RaftCore core, long now) {
        this.core = core;
        this.term = core.term();
        this.sinceNanos = now;
        this.lease = new Lease(core.settings().leadership());
        this.snapshots = new SnapshotSender(core);
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

    /** The term that it leads or has led. */
    long term() {
        return term;
    }

    long sinceNanos() {
        return sinceNanos;
    }

    /** What it knows of a member or of one that is being told of its removal, or null. */
    Progress follower(NodeId node) {
        return followers.get(node);
    }

    Collection<Progress> followers() {
        return followers.values();
    }

    /** Nodes that were removed and may not know it yet. */
    Set<NodeId> leaving() {
        return farewells.nodes();
    }

    void membershipChanged(long now) {
        Membership membership = core.membership();
        for (NodeId node : followers.keySet()) {
            if (!membership.contains(node)) {
                farewells.add(node, core.membershipIndex(), now);
            }
        }
        for (NodeId node : membership.members()) {
            if (!node.equals(core.self()) && (!followers.containsKey(node) || farewells.cancel(node))) {
                followers.put(node, newcomer(node, now));
            }
        }
    }

    private Progress newcomer(NodeId node, long now) {
        return new Progress(node, core.log().lastIndex() + 1, core.settings().electionMinNanos(), now);
    }

    /**
     * A follower has answered, and told its store.
     *
     * @return what is known of it, or null if it is no member. If it has come back with another store, that is nothing
     */
    private Progress heard(NodeId from, long store, long now) {
        Progress follower = followers.get(from);
        if (follower == null || store == 0 || store == follower.store()) {
            return follower;
        }
        if (follower.store() != 0) {
            // What it acknowledged is gone: with its old match this leader would commit what a majority does not hold.
            long lost = follower.lostStore() != 0 ? follower.lostStore() : follower.store();
            follower = newcomer(from, now);
            follower.lostStore(lost);
            followers.put(from, follower);
        }
        follower.toldStore(store);
        return follower;
    }

    /**
     * Whether it has the store with which it votes: without it, its acknowledgements prove nothing. That is the one
     * that is recorded; of a voter that is not recorded yet, the one that it had when this leader first heard of it.
     */
    boolean counts(Progress follower) {
        Membership membership = core.membership();
        Long recorded = membership.stores().get(follower.id());
        if (recorded == null) {
            return follower.lostStore() == 0 || !membership.votes(follower.id());
        }
        return follower.store() == 0 || recorded == follower.store();
    }

    /** Whether it answered something that was sent within the last election timeout, in this term. */
    boolean heardLately(Progress follower, long now) {
        return follower.hasAnswered() && now - follower.contactNanos() < core.settings().electionMinNanos();
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
        sendTimeoutNow();
    }

    private void replicate(Progress follower, long now) {
        RaftLog log = core.log();
        if (!follower.isFree(now) || farewells.hasAll(follower) || snapshots.advance(follower, now)
            || follower.next() > log.lastIndex() && !follower.probing()) {
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
            || entries.isEmpty() || from < core.log().firstIndex()) {
            // The last one: the log was released while they were read. Without it the term before them would be asked
            // for, which is known no more; a snapshot is what this follower gets now.
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
        Progress follower = heard(from, response.store(), now);
        if (follower == null || !follower.ended(request)) {
            return; // Of an earlier term, or of an earlier stay of this member: it must not count for this one.
        }
        follower.contact(sentNanos);
        switch (response.outcome()) {
            case MATCHED -> {
                if (response.index() == request.lastIndex()) {
                    follower.matched(request.lastIndex());
                    follower.commitTold(Math.min(request.commit(), request.lastIndex()));
                    follower.catchUp().advance(follower.match(), core.log().lastIndex(), now);
                    advanceCommit(now);
                    if (!core.isCurrent(this)) {
                        return;
                    }
                    follower.planNotice(core.log().commitIndex(), now);
                } else {
                    follower.retryLater(now);
                }
            }
            // Never more than what the follower says: of entries that are released here no term is known.
            case CONFLICT -> follower.conflict(Math.min(response.index(),
                core.log().lastIndexAtOrBelowTerm(Math.max(0, response.index()), response.hintTerm())),
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

    void chunkLoaded(Input.ChunkLoaded loaded, long now) {
        Progress follower = followers.get(loaded.peer());
        if (follower != null) {
            snapshots.loaded(follower, loaded, now);
        }
    }

    void installAnswered(NodeId from, Message.InstallSnapshot request, long sentNanos,
        Message.InstallResponse response, long now) {
        Progress follower = heard(from, response.store(), now);
        if (follower == null || request.term() != core.term()) {
            return;
        }
        follower.contact(sentNanos);
        if (snapshots.answered(follower, request, response, now)) {
            follower.matched(request.meta().index());
            follower.commitTold(request.meta().index());
            follower.catchUp().advance(follower.match(), core.log().lastIndex(), now);
            advanceCommit(now);
            if (core.isCurrent(this)) {
                follower.planNotice(core.log().commitIndex(), now);
            }
        }
    }

    void installFailed(NodeId to, Message.InstallSnapshot request, long now) {
        Progress follower = followers.get(to);
        if (follower != null) {
            snapshots.failed(follower, request, now);
        }
    }

    /** Up to where the log may be released at most. */
    long releasable(long now) {
        return snapshots.releasable(followers, now);
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
        core.administration().advance(this, now);
        if (!core.membership().votes(core.self()) && index >= core.membershipIndex()) {
            // It managed a cluster that it is no longer part of until that was agreed (thesis §4.2.2). Whoever is best
            // prepared need not wait until it notices.
            core.placement().best(this, now).ifPresent(successor -> {
                lease.release();
                core.send(successor, new Message.TimeoutNow(core.term()), core.settings().electionMinNanos());
            });
            core.stepDown(now);
        }
    }

    private long matchOf(NodeId voter) {
        if (voter.equals(core.self())) {
            return core.log().durableIndex();
        }
        Progress follower = followers.get(voter);
        return counts(follower) ? follower.match() : 0;
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
            core.send(follower.id(), new Message.Heartbeat(core.term(), commit, round, follower.store()),
                core.settings().electionMinNanos() / 2);
        }
    }

    void heartbeatAnswered(NodeId from, Message.Heartbeat request, long sentNanos, Message.HeartbeatResponse response,
        long now) {
        Progress follower = heard(from, response.store(), now);
        if (follower == null || request.term() != core.term()) {
            return;
        }
        if (response.accepted() && response.nonce() == request.nonce()) {
            follower.contact(sentNanos);
            follower.storageFull(response.storageFull());
            follower.toldPriority(response.priority());
            follower.commitTold(request.commit());
            follower.promised(lease.countsUntilNanos(sentNanos, response.promiseMillis()));
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

    void read(Object token, boolean remote, boolean leaseSuffices, long now) {
        if (leaseSuffices && isReady()
            && lease.isInForce(Quorum.reached(core.membership(), this::promisedUntil), now)) {
            core.trace().readConfirmed(core.log().commitIndex(), true);
            core.readAt(token, remote, core.log().commitIndex());
            return;
        }
        if (!reads.add(token, remote, now + core.settings().electionMinNanos())) {
            core.unavailable(token, remote, "too many reads wait to be confirmed");
        }
    }

    private long promisedUntil(NodeId voter) {
        if (voter.equals(core.self())) {
            return Long.MAX_VALUE;
        }
        Progress follower = followers.get(voter);
        return counts(follower) ? follower.promisedUntilNanos() : Long.MIN_VALUE;
    }

    private void confirmReads() {
        long confirmed = Quorum.reached(core.membership(), this::confirmedRound);
        reads.confirmed(confirmed, read -> {
            core.trace().readConfirmed(read.index(), false);
            core.readAt(read.token(), read.remote(), read.index());
        });
    }

    private long confirmedRound(NodeId voter) {
        if (voter.equals(core.self())) {
            return Long.MAX_VALUE;
        }
        Progress follower = followers.get(voter);
        return counts(follower) ? follower.confirmedRound() : -1;
    }

    // Handing over

    boolean isHandingOver() {
        return transfer != null;
    }

    /** Takes no proposals any more, and hands over once {@code target} has everything (thesis §3.10). */
    void handOver(NodeId target, long now) {
        transfer = new Transfer(target, now + core.settings().electionMinNanos());
    }

    /** The best-prepared voter to hand over to, or empty if none was heard lately. */
    Optional<NodeId> successor(long now) {
        return core.placement().best(this, now);
    }

    private void sendTimeoutNow() {
        if (transfer != null && transfer.isDue(followers.get(transfer.target()), core.log().lastIndex())) {
            lease.release(); // Before the first one leaves: from then on another leader may be elected at any time.
            Message.TimeoutNow request = new Message.TimeoutNow(core.term());
            transfer.sent(request);
            core.send(transfer.target(), request, core.settings().electionMinNanos());
        }
    }

    void handOverRefused(NodeId from, Message.Request request) {
        if (transfer != null && transfer.isAnswer(from, request)) {
            transfer = null;
            core.administration().handOverFailed("found that " + from + " refuses to lead at present, expected it to "
                + "campaign; look at its disk and its status", false);
        }
    }

    private void endTransfer(long now) {
        if (transfer != null && now >= transfer.deadlineNanos()) {
            // Proposals are taken again; whatever the target does yet is an election like any other.
            boolean asked = transfer.wasSent();
            NodeId target = transfer.target();
            transfer = null;
            core.administration().handOverFailed(asked
                ? target + " was told to lead and has not come to it within an election timeout"
                : "found that " + target + " did not catch up within an election timeout, expected it to; try again "
                    + "when it has, or name another voter", asked);
        }
    }

    /** Leadership ends: nothing that waits can be confirmed any more. */
    void end() {
        snapshots.endAll();
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
        return transfer == null ? deadline : Math.min(deadline, transfer.deadlineNanos());
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
            for (Progress follower : followers.values()) {
                follower.catchUp().advance(follower.match(), core.log().lastIndex(), now);
            }
            farewells.end(followers, now);
            snapshots.retain(followers.keySet());
            core.administration().heartbeat(this, now);
            core.placement().consider(this, now).ifPresent(target -> handOver(target, now));
        }
        endTransfer(now);
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
        return Quorum.reached(core.membership(), voter -> voter.equals(core.self()) ? now : heardFrom(voter))
            >= now - core.settings().electionMinNanos();
    }

    /** This node's disk is full, but without it a majority, of which nobody lacks what is committed, has room. */
    private boolean othersCouldGoOn(long now) {
        Set<NodeId> able = new TreeSet<>();
        for (Progress follower : followers.values()) {
            if (!follower.storageFull() && counts(follower)
                && now - follower.contactNanos() < core.settings().electionMinNanos()
                && follower.match() >= core.log().commitIndex()) {
                able.add(follower.id());
            }
        }
        return Quorum.has(core.membership(), able);
    }

    private long heardFrom(NodeId voter) {
        Progress follower = followers.get(voter);
        return counts(follower) ? follower.contactNanos() : Long.MIN_VALUE;
    }
}
