package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace.Appended;
import io.quorate.spi.consensus.ConsensusTrace.BecameLeader;
import io.quorate.spi.consensus.ConsensusTrace.Campaigned;
import io.quorate.spi.consensus.ConsensusTrace.Committed;
import io.quorate.spi.consensus.ConsensusTrace.Compacted;
import io.quorate.spi.consensus.ConsensusTrace.Event;
import io.quorate.spi.consensus.ConsensusTrace.HardStateDurable;
import io.quorate.spi.consensus.ConsensusTrace.LogDurable;
import io.quorate.spi.consensus.ConsensusTrace.MembershipInForce;
import io.quorate.spi.consensus.ConsensusTrace.ReadConfirmed;
import io.quorate.spi.consensus.ConsensusTrace.SnapshotDurable;
import io.quorate.spi.consensus.ConsensusTrace.Started;
import io.quorate.spi.consensus.ConsensusTrace.SteppedDown;
import io.quorate.spi.consensus.ConsensusTrace.TermAdopted;
import io.quorate.spi.consensus.ConsensusTrace.Truncated;
import io.quorate.spi.consensus.ConsensusTrace.Voted;
import io.quorate.spi.consensus.Membership;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** What is known of all nodes, and what the cluster has agreed so far. */
final class ClusterView {

    private final Map<NodeId, NodeView> nodes = new TreeMap<>();
    /** Every entry that any node knew to be committed. */
    private final TreeMap<Long, Agreed> committed = new TreeMap<>();

    /**
     * A committed entry.
     *
     * @param term its term
     * @param in the term of who committed it first, which is that of its leader
     */
    record Agreed(long term, long in) {
    }

    private final Map<Ends, Long> ended = new HashMap<>();
    private final LongSupplier clock;
    private long shortestElectionNanos = 1_000_000_000;

    private record Ends(NodeId one, NodeId other) {
    }

    ClusterView(LongSupplier clock) {
        this.clock = clock;
    }

    long nowNanos() {
        return clock.getAsLong();
    }

    /** The least time without a leader after which anybody may lose patience. */
    long shortestElectionNanos() {
        return shortestElectionNanos;
    }

    void shortestElectionNanos(long nanos) {
        shortestElectionNanos = nanos;
    }

    /** A connection between the two has ended, at either side. */
    void connectionEnded(NodeId one, NodeId other) {
        ended.put(new Ends(one, other), nowNanos());
        ended.put(new Ends(other, one), nowNanos());
    }

    /** When a connection between the two has last ended; before all times if none has. */
    long lastEnd(NodeId one, NodeId other) {
        return ended.getOrDefault(new Ends(one, other), Long.MIN_VALUE);
    }

    NodeView node(NodeId id) {
        return nodes.computeIfAbsent(id, NodeView::new);
    }

    Collection<NodeView> nodes() {
        return nodes.values();
    }

    TreeMap<Long, Agreed> committed() {
        return committed;
    }

    /** The last entry that any node knew to be committed; 0 if there was none. */
    long lastCommitted() {
        return committed.isEmpty() ? 0 : committed.lastKey();
    }

    /** Whether the members for which {@code agrees} holds are a majority, and where joint of both sets of voters. */
    static boolean isQuorum(Membership membership, Predicate<NodeId> agrees) {
        return isMajority(membership.voters(), agrees)
            && (membership.outgoing().isEmpty() || isMajority(membership.outgoing(), agrees));
    }

    private static boolean isMajority(SortedSet<NodeId> voters, Predicate<NodeId> agrees) {
        return voters.stream().filter(agrees).count() > voters.size() / 2;
    }

    /** Takes over what a node tells. */
    void update(NodeView node, Event event) {
        switch (event) {
            case Started started -> started(node, started);
            case TermAdopted adopted -> {
                node.term = adopted.term();
                node.vote = Optional.empty();
            }
            case Voted voted -> {
                node.term = voted.term();
                node.vote = Optional.of(voted.candidate());
            }
            case HardStateDurable durable -> {
                node.durableTerm = durable.term();
                node.durableVote = durable.votedFor();
                durable.votedFor().ifPresent(candidate -> node.durableVotes.put(durable.term(), candidate));
            }
            case BecameLeader leader -> node.leading = true;
            case SteppedDown down -> node.leading = false;
            case Appended appended -> {
                node.log.put(appended.index(),
                    new NodeView.Entry(appended.term(), appended.type(), appended.checksum()));
                node.lastIndex = appended.index();
            }
            case Truncated truncated -> {
                node.log.tailMap(truncated.index(), true).clear();
                // A snapshot that was installed replaces a log that does not fit it, from the log's beginning.
                node.lastIndex = Math.max(truncated.index() - 1, node.snapshotIndex);
                node.durableIndex = Math.min(node.durableIndex, node.lastIndex);
            }
            case LogDurable durable -> node.durableIndex = Math.min(durable.index(), node.lastIndex);
            case Committed now -> {
                for (long index = node.committed + 1; index <= now.index(); index++) {
                    long term = node.termAt(index);
                    if (term >= 0) {
                        committed.putIfAbsent(index, new Agreed(term, node.term));
                    }
                }
                node.committed = now.index();
            }
            case MembershipInForce inForce -> {
                node.membership = inForce.membership();
                node.membershipIndex = inForce.index();
                node.named |= node.membership.contains(node.id);
            }
            case SnapshotDurable snapshot -> snapshot(node, snapshot);
            case Compacted compacted -> node.log.headMap(compacted.index(), true).clear();
            case Campaigned campaigned -> { }
            case ReadConfirmed read -> { }
        }
    }

    private static void started(NodeView node, Started started) {
        node.up = true;
        node.started = true;
        node.leading = false;
        node.term = started.term();
        node.vote = started.votedFor();
        node.durableTerm = started.term();
        node.durableVote = started.votedFor();
        node.committed = started.snapshotIndex();
        node.snapshotIndex = started.snapshotIndex();
        node.snapshotTerm = started.snapshotTerm();
        // What was not durable may be there or not, or be what was there before it: only its end is told.
        node.log.tailMap(Math.min(node.durableIndex, started.lastIndex()), false).clear();
        node.lastIndex = started.lastIndex();
        node.durableIndex = started.lastIndex();
        node.membership = started.membership();
        node.membershipIndex = 0;
        node.named = node.membership.contains(node.id);
    }

    private static void snapshot(NodeView node, SnapshotDurable snapshot) {
        if (snapshot.index() <= node.snapshotIndex) {
            return;
        }
        boolean keepsLog = node.termAt(snapshot.index()) == snapshot.term();
        node.snapshotIndex = snapshot.index();
        node.snapshotTerm = snapshot.term();
        if (snapshot.installed()) {
            if (!keepsLog) {
                node.log.clear();
                node.lastIndex = snapshot.index();
                node.durableIndex = snapshot.index();
            }
            node.committed = Math.max(node.committed, snapshot.index());
        }
    }
}
