package io.quorate.api;

import java.util.List;

/**
 * The cluster's configuration as one node has it, beside its voters; lists are in order of node id.
 *
 * @param epoch 1, and one more for each recovery from the permanent loss of the quorum
 * @param learners members that get everything and do not vote
 * @param joining those learners that become voters by themselves once they have caught up
 * @param outgoing the voters before the change that is under way, whose majority counts too; empty if there is none
 */
public record Configuration(long epoch, List<NodeId> learners, List<NodeId> joining, List<NodeId> outgoing) {

    public Configuration {
        learners = List.copyOf(learners);
        joining = List.copyOf(joining);
        outgoing = List.copyOf(outgoing);
    }
}
