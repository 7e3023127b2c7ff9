package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Writes what the nodes of a simulation do as a TLA+ module that {@code TraceRaft} holds against the specification
 * (docs/specification.md). A step that is several events here is one there: a campaign is a new term and a vote for
 * oneself, and what was cut is told with what took its place.
 */
final class SpecificationTrace {

    private final Membership membership;
    private final TreeSet<NodeId> nodes;
    private final List<String> lines = new ArrayList<>();
    private final Set<NodeId> started = new TreeSet<>();
    private NodeId newTermOf;
    private long newTerm;
    private boolean votedForItself;
    private boolean cut;
    private String configuration;
    private long maxTerm;
    private long maxIndex;

    /** @param strangers nodes that exist beside the members */
    SpecificationTrace(Membership membership, Set<NodeId> strangers) {
        this.membership = membership;
        this.nodes = new TreeSet<>(membership.members());
        nodes.addAll(strangers);
    }

    ConsensusTrace of(NodeId node) {
        return event -> on(node, event);
    }

    int length() {
        return lines.size();
    }

    private void on(NodeId node, ConsensusTrace.Event event) {
        if (newTermOf != null && !votedForItself
            && !(event instanceof ConsensusTrace.Voted voted && voted.candidate().equals(node))) {
            add(newTermOf, "TermAdopted", "term |-> " + newTerm);
            newTermOf = null;
        }
        switch (event) {
            case ConsensusTrace.Started start -> add(node, "Started", "first |-> " + bool(started.add(node))
                + ", term |-> " + start.term() + ", vote |-> " + vote(start.votedFor()) + ", index |-> "
                + start.lastIndex() + ", lastTerm |-> " + start.lastTerm());
            case ConsensusTrace.TermAdopted adopted -> {
                newTermOf = node;
                newTerm = adopted.term();
                maxTerm = Math.max(maxTerm, newTerm);
            }
            case ConsensusTrace.Voted voted -> {
                if (voted.candidate().equals(node)) {
                    votedForItself = true;
                } else {
                    add(node, "Voted", "term |-> " + voted.term() + ", vote |-> " + quoted(voted.candidate()));
                }
            }
            case ConsensusTrace.Campaigned campaign -> {
                if (!campaign.preVote()) {
                    add(node, "Campaigned", "term |-> " + campaign.term());
                    newTermOf = null;
                    votedForItself = false;
                }
            }
            case ConsensusTrace.HardStateDurable durable -> add(node, "HardStateDurable",
                "term |-> " + durable.term() + ", vote |-> " + vote(durable.votedFor()));
            case ConsensusTrace.BecameLeader leader -> add(node, "BecameLeader", "term |-> " + leader.term()
                + ", index |-> " + leader.lastIndex() + ", lastTerm |-> " + leader.lastTerm());
            case ConsensusTrace.SteppedDown down -> add(node, "SteppedDown", "term |-> " + down.term());
            case ConsensusTrace.Truncated truncated -> cut = true;
            case ConsensusTrace.Appended appended -> {
                String entry = "index |-> " + appended.index() + ", term |-> " + appended.term() + ", kind |-> "
                    + kind(appended.type()) + ", cut |-> " + bool(cut) + ", conf |-> ";
                if (appended.type() == EntryType.CONFIGURATION) {
                    configuration = entry; // What it says follows at once, since it is in force at once.
                } else {
                    add(node, "Appended", entry + "[voters |-> {}, old |-> {}, learners |-> {}]");
                }
                cut = false;
                maxIndex = Math.max(maxIndex, appended.index());
            }
            case ConsensusTrace.LogDurable durable -> add(node, "LogDurable", "index |-> " + durable.index());
            case ConsensusTrace.Committed committed -> add(node, "Committed", "index |-> " + committed.index());
            case ConsensusTrace.MembershipInForce inForce -> {
                if (configuration != null) {
                    Membership now = inForce.membership();
                    add(node, "Appended", configuration + "[voters |-> " + set(now.voters()) + ", old |-> "
                        + set(now.outgoing()) + ", learners |-> " + set(now.learners()) + "]");
                    configuration = null;
                }
            }
            // Free in the specification: it has no state machine, no clock, and these runs have no snapshots.
            case ConsensusTrace.ReadConfirmed read -> { }
            case ConsensusTrace.SnapshotDurable snapshot -> throw new AssertionError("found " + snapshot);
            case ConsensusTrace.Compacted compacted -> throw new AssertionError("found " + compacted);
        }
    }

    private void add(NodeId node, String name, String fields) {
        lines.add("[node |-> " + quoted(node) + ", name |-> \"" + name + "\", " + fields + "]");
    }

    private static String kind(EntryType type) {
        return switch (type) {
            case NO_OP -> "\"noop\"";
            case CONFIGURATION -> "\"configuration\"";
            case COMMANDS, REGISTRY, SESSIONS -> "\"command\"";
        };
    }

    private static String bool(boolean value) {
        return value ? "TRUE" : "FALSE";
    }

    private static String quoted(NodeId node) {
        return "\"" + node + "\"";
    }

    private static String vote(Optional<NodeId> node) {
        return node.map(SpecificationTrace::quoted).orElse("\"nobody\"");
    }

    private static String set(SortedSet<NodeId> nodes) {
        return "{" + String.join(", ", nodes.stream().map(SpecificationTrace::quoted).toList()) + "}";
    }

    /** The module. */
    String module() {
        return """
            ---------------------------- MODULE TraceData ----------------------------
            TraceServer == %s
            TraceVoters == %s
            TraceLearners == %s
            TraceTargets == {}
            TraceMaxTerm == %d
            TraceMaxLog == %d
            TraceLength == %d
            Trace == <<
            %s
            >>
            ==========================================================================
            """.formatted(set(nodes), set(membership.voters()), set(membership.learners()), maxTerm,
            maxIndex, lines.size(), String.join(",\n", lines));
    }
}
