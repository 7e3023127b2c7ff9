package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
public final class SpecificationTrace {

    private final Membership membership;
    private final TreeSet<NodeId> nodes;
    private final boolean transfers;
    private final List<String> lines = new ArrayList<>();
    private final Set<NodeId> started = new TreeSet<>();
    private NodeId newTermOf;
    private long newTerm;
    private boolean votedForItself;
    private boolean cut;
    private String configuration;
    private long maxTerm;
    private long maxIndex;

    /**
     * @param strangers nodes that exist beside the members
     * @param transfers whether leaders hand over: only then may anybody campaign without pre-votes
     */
    public SpecificationTrace(Membership membership, Set<NodeId> strangers, boolean transfers) {
        this.membership = membership;
        this.transfers = transfers;
        this.nodes = new TreeSet<>(membership.members());
        nodes.addAll(strangers);
    }

    ConsensusTrace of(NodeId node) {
        return event -> on(node, event);
    }

    /** Takes what {@code node} tells. */
    public void on(NodeId node, ConsensusTrace.Event event) {
        if (newTermOf != null && !votedForItself
            && !(event instanceof ConsensusTrace.Voted voted && voted.candidate().equals(node))) {
            add(newTermOf, "TermAdopted", "term |-> " + newTerm);
            newTermOf = null;
        }
        switch (event) {
            case ConsensusTrace.Started start -> add(node, "Started", "first |-> " + bool(started.add(node))
                + ", term |-> " + start.term() + ", vote |-> " + vote(start.votedFor()) + ", index |-> "
                + start.lastIndex() + ", lastTerm |-> " + start.lastTerm() + ", base |-> " + start.snapshotIndex()
                + ", conf |-> " + conf(start.membership()));
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
                if (campaign.preVote()) {
                    add(node, "PreCampaigned", "term |-> " + campaign.term());
                } else {
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
                    add(node, "Appended", configuration + conf(inForce.membership()));
                    configuration = null;
                } else if (!cut) { // Of what was cut it is told with what took its place.
                    add(node, "InForce", "conf |-> " + conf(inForce.membership()));
                }
            }
            case ConsensusTrace.SnapshotDurable snapshot -> add(node, "SnapshotDurable", "index |-> "
                + snapshot.index() + ", term |-> " + snapshot.term() + ", installed |-> " + bool(snapshot.installed()));
            case ConsensusTrace.Compacted compacted -> add(node, "Compacted", "index |-> " + compacted.index()
                + ", term |-> " + compacted.term());
            case ConsensusTrace.ReadConfirmed read -> { } // The specification has no clock and no reads.
        }
    }

    private static String conf(Membership membership) {
        return "[voters |-> " + set(membership.voters()) + ", old |-> " + set(membership.outgoing())
            + ", learners |-> " + set(membership.learners()) + "]";
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

    /** Whether there was an event with these words in it. */
    public boolean has(String words) {
        return lines.stream().anyMatch(line -> line.contains(words));
    }

    /** Writes the module to where the profile 'spec' looks for runs. */
    public void write(String name) throws IOException {
        write(name, module());
    }

    /**
     * Writes a run that cannot be, since events of this one are missing: TLC must refuse it, or it would prove nothing
     * of the others.
     *
     * @param name begins with {@code altered}
     * @param events what each event that is left out has in it
     * @param spared how many of those stay before the first that is left out
     * @param count how many are left out
     */
    public void writeAltered(String name, String events, int spared, int count) throws IOException {
        List<String> all = new ArrayList<>(lines);
        List<String> found = lines.stream().filter(line -> line.contains(events)).skip(spared).limit(count).toList();
        if (found.size() < count) {
            throw new AssertionError("found " + found + ", expected " + count + " events with " + events);
        }
        found.forEach(all::remove);
        write(name, module(all));
    }

    private static void write(String name, String module) throws IOException {
        Path folder = Files.createDirectories(Path.of("target", "traces", name));
        Files.writeString(folder.resolve("TraceData.tla"), module);
    }

    /** The module. */
    public String module() {
        return module(lines);
    }

    private String module(List<String> events) {
        return """
            ---------------------------- MODULE TraceData ----------------------------
            TraceServer == %s
            TraceVoters == %s
            TraceLearners == %s
            TraceTargets == {}
            TraceMaxTerm == %d
            TraceMaxLog == %d
            TraceLength == %d
            TraceTransfers == %s
            Trace == <<
            %s
            >>
            ==========================================================================
            """.formatted(set(nodes), set(membership.voters()), set(membership.learners()), maxTerm,
            maxIndex, lines.size(), bool(transfers), String.join(",\n", events));
    }
}
