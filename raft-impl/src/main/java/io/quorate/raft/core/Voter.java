package io.quorate.raft.core;

import io.quorate.api.NodeId;

/**
 * Gives votes and pre-votes.
 *
 * <p>Whether the candidate is in this node's configuration is not asked: a node may be behind and not know yet that the
 * candidate belongs to the cluster (thesis §4.2.2). The candidate counts only votes of its own configuration's voters.
 */
final class Voter {

    private final RaftCore core;

    Voter(RaftCore core) {
        this.core = core;
    }

    /**
     * Would this node vote for {@code from}? Nothing changes here: no term, no vote, no timer (thesis §9.6). The answer
     * carries this node's term either way, since a candidate with the better log but a lower term could never win
     * without learning it.
     */
    void preVote(NodeId from, Message.PreVote request, Object token, long now) {
        boolean grant = core.eligibility().mayVoteFor(request.lastIndex()) && request.term() > core.term()
            && !isLoyalAgainst(from, false, now)
            && core.log().isUpToDate(request.lastTerm(), request.lastIndex());
        core.gate().reply(token, new Message.VoteResponse(core.term(), grant, core.store()), core.hardVersion(), 0);
    }

    /**
     * Gives at most one vote a term, first come first served, to a log at least as good as this one (thesis §3.4,
     * §3.6.1).
     */
    void vote(NodeId from, Message.Vote request, Object token, long now) {
        if (request.term() > core.term() && !isLoyalAgainst(from, request.handedOver(), now)) {
            core.adoptTerm(request.term(), now);
        }
        boolean grant = request.term() == core.term() && core.eligibility().mayVoteFor(request.lastIndex())
            && (from.equals(core.votedFor()) || core.votedFor() == null && core.leader() == null)
            && (request.handedOver() || !core.promise().forbids(from, now))
            && core.log().isUpToDate(request.lastTerm(), request.lastIndex());
        if (grant && core.votedFor() == null) {
            core.voteFor(from);
            if (core.role() instanceof Follower follower) {
                follower.voted(now);
            }
        }
        // The answer waits until the vote is durable: a restart would forget it, and this node could vote twice in a
        // term.
        core.gate().reply(token, new Message.VoteResponse(core.term(), grant, core.store()), core.hardVersion(), 0);
    }

    /**
     * Whether a leader stands in the way (thesis §4.2.3), unless it has handed over to the candidate itself. Never
     * against the leader itself: if it asks for votes, it leads no more, and a refusal would only make everyone wait.
     */
    private boolean isLoyalAgainst(NodeId candidate, boolean handedOver, long now) {
        if (handedOver) {
            return false;
        }
        return core.promise().forbids(candidate, now) || switch (core.role()) {
            case Leader leader -> true;
            case Follower follower -> follower.isLoyal(now) && !candidate.equals(follower.leader());
            case Candidate other -> false;
        };
    }
}
