package io.quorate.spi.consensus;

import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import java.util.Optional;

/**
 * Where a node's consensus stands.
 *
 * @param role see {@link Role}
 * @param term the current term
 * @param leader the leader of the term, if known
 * @param commitIndex the last entry known to be committed
 * @param lastIndex the last entry in the log
 * @param ready as leader: whether an entry of its own term is committed, so that it may serve (thesis §6.4); otherwise
 *     whether a leader is known
 * @param membership the latest configuration in the log, committed or not (thesis §4.1)
 */
public record ConsensusStatus(
    Role role,
    Term term,
    Optional<NodeId> leader,
    LogIndex commitIndex,
    LogIndex lastIndex,
    boolean ready,
    Membership membership) {

    /** The roles of Raft. */
    public enum Role {
        FOLLOWER,
        /** Asks whether it could win, before it disturbs anyone (thesis §9.6). */
        PRE_CANDIDATE,
        CANDIDATE,
        LEADER,
        LEARNER,
        /** Failed or closed. */
        STOPPED
    }
}
