package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.Command;
import io.quorate.api.CommandResult;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerChanges;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerStatus;
import io.quorate.api.PeerView;
import io.quorate.registry.session.Counters;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportContext;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** Whole nodes in one virtual world: real sessions over the in-memory network, over one {@link FakeLog}. */
final class SimCluster {

    /** One process of a node. */
    final class Host {
        final NodeId id;
        final VirtualLoop loop = new VirtualLoop(world);
        final RecordingMachine machine = new RecordingMachine();
        final Counters counters = new Counters();
        final FakeConsensus.Provider provider = new FakeConsensus.Provider(log);
        final long incarnation = nextIncarnation++;
        final ControlPlaneNode node;

        private Host(NodeId id, Shape shape) {
            this.id = id;
            this.provider.replicated = shape.replicated;
            TestIdentity identity = TestIdentity.node(id.value());
            ControlPlaneNode.Builder builder = ControlPlaneNode.builder().self(id).cluster(new ClusterId("sim"))
                .directory(directory).identity(identity).prefer(shape.prefer).advertise(shape.advertised(id));
            for (MemoryNetwork one : shape.networks) {
                Optional<Endpoint> listen = Optional.of(new Endpoint(one.scheme(), id.value(), 1))
                    .filter(at -> shape.listens.contains(at.scheme()));
                builder.transport(one.transport(id.value(), new TransportContext(identity::credentials, listen,
                    counters, false, Map.of())));
            }
            node = builder.consensus(provider, Map.of()).stateMachine(machine).bootstrap(shape.file).version("1.0")
                .counters(counters).loop(loop).applyThread(world.serialExecutor(1_000)).incarnation(incarnation)
                .build();
            try {
                node.start();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        FakeConsensus consensus() {
            return provider.last;
        }

        PeerStatus statusOf(NodeId peer) {
            return record(peer).map(Peer::status).orElse(PeerStatus.UNKNOWN);
        }

        Optional<Peer> record(NodeId peer) {
            return peers().peers().stream().filter(each -> each.id().equals(peer)).findFirst();
        }

        PeerView peers() {
            return await(node.peers());
        }

        /** Every change so far, as {@code n2 ONLINE->SUSPECT}. */
        List<String> events() {
            PeerChanges all = await(node.peerChanges(0, Duration.ZERO));
            long expected = 1;
            for (PeerEvent event : all.events()) {
                if (event.number() != expected++) {
                    throw new AssertionError("found change " + event.number() + ", expected " + (expected - 1));
                }
            }
            return all.events().stream()
                .map(event -> event.peer().id() + " " + event.previous() + "->" + event.peer().status()).toList();
        }

        List<String> eventsOf(NodeId peer, long after) {
            return await(node.peerChanges(after, Duration.ZERO)).events().stream()
                .filter(event -> event.peer().id().equals(peer))
                .map(event -> event.previous() + "->" + event.peer().status()).toList();
        }

        CompletableFuture<CommandResult> submit(String command) {
            return node.submit(new Command(Bytes.utf8(command)));
        }

        /** As {@code kill -9}. */
        void kill() {
            loop.kill();
            network.kill(id.value());
            log.leave(consensus());
            hosts.remove(id);
        }
    }

    /**
     * How a node is started.
     *
     * @param networks the transports that it has
     * @param listens on which of them it accepts connections
     * @param prefer its preference
     * @param file the configuration in its own file
     * @param replicated the replicated configuration if it is another one, or null
     */
    record Shape(List<MemoryNetwork> networks, List<String> listens, List<String> prefer, Membership file,
        Membership replicated) {

        private List<Endpoint> advertised(NodeId id) {
            return listens.stream().map(scheme -> new Endpoint(scheme, id.value(), 1)).toList();
        }
    }

    final VirtualWorld world;
    final MemoryNetwork network;
    final FakeLog log;
    final Map<NodeId, Host> hosts = new TreeMap<>();
    private final List<NodeId> ids;
    private final BiPredicate<NodeId, NodeId> dials;
    private final Path directory = Path.of("target", "sim");
    private long nextIncarnation = 100;

    /** @param dials whether the first node keeps connections to the second */
    SimCluster(long seed, MemoryNetwork.Mode mode, List<NodeId> ids, BiPredicate<NodeId, NodeId> dials) {
        this(seed, mode, ids, dials, 500_000);
    }

    private SimCluster(long seed, MemoryNetwork.Mode mode, List<NodeId> ids, BiPredicate<NodeId, NodeId> dials,
            long maxDelayNanos) {
        this.world = new VirtualWorld(seed);
        this.network = new MemoryNetwork(world, mode, maxDelayNanos / 5, maxDelayNanos);
        this.log = new FakeLog(world);
        this.ids = ids;
        this.dials = dials;
    }

    /** Three nodes that dial one another, all started. */
    static SimCluster ofThree(long seed) {
        return ofThree(seed, 500_000);
    }

    static SimCluster ofThree(long seed, long maxDelayNanos) {
        SimCluster cluster = new SimCluster(seed, MemoryNetwork.Mode.EXCLUSIVE_LEASE, ids(3), (a, b) -> true,
            maxDelayNanos);
        cluster.ids.forEach(cluster::start);
        return cluster;
    }

    static List<NodeId> ids(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(i -> new NodeId("n" + i)).toList();
    }

    Host start(NodeId id) {
        return start(id, new Shape(List.of(network), List.of(network.scheme()), List.of(), membershipOf(id), null));
    }

    Host start(NodeId id, Shape shape) {
        Host host = new Host(id, shape);
        hosts.put(id, host);
        return host;
    }

    Host host(String id) {
        return hosts.get(new NodeId(id));
    }

    static Endpoint endpoint(NodeId id) {
        return new Endpoint(MemoryNetwork.SCHEME, id.value(), 1);
    }

    /** The same members for all; where a node is not to dial, its own copy does not say where the other is. */
    private Membership membershipOf(NodeId self) {
        Map<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        ids.forEach(id -> endpoints.put(id,
            id.equals(self) || dials.test(self, id) ? List.of(endpoint(id)) : List.of()));
        return Membership.ofVoters(endpoints);
    }

    void run(long millis) {
        world.runFor(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    boolean runUntil(BooleanSupplier condition, long atMostMillis) {
        // Looked at each 10 ms: a look is itself an event in the world, and would keep the condition from resting.
        for (long passed = 0; passed < atMostMillis; passed += 10) {
            run(10);
            if (condition.getAsBoolean()) {
                return true;
            }
        }
        return false;
    }

    /** Whether every node's registry shows every node of {@code expected} with that status. */
    boolean allShow(List<NodeId> expected, PeerStatus status) {
        return hosts.values().stream().allMatch(host ->
            expected.stream().allMatch(peer -> host.statusOf(peer) == status));
    }

    /** Runs the world until the future is done; fails the test if it is not within a minute of virtual time. */
    <T> T await(CompletableFuture<T> future) {
        if (!world.runUntil(future::isDone, TimeUnit.MINUTES.toNanos(1))) {
            throw new AssertionError("not done within a minute of virtual time");
        }
        return future.join();
    }

    /** Runs the world until the future has failed. */
    ControlPlaneException awaitFailure(CompletableFuture<?> future) {
        try {
            Object value = await(future);
            throw new AssertionError("found " + value + ", expected a failure");
        } catch (CompletionException e) {
            return (ControlPlaneException) e.getCause();
        }
    }
}
