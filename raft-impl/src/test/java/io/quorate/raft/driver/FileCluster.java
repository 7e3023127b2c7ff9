package io.quorate.raft.driver;

import io.quorate.api.Bytes;
import io.quorate.api.BytesWriter;
import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.raft.RaftConsensusProvider;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.Consensus.ProposalResult;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusException;
import io.quorate.spi.consensus.ConsensusHost;
import io.quorate.spi.consensus.ConsensusStatus;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.FrozenState;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.consensus.RpcResponder;
import io.quorate.spi.consensus.StateSource;
import io.quorate.spi.consensus.StateWriter;
import io.quorate.spi.storage.StorageExecutor;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.time.Clock;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.disk.SimulatedDisk;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Whole consensus objects with real files on disks that forget, in one virtual time. Their hosts' state is a hash of
 * all commands; two hosts that have applied the same entry must have the same, also after restarts and restores.
 */
final class FileCluster {

    static final long MILLI = 1_000_000;
    static final long SECOND = 1_000 * MILLI;
    private static final long CALL_NANOS = MILLI / 2;
    private static final long DISK_NANOS = MILLI / 5;
    private static final Path ROOT = Path.of("/data");

    final VirtualWorld world;
    final TreeMap<NodeId, Node> nodes = new TreeMap<>();
    final Membership membership;
    private final Map<String, String> settings;
    private final int stateBytes;
    private final Map<Long, Long> hashes = new HashMap<>();

    /** Whether a call to that node is lost. */
    BiPredicate<NodeId, RpcType> cut = (to, type) -> false;
    /** All calls to and from these are lost. */
    final Set<NodeId> isolated = new TreeSet<>();
    /** Hears the steps of all nodes, in their order. */
    BiConsumer<NodeId, ConsensusTrace.Event> heard = (node, event) -> { };
    long installCalls;
    long installBytes;
    int installsUnderWay;
    int mostInstallsUnderWay;
    int largestInstall;

    /** @param stateBytes how large the hosts' states are */
    FileCluster(long seed, int size, int stateBytes, Map<String, String> settings) {
        this.world = new VirtualWorld(seed);
        this.settings = settings;
        this.stateBytes = stateBytes;
        TreeMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        for (int i = 1; i <= size; i++) {
            endpoints.put(new NodeId("n" + i), List.of());
        }
        membership = Membership.ofVoters(endpoints);
    }

    FileCluster startAll() {
        membership.voters().forEach(id -> start(id, new SimulatedDisk(ROOT)));
        return this;
    }

    Node start(NodeId id, SimulatedDisk disk) {
        Node node = new Node(id, disk);
        nodes.put(id, node);
        nodes.values().forEach(other -> other.loop.execute(() -> other.consensus.peerPresence(id, true)));
        node.begin();
        return node;
    }

    /** The process ends; the disk stays as it is. */
    void stop(Node node) {
        node.loop.kill();
        node.stopped = true;
        nodes.remove(node.id);
        nodes.values().forEach(other -> other.loop.execute(() -> other.consensus.peerPresence(node.id, false)));
    }

    Node restart(Node node, Random random) {
        stop(node);
        return start(node.id, node.disk.afterPowerLoss(random));
    }

    Node leader() {
        return nodes.values().stream().filter(n -> n.consensus.status().role() == ConsensusStatus.Role.LEADER
            && n.consensus.status().ready()).findFirst().orElse(null);
    }

    Node awaitLeader() {
        if (!world.runUntil(() -> leader() != null, 20 * SECOND)) {
            throw new AssertionError("no leader within 20 s");
        }
        return leader();
    }

    /** Proposes so many commands, a few at a time, and waits until the leader has applied them. */
    void write(int commands) {
        for (int left = commands; left > 0; left -= 10) {
            Node leader = awaitLeader();
            int batch = Math.min(10, left);
            List<ProposalResult> results = new ArrayList<>();
            leader.loop.execute(() -> {
                for (int i = 0; i < batch; i++) {
                    results.add(leader.consensus.propose(EntryType.COMMANDS,
                        List.of(Bytes.utf8("command ".repeat(12)))));
                }
            });
            world.runUntil(() -> results.size() == batch && results.getLast() instanceof ProposalResult.Accepted last
                && leader.applied >= last.index().value(), SECOND);
        }
    }

    boolean allAlike() {
        Node first = nodes.firstEntry().getValue();
        return nodes.size() == membership.members().size()
            && nodes.values().stream().allMatch(n -> n.applied == first.applied && n.hash == first.hash)
            && first.applied == first.consensus.status().commitIndex().value();
    }

    /** One node and its host. */
    final class Node implements ConsensusHost, PeerCaller {

        final NodeId id;
        final SimulatedDisk disk;
        final VirtualLoop loop = new VirtualLoop(world);
        final Consensus consensus;
        final List<String> failures = new ArrayList<>();
        final List<ConsensusTrace.Event> trace = new ArrayList<>();
        private final Executor applyThread = world.serialExecutor(MILLI / 10);
        long applied;
        long hash;
        int restores;
        int freezes;
        int openStates;
        boolean stopped;
        private boolean writingState;

        private Node(NodeId id, SimulatedDisk disk) {
            this.id = id;
            this.disk = disk;
            Executor background = world.serialExecutor(DISK_NANOS);
            consensus = new RaftConsensusProvider().create(new ConsensusContext(id, new ClusterId("files"), ROOT,
                membership, new ToldLate(), this, this, settings, new ConsensusEnvironment(Optional.of(disk),
                Optional.of(name -> storageThread()), Optional.of(background), event -> {
                    trace.add(event);
                    heard.accept(id, event);
                })));
        }

        private StorageExecutor storageThread() {
            Executor serial = world.serialExecutor(DISK_NANOS);
            return new StorageExecutor() {
                @Override
                public void execute(Runnable task) {
                    serial.execute(task);
                }

                @Override
                public boolean close(long timeoutMillis) {
                    return true;
                }
            };
        }

        private void begin() {
            try {
                consensus.start();
            } catch (ConsensusException e) {
                throw new AssertionError(id + " does not start", e);
            }
        }

        <T extends ConsensusTrace.Event> List<T> traced(Class<T> type) {
            return trace.stream().filter(type::isInstance).map(type::cast).toList();
        }

        /**
         * This node's loop, which is told of a snapshot only when what was frozen for it is closed: on a real loop the
         * next one may begin as soon as it is told, and a host has one frozen state at a time.
         */
        private final class ToldLate implements NodeLoop {

            @Override
            public void execute(Runnable task) {
                if (writingState) {
                    throw new AssertionError(id + ": found the loop told of a snapshot whose state is open");
                }
                loop.execute(task);
            }

            @Override
            public boolean inLoop() {
                return loop.inLoop();
            }

            @Override
            public Cancellable schedule(long delayNanos, Runnable task) {
                return loop.schedule(delayNanos, task);
            }

            @Override
            public void onTurnEnd(Runnable hook) {
                loop.onTurnEnd(hook);
            }

            @Override
            public Clock clock() {
                return loop.clock();
            }

            @Override
            public RandomGenerator random() {
                return loop.random();
            }
        }

        // The host

        @Override
        public void committed(List<CommittedEntry> entries, Runnable done) {
            applyThread.execute(() -> {
                for (CommittedEntry entry : entries) {
                    if (entry.index().value() != applied + 1) {
                        throw new AssertionError(id + ": found " + entry + " after " + applied);
                    }
                    applied++;
                    hash = hash * 31 + entry.payload().hashCode() + entry.type().code();
                    Long elsewhere = hashes.putIfAbsent(applied, hash);
                    if (elsewhere != null && elsewhere != hash) {
                        throw new AssertionError(id + ": another state than elsewhere at entry " + applied);
                    }
                }
                done.run();
            });
        }

        @Override
        public void freeze(Consumer<FrozenState> frozen) {
            applyThread.execute(() -> {
                freezes++;
                if (++openStates > 1) {
                    throw new AssertionError("found " + openStates + " frozen states, expected one at a time");
                }
                long atIndex = applied;
                long atHash = hash;
                frozen.accept(new FrozenState(new LogIndex(atIndex), new StateWriter() {
                    private boolean closed;

                    @Override
                    public void write(OutputStream out) throws IOException {
                        writingState = true;
                        DataOutputStream data = new DataOutputStream(out);
                        data.writeLong(atIndex);
                        data.writeLong(atHash);
                        Random filler = new Random(atHash);
                        byte[] piece = new byte[8_192];
                        for (int left = stateBytes; left > 0; left -= piece.length) {
                            filler.nextBytes(piece);
                            out.write(piece);
                        }
                    }

                    @Override
                    public void close() {
                        writingState = false;
                        openStates -= closed ? 0 : 1;
                        closed = true;
                    }
                }));
            });
        }

        @Override
        public void restore(LogIndex index, StateSource source, Runnable done) {
            applyThread.execute(() -> {
                if (index.value() <= applied) {
                    throw new AssertionError(id + ": found a snapshot of " + index + " after " + applied);
                }
                try (InputStream in = source.open()) {
                    DataInputStream data = new DataInputStream(in);
                    applied = data.readLong();
                    hash = data.readLong();
                    Random filler = new Random(hash);
                    byte[] piece = new byte[8_192];
                    for (int left = stateBytes; left > 0; left -= piece.length) {
                        filler.nextBytes(piece);
                        if (!Arrays.equals(piece, in.readNBytes(piece.length))) {
                            throw new AssertionError(id + ": found other bytes than were written");
                        }
                    }
                    if (in.read() >= 0 || applied != index.value() || hashes.get(applied) != hash) {
                        throw new AssertionError(id + ": restored entry " + applied + " for " + index);
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                restores++;
                done.run();
            });
        }

        @Override
        public void statusChanged(ConsensusStatus status) {
            // Looked at when it is needed.
        }

        @Override
        public void failed(String problem, Throwable cause) {
            failures.add(problem);
            if (!disk.dead()) {
                throw new AssertionError(id + ": " + problem, cause);
            }
        }

        // The network

        @Override
        public void call(NodeId peer, RpcType type, List<Bytes> request, long timeoutMillis, CallHandler answer) {
            BytesWriter whole = new BytesWriter();
            request.forEach(whole::raw);
            Bytes payload = whole.toBytes();
            boolean[] over = new boolean[1];
            boolean install = type == RpcType.INSTALL_SNAPSHOT;
            if (install) {
                installCalls++;
                installBytes += payload.length();
                largestInstall = Math.max(largestInstall, payload.length());
                mostInstallsUnderWay = Math.max(mostInstallsUnderWay, ++installsUnderWay);
            }
            Node to = nodes.get(peer);
            if (to == null) {
                end(install, over, () -> answer.onFailure(
                    new CallFailure(CallFailure.Kind.NOT_SENT, Optional.empty(), "no session")));
                return;
            }
            if (cut.test(peer, type) || isolated.contains(id) || isolated.contains(peer)) {
                world.schedule(CALL_NANOS, () -> end(install, over, () -> answer.onFailure(
                    new CallFailure(CallFailure.Kind.RESET, Optional.empty(), "cut"))));
                return;
            }
            world.schedule(timeoutMillis * MILLI, () -> end(install, over,
                () -> answer.onFailure(new CallFailure(CallFailure.Kind.TIMEOUT, Optional.empty(), ""))));
            world.schedule(CALL_NANOS, () -> to.loop.execute(() -> to.consensus.serve(id, type, payload,
                new RpcResponder() {
                    @Override
                    public void respond(List<Bytes> response) {
                        BytesWriter all = new BytesWriter();
                        response.forEach(all::raw);
                        Bytes bytes = all.toBytes();
                        world.schedule(CALL_NANOS, () -> end(install, over, () -> answer.onResponse(bytes)));
                    }

                    @Override
                    public void fail(RpcError error) {
                        world.schedule(CALL_NANOS, () -> end(install, over, () -> answer.onFailure(
                            new CallFailure(CallFailure.Kind.REMOTE, Optional.of(error), ""))));
                    }
                })));
        }

        private void end(boolean install, boolean[] over, Runnable how) {
            if (!over[0]) {
                over[0] = true;
                installsUnderWay -= install ? 1 : 0;
                loop.execute(how);
            }
        }
    }
}
