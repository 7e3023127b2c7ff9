package io.quorate.registry.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerStatus;
import io.quorate.api.Term;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReconcilerTest {

    private static final NodeId SELF = new NodeId("n1");
    private static final NodeId PEER = new NodeId("n2");
    private static final Membership MEMBERS = Membership.ofVoters(Map.of(
        SELF, List.of(Endpoint.parse("mem://n1:1")), PEER, List.of(Endpoint.parse("mem://n2:1"))));

    private final VirtualWorld world = new VirtualWorld(1);
    private final VirtualLoop loop = new VirtualLoop(world);
    private final Node node = new Node();

    @Test
    void aSessionOfAnOlderProcessThatEndsInTimeIsNeverBelieved() {
        node.record(7, PeerStatus.ONLINE);
        node.sees(true, 6);
        lead();
        run(DirectoryLimits.OLDER_PROCESS_MILLIS - 1_000);
        assertEquals(List.of(), node.changes, "it may be another process's end that has not been missed yet");
        node.sees(false, 6);
        run(5_000);
        node.sees(true, 7);
        run(1_000);
        assertEquals(List.of("SUSPECT@7", "OFFLINE@7", "CONNECTING@7", "ONLINE@7"), node.changes);
    }

    /** Its wall clock was set back before it started: it is there, and the registry must say so. */
    @Test
    void aSessionOfAnOlderProcessThatLastsIsBelieved() {
        node.record(7, PeerStatus.ONLINE);
        node.sees(true, 6);
        lead();
        run(DirectoryLimits.OLDER_PROCESS_MILLIS + 1_000);
        assertEquals(PeerStatus.ONLINE, node.recorded().status());
        assertEquals(6, node.recorded().incarnation());
    }

    @Test
    void theTimeOfAnOlderSessionIsThatOfThisLeadershipAlone() {
        node.record(7, PeerStatus.ONLINE);
        node.sees(true, 6);
        run(2 * DirectoryLimits.OLDER_PROCESS_MILLIS);
        lead();
        run(DirectoryLimits.OLDER_PROCESS_MILLIS - 1_000);
        assertEquals(7, node.recorded().incarnation());
    }

    private void lead() {
        node.role = ConsensusStatus.Role.LEADER;
        loop.execute(node.reconciler::reconcile);
        world.runFor(0);
    }

    private void run(long millis) {
        world.runFor(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Applies at once what is proposed. */
    private final class Node implements Reconciler.Surroundings {

        private final Reconciler reconciler = new Reconciler(SELF, loop, this);
        private final List<String> changes = new ArrayList<>();
        private final SortedMap<NodeId, RegistrySnapshot.Entry> records = new TreeMap<>();
        private ConsensusStatus.Role role = ConsensusStatus.Role.FOLLOWER;
        private Sighting seen = Sighting.never();

        void sees(boolean present, long incarnation) {
            seen = new Sighting(present, present, incarnation, Optional.empty(), Optional.empty(), List.of(), "", "");
        }

        void record(long incarnation, PeerStatus status) {
            long revision = records.containsKey(PEER) ? records.get(PEER).revision() + 1 : 1;
            records.put(PEER, new RegistrySnapshot.Entry(new Peer(PEER, incarnation, status, "", Optional.empty(),
                Optional.empty(), List.of("mem://n2:1"), "", Instant.EPOCH, Optional.empty(), Term.ZERO), revision));
        }

        Peer recorded() {
            return records.get(PEER).peer();
        }

        @Override
        public ConsensusStatus consensusStatus() {
            return new ConsensusStatus(role, new Term(3), Optional.of(SELF), new LogIndex(1), new LogIndex(1), true,
                MEMBERS);
        }

        @Override
        public Consensus.ProposalResult propose(EntryType type, List<Bytes> payload) {
            try {
                for (PeerChange change : RegistryProposal.decode(payload.get(0)).changes()) {
                    if (change.id().equals(PEER)) {
                        record(change.incarnation(), change.status());
                        changes.add(change.status() + "@" + change.incarnation());
                    }
                }
            } catch (MalformedBytesException e) {
                throw new AssertionError(e);
            }
            return new Consensus.ProposalResult.Accepted(new Term(3), new LogIndex(1));
        }

        @Override
        public SortedMap<NodeId, Sighting> sightings() {
            return new TreeMap<>(Map.of(PEER, seen));
        }

        @Override
        public Sighting self() {
            return new Sighting(true, true, 1, Optional.empty(), Optional.empty(), List.of(), "", "");
        }

        @Override
        public RegistrySnapshot registry() {
            return new RegistrySnapshot(0, records);
        }

        @Override
        public LogIndex appliedIndex() {
            return new LogIndex(1);
        }
    }
}
