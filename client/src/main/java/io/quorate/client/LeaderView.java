package io.quorate.client;

import io.quorate.api.NodeId;
import io.quorate.api.Term;
import java.util.Optional;

/**
 * Who leads, as far as this client knows. Pure; loop only.
 *
 * <p>Answers arrive late and in any order, so only a term makes one newer than another. A higher term without a leader
 * says nothing: the node that is in it may be the only one, such as one that was removed, and would hide the leader
 * that all others follow.
 */
final class LeaderView {

    private Term term = Term.ZERO;
    private NodeId leader;
    private NodeId deposed;
    private NodeId hint;

    /** What an answer is worth. */
    enum Offer { STALE, CONFIRMED, CHANGED }

    /** Takes notice of a node's account: in {@code answerTerm} it follows {@code answerLeader}. */
    Offer offer(Term answerTerm, Optional<NodeId> answerLeader) {
        int newer = answerTerm.compareTo(term);
        if (answerLeader.isEmpty() || newer < 0) {
            return Offer.STALE;
        }
        NodeId candidate = answerLeader.get();
        if (newer == 0) {
            if (candidate.equals(leader)) {
                return Offer.CONFIRMED;
            }
            // A term has one leader at most (thesis §3.2), and one that says of itself that it does not lead has lost
            // the term for good. A follower that has not heard of it yet would otherwise send every retry back there.
            if (leader != null || candidate.equals(deposed)) {
                return Offer.STALE;
            }
        }
        term = answerTerm;
        leader = candidate;
        deposed = null;
        hint = null;
        return Offer.CHANGED;
    }

    /**
     * {@code node} says that it does not lead, and perhaps who does. It is believed about itself; what it says of
     * others has no term, and is a hint that counts only while no leader is known.
     */
    void notLeading(NodeId node, Optional<NodeId> other) {
        if (node.equals(leader)) {
            deposed = leader;
            leader = null;
        }
        if (leader == null) {
            hint = other.filter(named -> !named.equals(deposed)).orElse(hint);
        }
        if (node.equals(hint)) {
            hint = null;
        }
    }

    Optional<NodeId> leader() {
        return Optional.ofNullable(leader);
    }

    /** Whom to try while no leader is known. */
    Optional<NodeId> hint() {
        return Optional.ofNullable(hint);
    }

    Term term() {
        return term;
    }
}
