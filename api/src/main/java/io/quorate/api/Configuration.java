package io.quorate.api;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The cluster's configuration as one node has it, beside its voters; lists are in order of node id.
 *
 * @param epoch 1, and one more for each recovery from the permanent loss of the quorum
 * @param learners members that get everything and do not vote
 * @param joining those learners that become voters by themselves once they have caught up
 * @param outgoing the voters before the change that is under way, whose majority counts too; empty if there is none
 * @param features what has been switched on since every member's build has it; in order of label
 * @param waiting what that node's build has and is not on, each with the members that are not known there to have it
 */
public record Configuration(long epoch, List<NodeId> learners, List<NodeId> joining, List<NodeId> outgoing,
    List<String> features, SortedMap<String, List<NodeId>> waiting) {

    public Configuration {
        learners = List.copyOf(learners);
        joining = List.copyOf(joining);
        outgoing = List.copyOf(outgoing);
        features = List.copyOf(features);
        TreeMap<String, List<NodeId>> copy = new TreeMap<>();
        waiting.forEach((feature, nodes) -> copy.put(feature, List.copyOf(nodes)));
        waiting = Collections.unmodifiableSortedMap(copy);
    }

    /** Without a word about features. */
    public Configuration(long epoch, List<NodeId> learners, List<NodeId> joining, List<NodeId> outgoing) {
        this(epoch, learners, joining, outgoing, List.of(), new TreeMap<>());
    }

    /** The same, as a reader understands it whose build knows of no features. */
    public Configuration withoutFeatures() {
        return new Configuration(epoch, learners, joining, outgoing);
    }
}
