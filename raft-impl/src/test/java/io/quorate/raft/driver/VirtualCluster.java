package io.quorate.raft.driver;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.raft.core.RaftSettings;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusException;
import io.quorate.spi.consensus.ConsensusHost;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.consensus.StateSource;
import io.quorate.spi.storage.StorageExecutor;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Whole consensus objects, each on a loop and a storage executor in one virtual time, calling each other. */
final class VirtualCluster {

    static final long MILLI = 1_000_000;
    static final long SECOND = 1_000 * MILLI;
    private static final long CALL_NANOS = MILLI / 2;
    private static final long DISK_NANOS = MILLI / 5;

    final VirtualWorld world = new VirtualWorld(7);
    final TreeMap<NodeId, Node> nodes = new TreeMap<>();
    final Membership membership;

    VirtualCluster(int size) {
        TreeMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        for (int i = 1; i <= size; i++) {
            endpoints.put(new NodeId("n" + i), List.of());
        }
        membership = Membership.ofVoters(endpoints);
        membership.voters().forEach(id -> nodes.put(id, new Node(id, new MemoryLogStore(membership))));
    }

    Node leader() {
        return nodes.values().stream().filter(n -> n.consensus.status().role() == ConsensusStatus.Role.LEADER
            && n.consensus.status().ready()).findFirst().orElse(null);
    }

    Node awaitLeader() {
        if (!world.runUntil(() -> leader() != null, 10 * SECOND)) {
            throw new AssertionError("no leader within 10 s");
        }
        return leader();
    }

    /** As kill -9 does: its loop ends, and the others' sessions to it are gone. */
    void kill(Node node) {
        node.loop.kill();
        nodes.remove(node.id);
        nodes.values().forEach(other -> other.loop.execute(() -> other.consensus.peerPresence(node.id, false)));
    }

    Node restart(Node killed) {
        Node node = new Node(killed.id, killed.store.afterPowerLoss());
        nodes.put(node.id, node);
        nodes.values().forEach(other -> other.loop.execute(() -> other.consensus.peerPresence(node.id, true)));
        return node;
    }

    /** One node and its host. */
    final class Node implements ConsensusHost, PeerCaller {

        final NodeId id;
        final MemoryLogStore store;
        final VirtualLoop loop = new VirtualLoop(world);
        final RaftConsensus consensus;
        final List<CommittedEntry> committed = new ArrayList<>();
        final List<ConsensusStatus> statuses = new ArrayList<>();
        final List<String> failures = new ArrayList<>();
        final List<Runnable> held = new ArrayList<>();
        boolean holdBatches;
        int outstanding;
        int mostOutstanding;
        Bytes garbageInsteadOfResponses;

        Node(NodeId id, MemoryLogStore store) {
            this.id = id;
            this.store = store;
            consensus = new RaftConsensus(new ConsensusContext(id, new ClusterId("virtual"), Path.of("unused"),
                membership,
                loop, this, this, Map.of(), ConsensusEnvironment.REAL), RaftSettings.defaults(), () -> store,
                () -> new VirtualStorage(world));
            try {
                consensus.start();
            } catch (ConsensusException e) {
                throw new AssertionError(e);
            }
        }

        ProposalResult propose(String payload) {
            ProposalResult[] result = new ProposalResult[1];
            loop.execute(() -> result[0] = consensus.propose(EntryType.COMMANDS, List.of(Bytes.utf8(payload))));
            world.runUntil(() -> result[0] != null, SECOND);
            return result[0];
        }

        List<String> commands() {
            return committed.stream().filter(entry -> entry.type() == EntryType.COMMANDS)
                .map(entry -> entry.payload().utf8()).toList();
        }

        @Override
        public void committed(List<CommittedEntry> entries, Runnable done) {
            for (CommittedEntry entry : entries) {
                if (entry.index().value() != committed.size() + 1) {
                    throw new AssertionError("found " + entry + " after " + committed.size() + " entries");
                }
                committed.add(entry);
            }
            outstanding++;
            mostOutstanding = Math.max(mostOutstanding, outstanding);
            Runnable applied = () -> {
                outstanding--;
                done.run();
                done.run(); // A second time must do nothing.
            };
            if (holdBatches) {
                held.add(applied);
            } else {
                world.schedule(MILLI, applied);
            }
        }

        @Override
        public void freeze(Consumer<FrozenState> frozen) {
            failures.add("asked for a snapshot");
        }

        @Override
        public void restore(LogIndex index, StateSource source, Runnable done) {
            failures.add("given a snapshot of " + index);
        }

        @Override
        public void statusChanged(ConsensusStatus status) {
            statuses.add(status);
        }

        @Override
        public void failed(String problem, Throwable cause) {
            failures.add(problem);
        }

        @Override
        public void call(NodeId peer, RpcType type, List<Bytes> request, long timeoutMillis, CallHandler answer) {
            BytesWriter whole = new BytesWriter();
            request.forEach(whole::raw);
            Bytes payload = whole.toBytes();
            boolean[] over = new boolean[1];
            Node to = nodes.get(peer);
            if (to == null) {
                end(over, () -> answer.onFailure(
                    new CallFailure(CallFailure.Kind.NOT_SENT, Optional.empty(), "no session")));
                return;
            }
            world.schedule(timeoutMillis * MILLI, () -> end(over,
                () -> answer.onFailure(new CallFailure(CallFailure.Kind.TIMEOUT, Optional.empty(), ""))));
            world.schedule(CALL_NANOS, () -> to.loop.execute(() -> to.consensus.serve(id, type, payload,
                new RpcResponder() {
                    @Override
                    public void respond(List<Bytes> response) {
                        BytesWriter all = new BytesWriter();
                        response.forEach(all::raw);
                        Bytes whole = garbageInsteadOfResponses != null ? garbageInsteadOfResponses : all.toBytes();
                        world.schedule(CALL_NANOS, () -> end(over, () -> answer.onResponse(whole)));
                    }

                    @Override
                    public void fail(RpcError error) {
                        world.schedule(CALL_NANOS, () -> end(over, () -> answer.onFailure(
                            new CallFailure(CallFailure.Kind.REMOTE, Optional.of(error), ""))));
                    }
                })));
        }

        private void end(boolean[] over, Runnable how) {
            if (!over[0]) {
                over[0] = true;
                loop.execute(how);
            }
        }
    }

    /** The storage thread in virtual time. */
    static final class VirtualStorage implements StorageExecutor {

        private final Executor serial;

        VirtualStorage(VirtualWorld world) {
            serial = world.serialExecutor(DISK_NANOS);
        }

        @Override
        public void execute(Runnable task) {
            serial.execute(task);
        }

        @Override
        public boolean close(long timeoutMillis) {
            return true; // What was handed in before runs as virtual time goes on.
        }
    }
}
