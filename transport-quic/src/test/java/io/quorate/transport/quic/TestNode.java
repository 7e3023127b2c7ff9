package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.support.ReassemblyBudget;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A transport with a sink that remembers. */
final class TestNode implements AutoCloseable, ConnectionSink {

    static final long WAIT_SECONDS = 10;

    final QuicTransport transport;
    final LinkedBlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<ConnectionFailure> failures = new LinkedBlockingQueue<>();
    final Map<String, Integer> counted = new ConcurrentHashMap<>();
    private final AtomicLong dialIds = new AtomicLong();

    TestNode(Map<String, String> settings, Supplier<TlsCredentials> credentials, boolean listens, QuicLimits limits,
            boolean postQuantum) {
        this(settings, credentials, listens, limits, postQuantum, ReassemblyBudget.ofHeap());
    }

    /** One with so much room for frames that have arrived in part. */
    static TestNode withRoom(TlsCredentials credentials, ReassemblyBudget room) {
        return new TestNode(Map.of(), () -> credentials, true, QuicLimits.standard(), false, room);
    }

    private TestNode(Map<String, String> settings, Supplier<TlsCredentials> credentials, boolean listens,
            QuicLimits limits, boolean postQuantum, ReassemblyBudget room) {
        Optional<Endpoint> listen = listens ? Optional.of(new Endpoint("quic", "127.0.0.1", 0)) : Optional.empty();
        transport = new QuicTransport(new TransportContext(credentials, listen,
            name -> counted.merge(name, 1, Integer::sum), postQuantum, settings), QuicSettings.of(settings), limits,
            room);
        try {
            transport.start(this);
        } catch (TransportException e) {
            throw new AssertionError(e);
        }
    }

    TestNode(TlsCredentials credentials, QuicLimits limits) {
        this(Map.of(), () -> credentials, true, limits, false);
    }

    TestNode(TlsCredentials credentials) {
        this(credentials, QuicLimits.standard());
    }

    /** One that refuses every key exchange but the post-quantum one. */
    static TestNode postQuantum(TlsCredentials credentials) {
        return new TestNode(Map.of(), () -> credentials, true, QuicLimits.standard(), true);
    }

    @Override
    public void onConnection(Connection connection) {
        connections.add(connection);
    }

    @Override
    public void onFailure(ConnectionFailure failure) {
        failures.add(failure);
    }

    Endpoint endpoint() {
        return transport.listening().orElseThrow();
    }

    int port() {
        return endpoint().port();
    }

    long dial(Endpoint target) {
        long id = dialIds.incrementAndGet();
        transport.dial(target, id);
        return id;
    }

    Connection connection() {
        return await(connections, "a connection");
    }

    ConnectionFailure failure() {
        return await(failures, "a failure");
    }

    void assertNothingMore() {
        assertNull(connections.poll());
        assertNull(failures.poll());
    }

    static <T> T await(LinkedBlockingQueue<T> queue, String what) {
        try {
            T got = queue.poll(WAIT_SECONDS, TimeUnit.SECONDS);
            assertNotNull(got, () -> "no sign of " + what + " within " + WAIT_SECONDS + " s");
            return got;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no sign of " + what + " within " + WAIT_SECONDS + " s");
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        transport.close();
    }
}
