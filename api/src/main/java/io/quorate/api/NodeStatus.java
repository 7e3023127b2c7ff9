package io.quorate.api;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One node's account of itself.
 *
 * @param node the node that answers
 * @param cluster its cluster
 * @param incarnation the number its process chose at its start
 * @param version the build it runs
 * @param role {@code leader}, {@code candidate}, {@code follower}, {@code learner} or {@code stopped}; {@code joining}
 *     for a node that no leader has added yet, {@code removed} for one that was taken out of the cluster
 * @param term its current term
 * @param leader the leader it follows, if any
 * @param commitIndex the last entry it knows to be committed
 * @param appliedIndex the last entry its state machine has applied
 * @param lastIndex the last entry in its log
 * @param members the configuration's voters, in order of node id
 * @param reachable whom it sees right now, in order of node id
 * @param stateMachine the name of its state machine
 * @param uptimeMillis since its start
 * @param counters named monotonic counters: refused handshakes by reason, wire violations by name, and more
 * @param problem why it does not serve, if so
 * @param configuration the rest of the configuration; empty if the node is of a build that does not tell
 */
public record NodeStatus(
    NodeId node,
    ClusterId cluster,
    long incarnation,
    String version,
    String role,
    Term term,
    Optional<NodeId> leader,
    LogIndex commitIndex,
    LogIndex appliedIndex,
    LogIndex lastIndex,
    List<NodeId> members,
    List<NodeId> reachable,
    String stateMachine,
    long uptimeMillis,
    SortedMap<String, Long> counters,
    Optional<String> problem,
    Optional<Configuration> configuration) {

    public NodeStatus {
        members = List.copyOf(members);
        reachable = List.copyOf(reachable);
        counters = Collections.unmodifiableSortedMap(new TreeMap<>(counters));
    }

    /** Without a configuration. */
    public NodeStatus(NodeId node, ClusterId cluster, long incarnation, String version, String role, Term term,
        Optional<NodeId> leader, LogIndex commitIndex, LogIndex appliedIndex, LogIndex lastIndex,
        List<NodeId> members, List<NodeId> reachable, String stateMachine, long uptimeMillis,
        SortedMap<String, Long> counters, Optional<String> problem) {
        this(node, cluster, incarnation, version, role, term, leader, commitIndex, appliedIndex, lastIndex, members,
            reachable, stateMachine, uptimeMillis, counters, problem, Optional.empty());
    }

    /** The same, as a reader understands it whose build knows of no features. */
    public NodeStatus withoutFeatures() {
        return new NodeStatus(node, cluster, incarnation, version, role, term, leader, commitIndex, appliedIndex,
            lastIndex, members, reachable, stateMachine, uptimeMillis, counters, problem,
            configuration.map(Configuration::withoutFeatures));
    }

    /** The same, as a reader of an earlier build understands it. */
    public NodeStatus withoutConfiguration() {
        return new NodeStatus(node, cluster, incarnation, version, role, term, leader, commitIndex, appliedIndex,
            lastIndex, members, reachable, stateMachine, uptimeMillis, counters, problem);
    }
}
