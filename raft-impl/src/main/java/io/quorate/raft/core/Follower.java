package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusStatus;

/** Listens to a leader, or waits for one (thesis §3.4). */
final class Follower implements Role {

    private final RaftCore core;
    private final NodeId leader;
    private final long timeoutNanos;
    private long heardNanos;
    private long deadlineNanos;
    private boolean leaderGone;
    private long provedIndex;

    /** @param leader the leader of the term, which has just spoken, or null */
    Follower(RaftCore core, NodeId leader, long now) {
        this.core = core;
        this.leader = leader;
        this.timeoutNanos = core.delays().electionTimeoutNanos();
        this.heardNanos = now;
        this.deadlineNanos = now + timeoutNanos;
    }

    @Override
    public ConsensusStatus.Role kind() {
        return core.membership().learners().contains(core.self()) && !core.membership().votes(core.self())
            ? ConsensusStatus.Role.LEARNER : ConsensusStatus.Role.FOLLOWER;
    }

    @Override
    public NodeId leader() {
        return leader;
    }

    /** The leader of the term has spoken. A pre-vote, granted or not, never comes here (it is no sign of a leader). */
    void heard(long now) {
        heardNanos = now;
        leaderGone = false;
        deadlineNanos = now + timeoutNanos;
    }

    /**
     * Whether this node stays with its leader and refuses to help another to an election (thesis §4.2.3): it has
     * heard the leader within the shortest election timeout, and the host has sessions to it. Without this, a node
     * that lost its own connection could depose a leader whom everyone else hears.
     */
    boolean isLoyal(long now) {
        return leader != null && !leaderGone && now - heardNanos < core.settings().electionMinNanos();
    }

    /** The host's sessions to the leader are all gone, or there are some again. */
    void leaderPresence(boolean present, long now) {
        if (present && leaderGone) {
            leaderGone = false;
            deadlineNanos = heardNanos + timeoutNanos;
        } else if (!present && !leaderGone) {
            leaderGone = true;
            campaignWithin(core.delays().presenceNanos(), now);
        }
    }

    /** Does not wait longer than this for a leader. */
    void campaignWithin(long nanos, long now) {
        if (now + nanos - deadlineNanos < 0) {
            deadlineNanos = now + nanos;
        }
    }

    /** This node has voted for another: it gives it the time to win (thesis §3.4). */
    void voted(long now) {
        deadlineNanos = now + timeoutNanos;
    }

    /** The leader's append has proved that the logs agree up to {@code index}. */
    void proved(long index) {
        provedIndex = Math.max(provedIndex, index);
    }

    /** Up to where this leader, in this term, has proved that the logs agree. */
    long provedIndex() {
        return provedIndex;
    }

    @Override
    public long deadlineNanos() {
        return core.eligibility().mayCampaign() ? campaignNanos() : Long.MAX_VALUE;
    }

    @Override
    public void tick(long now) {
        if (core.eligibility().mayCampaign() && now - campaignNanos() >= 0) {
            core.becomePreCandidate(now);
        }
    }

    /** Its own vote would break what it has promised, too. */
    private long campaignNanos() {
        return Math.max(deadlineNanos, core.promise().untilNanos());
    }
}
