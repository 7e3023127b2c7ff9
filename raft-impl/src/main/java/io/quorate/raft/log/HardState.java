package io.quorate.raft.log;

import io.quorate.api.NodeId;
import io.quorate.api.Term;
import java.util.Objects;
import java.util.Optional;

/**
 * What a node must never forget (thesis figure 3.1, "persistent state"): its term, and whom it voted for in that term.
 *
 * @param term the latest term that the node has seen
 * @param votedFor who got its vote in {@code term}, if anyone
 */
public record HardState(Term term, Optional<NodeId> votedFor) {

    /** A node's state before it has seen any term. */
    public static final HardState INITIAL = new HardState(Term.ZERO, Optional.empty());

    public HardState {
        Objects.requireNonNull(term, "term");
        Objects.requireNonNull(votedFor, "votedFor");
    }

    /**
     * Whether a node may go from this state to {@code next}: the term never decreases, and a vote once given stays
     * given for its term. Else a restarted node could vote twice in one term, and two leaders could be elected in it.
     */
    public boolean mayBecome(HardState next) {
        int order = next.term.compareTo(term);
        return order > 0 || order == 0 && (votedFor.isEmpty() || votedFor.equals(next.votedFor));
    }
}
