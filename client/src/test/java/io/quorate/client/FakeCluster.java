package io.quorate.client;

import io.quorate.api.ClusterId;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.memory.MemoryTransportProvider;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Nodes that speak the real handshake and the real protocol over the in-memory network, and agree by sharing one list.
 * Everything happens in virtual time, from one seed.
 */
final class FakeCluster {

    static final ClusterId ID = new ClusterId("test");
    static final long MILLI = 1_000_000;
    static final long SECOND = 1_000 * MILLI;

    /** How long a call takes on its way, in each direction. */
    static final long HOP = MILLI / 2;

    final VirtualWorld world;
    final MemoryNetwork network;
    final SortedMap<String, FakeServer> servers = new TreeMap<>();

    /** Every command that was applied, in order. */
    final List<String> applied = new ArrayList<>();
    final FakeSessions sessions = new FakeSessions();

    /** What watches are told; empty while there is nothing new. */
    Optional<String> news = Optional.empty();
    NodeId leader;
    Term term = new Term(1);
    long index;

    FakeCluster(long seed, String... names) {
        world = new VirtualWorld(seed);
        network = new MemoryNetwork(world, MemoryNetwork.Mode.EXCLUSIVE_LEASE, HOP, HOP);
        for (String name : names) {
            servers.put(name, new FakeServer(this, name));
        }
        if (names.length > 0) {
            leader = new NodeId(names[0]);
        }
    }

    FakeServer server(String name) {
        return servers.get(name);
    }

    /** Another leader, in a new term; null for none. */
    void elect(String name) {
        term = term.next();
        leader = name == null ? null : new NodeId(name);
    }

    LogIndex nextIndex() {
        return new LogIndex(++index);
    }

    static Endpoint endpoint(String name) {
        return new Endpoint(MemoryNetwork.SCHEME, name, 1);
    }

    TransportProvider transports(String host) {
        return new MemoryTransportProvider(network, host);
    }

    /** A client of all servers, as the identity {@code client/app}. */
    ClientBuilder clientBuilder() {
        return clientBuilder(TestIdentity.client("app"));
    }

    ClientBuilder clientBuilder(Identity identity) {
        return QuorateClient.builder().cluster(ID).identity(identity).transport(transports("app"))
            .servers(servers.keySet().stream().map(FakeCluster::endpoint).toList())
            .sessions(false).loop(new VirtualLoop(world));
    }

    QuorateClient start(ClientBuilder builder) {
        QuorateClient client = builder.build();
        try {
            client.start();
        } catch (TransportException e) {
            throw new AssertionError(e);
        }
        return client;
    }

    /** A started client of all servers that has met them all. */
    QuorateClient connectedClient() {
        QuorateClient client = start(clientBuilder());
        run(Duration.ofMillis(100));
        return client;
    }

    void run(Duration time) {
        world.runFor(time.toNanos());
    }

    /** The result, after as much virtual time as it takes; an error if that is more than {@code atMost}. */
    <T> T await(CompletableFuture<T> future, Duration atMost) throws ExecutionException {
        if (!world.runUntil(future::isDone, atMost.toNanos())) {
            throw new AssertionError("found no end after " + atMost + " of virtual time");
        }
        try {
            return future.get(0, TimeUnit.SECONDS);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** The exception with which the operation fails, after as much virtual time as it takes up to {@code atMost}. */
    Throwable awaitFailure(CompletableFuture<?> future, Duration atMost) {
        try {
            throw new AssertionError("found the result " + await(future, atMost) + ", expected a failure");
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    long nowMillis() {
        return world.clock().nanoTime() / MILLI;
    }
}
