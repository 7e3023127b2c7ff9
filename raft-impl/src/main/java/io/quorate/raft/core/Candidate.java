package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusStatus;
import java.util.Set;
import java.util.TreeSet;

/**
 * Asks for votes: first whether it could win (thesis §9.6), then in earnest (thesis §3.4). One object is one round of
 * requests; answers to an earlier round are not its own and count for nothing.
 */
final class Candidate implements Role {

    private final RaftCore core;
    private final Message.Request request;
    private final boolean preVote;
    private final Set<NodeId> granted = new TreeSet<>();
    private final Set<NodeId> lost = new TreeSet<>();
    private final long hardVersion;
    private final int attempt;
    private boolean retrySoon;
    private long deadlineNanos;

    /**
     * @param request the round's question
     * @param hardVersion the hard state that must be durable before this node's own vote counts
     * @param attempt how many rounds have gone before since there was a leader
     */
    Candidate(RaftCore core, Message.Request request, long hardVersion, int attempt, long now) {
        this.core = core;
        this.request = request;
        this.preVote = request instanceof Message.PreVote;
        this.hardVersion = hardVersion;
        this.attempt = attempt;
        this.deadlineNanos = now + core.delays().electionTimeoutNanos();
    }

    @Override
    public ConsensusStatus.Role kind() {
        return preVote ? ConsensusStatus.Role.PRE_CANDIDATE : ConsensusStatus.Role.CANDIDATE;
    }

    @Override
    public NodeId leader() {
        return null;
    }

    int attempt() {
        return attempt;
    }

    /** Sends the round's requests, or wins at once as the only voter. */
    void begin(long now) {
        for (NodeId voter : Quorum.everyVoter(core.membership())) {
            if (voter.equals(core.self())) {
                continue;
            }
            if (preVote) {
                core.send(voter, request, core.settings().electionMinNanos());
            } else {
                // Before the vote for itself is durable nothing leaves: a restart would forget it, the node could
                // vote for another in the same term, and there could be two leaders.
                core.gate().send(voter, request, hardVersion);
            }
        }
        ownVoteDurable(now);
    }

    /** The hard state may have become durable. */
    void ownVoteDurable(long now) {
        if (preVote || core.gate().isDurable(hardVersion)) {
            granted.add(core.self());
            decide(now);
        }
    }

    void answered(NodeId from, Message.Request to, Message.VoteResponse response, long now) {
        if (to != request) {
            return;
        }
        // A voter whose store was lost has forgotten what it acknowledged, and what it voted: it might help to elect a
        // leader that lacks what is committed.
        Long recorded = core.membership().stores().get(from);
        boolean counts = recorded == null || recorded == response.store();
        (response.granted() && counts ? granted : lost).add(from);
        decide(now);
    }

    void failed(NodeId to, Message.Request of, long now) {
        if (of == request) {
            lost.add(to);
            decide(now);
        }
    }

    /** Sessions to a member have appeared: perhaps it can be won now. */
    void peerAppeared(long now) {
        if (preVote) {
            retryWithin(core.delays().presenceNanos(), now);
        }
    }

    private void decide(long now) {
        if (!core.isCurrent(this)) {
            return;
        }
        if (Quorum.has(core.membership(), granted)) {
            if (preVote) {
                core.becomeCandidate(false, now);
            } else {
                core.becomeLeader(now);
            }
        } else if (!retrySoon && !Quorum.possibleWithout(core.membership(), lost)) {
            // A split vote, or the others have not noticed yet that the leader is gone. Waiting for a whole election
            // timeout would cost a second; random pauses that grow part the rivals just as well.
            retrySoon = true;
            retryWithin(core.delays().retryNanos(attempt), now);
        }
    }

    private void retryWithin(long nanos, long now) {
        if (now + nanos - deadlineNanos < 0) {
            deadlineNanos = now + nanos;
        }
    }

    @Override
    public long deadlineNanos() {
        return deadlineNanos;
    }

    @Override
    public void tick(long now) {
        if (now - deadlineNanos >= 0) {
            core.becomePreCandidate(now);
        }
    }
}
