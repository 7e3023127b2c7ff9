package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.consensus.Overload;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Consumer;

/** A node's view of the {@link FakeLog}. */
final class FakeConsensus implements Consensus {

    /** Makes consensuses of one log. */
    static final class Provider implements ConsensusProvider {
        private final FakeLog log;
        FakeConsensus last;
        /** The configuration that was replicated, if it is another one than the node's own file has. */
        Membership replicated;

        Provider(FakeLog log) {
            this.log = log;
        }

        @Override
        public Consensus create(ConsensusContext context) {
            last = new FakeConsensus(log, context);
            last.membership = replicated == null ? context.bootstrap() : replicated;
            return last;
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public int spiVersion() {
            return QuorateProvider.SPI_VERSION;
        }
    }

    private final FakeLog log;
    private final ConsensusContext context;
    final List<String> presence = new ArrayList<>();
    final List<String> orders = new ArrayList<>();
    AdministrationResult administration = new AdministrationResult.Done("so it is");
    final TreeMap<NodeId, SortedSet<String>> known = new TreeMap<>();
    boolean toldThatClusterExists;
    private boolean running;
    private long delivered;
    Membership membership;
    boolean closed;

    private FakeConsensus(FakeLog log, ConsensusContext context) {
        this.log = log;
        this.context = context;
        this.membership = context.bootstrap();
    }

    @Override
    public void start() {
        running = true;
        log.join(this);
    }

    void deliver(List<CommittedEntry> entries) {
        List<CommittedEntry> batch = List.copyOf(entries);
        context.loop().execute(() -> {
            List<CommittedEntry> fresh = batch.stream().filter(entry -> entry.index().value() > delivered).toList();
            if (running && !fresh.isEmpty()) {
                delivered = fresh.getLast().index().value();
                context.host().committed(fresh, () -> { });
            }
        });
    }

    void tellStatus() {
        context.loop().execute(() -> {
            if (running) {
                context.host().statusChanged(status());
            }
        });
    }

    void breakDown(String problem) {
        context.loop().execute(() -> context.host().failed(problem, new IllegalStateException(problem)));
    }

    @Override
    public ProposalResult propose(EntryType type, List<Bytes> payload) {
        if (!log.leader().equals(Optional.of(context.self()))) {
            return new ProposalResult.NotLeader(log.leader());
        }
        if (log.refusing) {
            log.refusals++;
            return new ProposalResult.Overloaded(Overload.UNCOMMITTED, 10);
        }
        CommittedEntry entry = log.append(type, payload);
        return new ProposalResult.Accepted(entry.term(), entry.index());
    }

    @Override
    public void readIndex(boolean leaseSuffices, Consumer<ReadIndexResult> answer) {
        log.readRounds++;
        log.world.schedule(FakeLog.COMMIT_NANOS, () -> context.loop().execute(() -> answer.accept(
            log.readsUnavailable || log.leader().isEmpty() ? new ReadIndexResult.Unavailable("no quorum on request")
                : new ReadIndexResult.At(log.commitIndex()))));
    }

    @Override
    public void changeMembership(MembershipChange change, boolean force, long timeoutMillis,
        Consumer<AdministrationResult> answer) {
        if (log.leader().equals(Optional.of(context.self()))) {
            orders.add(change + " " + force);
            context.loop().execute(() -> answer.accept(administration));
            return;
        }
        context.loop().execute(() -> answer.accept(new AdministrationResult.NotLeader(log.leader())));
    }

    @Override
    public void transferLeadership(Optional<NodeId> to, long timeoutMillis, Consumer<AdministrationResult> answer) {
        context.loop().execute(() -> answer.accept(new AdministrationResult.NotLeader(log.leader())));
    }

    @Override
    public Set<RpcType> procedures() {
        return EnumSet.of(RpcType.HEARTBEAT);
    }

    @Override
    public void serve(NodeId from, RpcType type, Bytes request, RpcResponder responder) {
        responder.respond(List.of(request));
    }

    @Override
    public void peerPresence(NodeId peer, boolean present) {
        presence.add((present ? "+" : "-") + peer);
    }

    @Override
    public void clusterExists() {
        toldThatClusterExists = true;
    }

    @Override
    public void peerFeatures(NodeId peer, SortedSet<String> features) {
        known.put(peer, features);
    }

    @Override
    public ConsensusStatus status() {
        boolean leads = log.leader().equals(Optional.of(context.self()));
        // Who waits to join has been given nothing yet.
        boolean empty = membership.members().isEmpty();
        return new ConsensusStatus(leads ? ConsensusStatus.Role.LEADER : ConsensusStatus.Role.FOLLOWER, log.term(),
            log.leader(), empty ? LogIndex.ZERO : log.commitIndex(), empty ? LogIndex.ZERO : log.lastIndex(),
            log.ready(), membership);
    }

    @Override
    public void close() {
        running = false;
        closed = true;
        log.leave(this);
    }
}
