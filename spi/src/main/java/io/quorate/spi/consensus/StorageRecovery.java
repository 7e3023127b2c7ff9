package io.quorate.spi.consensus;

import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;

/**
 * A recovery from the permanent loss of the quorum, planned or done.
 *
 * @param cluster the cluster
 * @param node the node whose log is the truth from now on
 * @param before the configuration in force so far
 * @param after the configuration from now on
 * @param certainIndex entries up to this one are known to have been committed: a snapshot stands for them. Whether
 * those
 *     after it were, this node cannot know alone
 * @param lastIndex the last entry that this node has. Whatever the lost nodes had beyond it is lost
 * @param lastTerm that entry's term
 * @param newTerm the term of the new configuration's entry, which has the index {@code lastIndex} + 1
 */
public record StorageRecovery(
    ClusterId cluster,
    NodeId node,
    Membership before,
    Membership after,
    LogIndex certainIndex,
    LogIndex lastIndex,
    Term lastTerm,
    Term newTerm) {
}
