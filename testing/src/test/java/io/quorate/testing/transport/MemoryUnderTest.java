package io.quorate.testing.transport;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The in-memory transport under the contract: a network in a virtual world, which waiting sets in motion. */
final class MemoryUnderTest extends TransportUnderTest {

    private static final long MILLI = 1_000_000;

    private final VirtualWorld world = new VirtualWorld(160);
    private final MemoryNetwork network;

    MemoryUnderTest(MemoryNetwork.Mode mode) {
        network = new MemoryNetwork(world, mode, MILLI, 2 * MILLI);
    }

    @Override
    public String name() {
        return sharing() == Sharing.EXCLUSIVE_LEASE ? "mem-lease" : "mem-stream";
    }

    @Override
    public Sharing sharing() {
        return network.mode() == MemoryNetwork.Mode.EXCLUSIVE_LEASE ? Sharing.EXCLUSIVE_LEASE
            : Sharing.STREAM_PER_CALL;
    }

    @Override
    public Endpoint listenAt(String host) {
        return new Endpoint(MemoryNetwork.SCHEME, host, 1);
    }

    @Override
    public Endpoint nobody() {
        return new Endpoint(MemoryNetwork.SCHEME, "nobody", 1);
    }

    @Override
    public Transport create(String host, TransportContext context) {
        return network.transport(host, context);
    }

    @Override
    public Optional<FaultyPath> path(Endpoint target) {
        return Optional.of(network.path(target));
    }

    @Override
    public Optional<HostilePeer> hostilePeer() {
        return Optional.of(network.hostilePeer());
    }

    @Override
    public boolean await(BooleanSupplier condition, Duration atMost) {
        return world.runUntil(condition, atMost.toNanos());
    }

    @Override
    public long nanoTime() {
        return world.clock().nanoTime();
    }

    /** A virtual world lives on one thread. */
    @Override
    public void together(List<Runnable> tasks) {
        tasks.forEach(Runnable::run);
    }
}
