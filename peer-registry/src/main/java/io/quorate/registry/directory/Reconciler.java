package io.quorate.registry.directory;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * The leader's hand in the registry: compares what is with what is recorded, and proposes the difference until there is
 * none.
 *
 * <p><b>Level-triggered.</b> It keeps no list of events to write. Whatever calls {@link #reconcile} (a change of
 * presence, leadership, an applied entry, the clock) is a reason to look, and every look looks at everything. A
 * proposal that was refused, lost with a leadership, or overtaken costs one more look. Scenario without it: the write
 * that marks a peer ONLINE is refused while the disk is full, nobody repeats it, and the peer stays OFFLINE for ever
 * (openziti/ziti 2785).
 *
 * <p><b>One proposal at a time.</b> The next one is made when the entry of the last one has been applied here, or the
 * term in which it was accepted is over. A leader begins only when it has applied everything that was committed when it
 * became ready, so that it decides on what its predecessors have written.
 *
 * <p>Loop only. Its one timer runs while this node leads.
 */
public final class Reconciler {

    /** What the reconciler asks of the node. All of it is called on the loop. */
    public interface Surroundings {

        ConsensusStatus consensusStatus();

        Consensus.ProposalResult propose(EntryType type, List<Bytes> payload);

        /** What this node sees of every node to which it has, or has had, sessions. */
        SortedMap<NodeId, Sighting> sightings();

        /** What this node is itself. */
        Sighting self();

        /** The registry as this node has applied it. Read after {@link #appliedIndex}: it may be newer, never older. */
        RegistrySnapshot registry();

        LogIndex appliedIndex();
    }

    private final NodeId id;
    private final NodeLoop loop;
    private final Surroundings node;
    /** Since when a node that had sessions has none; kept by followers too, for the day on which they lead. */
    private final Map<NodeId, Long> goneSinceNanos = new HashMap<>();

    private Optional<Leadership> leadership = Optional.empty();
    private Optional<Cancellable> timer = Optional.empty();

    public Reconciler(NodeId self, NodeLoop loop, Surroundings node) {
        this.id = self;
        this.loop = loop;
        this.node = node;
    }

    /** Looks at everything, and proposes what differs if this node is a leader that may. */
    public void reconcile() {
        SortedMap<NodeId, Sighting> sightings = node.sightings();
        noteWhoIsGone(sightings);
        ConsensusStatus status = node.consensusStatus();
        if (status.role() != ConsensusStatus.Role.LEADER) {
            leadership = Optional.empty();
            timer.ifPresent(Cancellable::cancel);
            timer = Optional.empty();
            return;
        }
        if (leadership.isEmpty() || !leadership.get().term.equals(status.term())) {
            leadership = Optional.of(new Leadership(status.term(), loop.clock().nanoTime()));
        }
        if (timer.isEmpty()) {
            timer = Optional.of(loop.schedule(TimeUnit.MILLISECONDS.toNanos(DirectoryLimits.RECONCILE_MILLIS), () -> {
                timer = Optional.empty();
                reconcile();
            }));
        }
        if (leadership.get().mayPropose(status, node.appliedIndex())) {
            propose(leadership.get(), status.membership(), sightings);
        }
    }

    private void propose(Leadership leading, Membership membership, SortedMap<NodeId, Sighting> sightings) {
        List<PeerChange> changes = differences(leading, membership, sightings);
        if (changes.isEmpty()) {
            return;
        }
        RegistryProposal proposal = new RegistryProposal(leading.term, id, loop.clock().wallMillis(), changes);
        switch (node.propose(EntryType.REGISTRY, List.of(proposal.encode()))) {
            case Consensus.ProposalResult.Accepted accepted -> leading.inFlight = accepted.index();
            // The clock looks again. Nothing is kept of what was to be written: by then it may be no longer so.
            case Consensus.ProposalResult.NotLeader refused -> leading.inFlight = LogIndex.ZERO;
            case Consensus.ProposalResult.Overloaded refused -> leading.inFlight = LogIndex.ZERO;
        }
    }

    private List<PeerChange> differences(
            Leadership leading, Membership membership, SortedMap<NodeId, Sighting> sightings) {
        List<PeerChange> changes = new ArrayList<>();
        if (!membership.contains(id)) {
            // A membership that is not known yet must not be taken for one without members (openziti/ziti 2692).
            return changes;
        }
        RegistrySnapshot registry = node.registry();
        SortedSet<NodeId> nodes = new TreeSet<>(registry.records().keySet());
        nodes.addAll(membership.members());
        for (NodeId each : nodes) {
            Sighting seen = each.equals(id) ? node.self() : sightings.getOrDefault(each, Sighting.never());
            if (leading.doubts(each, seen, registry.get(each), loop.clock().nanoTime())) {
                continue;
            }
            PeerStatusMachine.Situation situation = new PeerStatusMachine.Situation(membership.contains(each),
                each.equals(id), withEndpoints(seen, membership, each), absentMillis(each, seen, leading));
            List<PeerChange> path = PeerStatusMachine.path(each, registry.get(each), situation);
            if (changes.size() + path.size() > DirectoryLimits.MAX_CHANGES_PER_PROPOSAL) {
                return changes;
            }
            changes.addAll(path);
        }
        return changes;
    }

    private long absentMillis(NodeId each, Sighting seen, Leadership leading) {
        long nowNanos = loop.clock().nanoTime();
        Long gone = goneSinceNanos.get(each);
        long sinceNanos = gone != null && seen.incarnation() != 0 ? gone
            : leading.sinceNanos + TimeUnit.MILLISECONDS.toNanos(DirectoryLimits.SETTLING_MILLIS);
        return Math.floorDiv(nowNanos - sinceNanos, TimeUnit.MILLISECONDS.toNanos(1));
    }

    private void noteWhoIsGone(SortedMap<NodeId, Sighting> sightings) {
        long nowNanos = loop.clock().nanoTime();
        sightings.forEach((each, seen) -> {
            if (seen.present()) {
                goneSinceNanos.remove(each);
            } else {
                goneSinceNanos.putIfAbsent(each, nowNanos);
            }
        });
        goneSinceNanos.keySet().retainAll(sightings.keySet());
    }

    private static Sighting withEndpoints(Sighting seen, Membership membership, NodeId each) {
        if (!seen.endpoints().isEmpty()) {
            return seen;
        }
        List<Endpoint> configured = membership.endpoints().getOrDefault(each, List.of());
        return new Sighting(seen.present(), seen.confirmed(), seen.incarnation(), seen.identity(), seen.fingerprint(),
            configured.stream().map(Endpoint::toString).toList(), seen.version(), seen.lastReason());
    }

    /** One term's leadership of this node. */
    private static final class Leadership {

        private final Term term;
        private final long sinceNanos;
        private boolean ready;
        private LogIndex beginAfter = LogIndex.ZERO;
        /** The last accepted proposal's index; ZERO if there is none. */
        private LogIndex inFlight = LogIndex.ZERO;

        /** Since when a session of an older process than the recorded one is there. */
        private final Map<NodeId, Long> olderSinceNanos = new HashMap<>();

        Leadership(Term term, long sinceNanos) {
            this.term = term;
            this.sinceNanos = sinceNanos;
        }

        /**
         * Whether it is too soon to say anything of a peer: there is a session of an older process than the one that a
         * former leader has recorded. Most likely its other end is dead and has not been missed here yet, so nothing is
         * said until it has lasted longer than such a session can. Then it is alive, and the wall clock of its node was
         * set back before it started. Scenario without it: a node is killed and restarted, the leader sees the new
         * process and hands over to a node that has not missed the old one, and the registry goes back to a process
         * that is dead.
         */
        boolean doubts(NodeId peer, Sighting seen, Optional<RegistrySnapshot.Entry> recorded, long nowNanos) {
            if (!seen.present() || recorded.isEmpty() || seen.incarnation() >= recorded.get().peer().incarnation()) {
                olderSinceNanos.remove(peer);
                return false;
            }
            long older = nowNanos - olderSinceNanos.computeIfAbsent(peer, first -> nowNanos);
            return older < TimeUnit.MILLISECONDS.toNanos(DirectoryLimits.OLDER_PROCESS_MILLIS);
        }

        boolean mayPropose(ConsensusStatus status, LogIndex applied) {
            if (!ready && status.ready()) {
                ready = true;
                beginAfter = status.commitIndex();
            }
            return ready && applied.compareTo(beginAfter) >= 0 && applied.compareTo(inFlight) >= 0;
        }
    }
}
