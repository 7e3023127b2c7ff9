package io.quorate.testing.transport;

import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.WireViolation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** A transport that listens, and a sink that remembers. */
final class ContractNode implements ConnectionSink, AutoCloseable {

    private final Bench bench;
    private final String host;
    private final Transport transport;
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private final List<ConnectionFailure> failures = new CopyOnWriteArrayList<>();
    private final Map<String, Integer> counters = new ConcurrentHashMap<>();
    private final List<String> story = new CopyOnWriteArrayList<>();
    private int taken;
    private int failuresTaken;

    ContractNode(Bench bench, String host, Supplier<TlsCredentials> credentials) {
        this.bench = bench;
        this.host = host;
        this.transport = bench.under().create(host, new TransportContext(credentials,
            Optional.of(bench.under().listenAt(host)), this::count, false, Map.of()));
        try {
            transport.start(this);
        } catch (TransportException e) {
            throw new AssertionError("the transport does not start: " + e.getMessage(), e);
        }
    }

    private void count(String counter) {
        counters.merge(counter, 1, Integer::sum);
        story.add(host + " counted " + counter);
        bench.under().wake();
    }

    String host() {
        return host;
    }

    Transport transport() {
        return transport;
    }

    Endpoint endpoint() {
        return transport.listening().orElseThrow(() -> new AssertionError("the transport does not say where it "
            + "listens"));
    }

    int counted(String counter) {
        return counters.getOrDefault(counter, 0);
    }

    int counted(WireViolation violation) {
        return counted(violation.counterName());
    }

    long dial(Endpoint target) {
        long id = bench.nextDialId();
        transport.dial(target, id);
        return id;
    }

    /** The next connection that arrived, waiting for it. Each is given once. */
    Connection nextConnection() {
        bench.await("a connection at " + host, () -> connections.size() > taken || failures.size() > failuresTaken);
        if (connections.size() <= taken) {
            throw new AssertionError("found the failure " + failures.get(failuresTaken) + ", expected a connection");
        }
        return connections.get(taken++);
    }

    ConnectionFailure nextFailure() {
        bench.await("a failure at " + host, () -> failures.size() > failuresTaken);
        return failures.get(failuresTaken++);
    }

    /** All connections so far. */
    List<Connection> connections() {
        return new ArrayList<>(connections);
    }

    /** All failures so far. */
    List<ConnectionFailure> failures() {
        return new ArrayList<>(failures);
    }

    List<String> story() {
        return new ArrayList<>(story);
    }

    @Override
    public void onConnection(Connection connection) {
        connections.add(connection);
        bench.under().wake();
    }

    @Override
    public void onFailure(ConnectionFailure failure) {
        story.add(host + " heard of " + failure);
        failures.add(failure);
        bench.under().wake();
    }

    @Override
    public void close() {
        transport.close();
    }
}
