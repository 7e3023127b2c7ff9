package io.quorate.distribution.compose;

import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transport that no line of the configuration mentions, and that is there all the same for a peer that advertises it.
 * It starts with the first endpoint that is dialed over it: a node that has no use for QUIC has no thread for it, and
 * starts also on a platform for which there is no QUIC.
 *
 * <p>Thread-safe.
 */
final class OnDemandTransport implements Transport {

    private static final Logger LOG = LoggerFactory.getLogger(OnDemandTransport.class);

    private enum State { IDLE, STARTING, STARTED, FAILED, CLOSED }

    private record Waiting(Endpoint target, long dialId) {
    }

    private final Transport transport;
    private final List<Waiting> waiting = new ArrayList<>();
    private ConnectionSink sink;
    private State state = State.IDLE;
    private volatile String problem = "";

    private OnDemandTransport(Transport transport) {
        this.transport = transport;
    }

    /** A provider of the same transport that starts on demand. */
    static TransportProvider of(TransportProvider provider) {
        return new TransportProvider() {
            @Override
            public String name() {
                return provider.name();
            }

            @Override
            public int spiVersion() {
                return provider.spiVersion();
            }

            @Override
            public String scheme() {
                return provider.scheme();
            }

            @Override
            public Transport create(TransportContext context) {
                return new OnDemandTransport(provider.create(context));
            }
        };
    }

    @Override
    public String scheme() {
        return transport.scheme();
    }

    @Override
    public synchronized String description() {
        return state == State.STARTED ? transport.description() : "on demand";
    }

    @Override
    public synchronized void start(ConnectionSink target) {
        sink = target;
    }

    @Override
    public Optional<Endpoint> listening() {
        return Optional.empty();
    }

    @Override
    public void dial(Endpoint target, long dialId) {
        State now;
        synchronized (this) {
            if (state == State.IDLE) {
                state = State.STARTING;
                // To start may load a library and take its time; who dials must not wait.
                Thread.ofPlatform().daemon().name("quorate-" + scheme() + "-start").start(this::startNow);
            }
            now = state;
            if (now == State.STARTING) {
                waiting.add(new Waiting(target, dialId));
            }
        }
        if (now == State.STARTED) {
            transport.dial(target, dialId);
        } else if (now != State.STARTING) {
            fail(target, dialId);
        }
    }

    private void startNow() {
        State reached;
        try {
            transport.start(sink);
            LOG.info("Started transport {}, since a peer advertises it: {}", scheme(), transport.description());
            reached = State.STARTED;
        } catch (TransportException | RuntimeException | LinkageError e) {
            LOG.warn("Transport {}, which a peer advertises, cannot be used here: {}", scheme(), e.getMessage());
            problem = "transport " + scheme() + " cannot be used here: " + e.getMessage();
            reached = State.FAILED;
        }
        List<Waiting> dials;
        boolean closed;
        synchronized (this) {
            closed = state == State.CLOSED;
            state = closed ? State.CLOSED : reached;
            dials = List.copyOf(waiting);
            waiting.clear();
        }
        if (closed) {
            transport.close();
        }
        for (Waiting dial : dials) {
            if (reached == State.STARTED && !closed) {
                transport.dial(dial.target, dial.dialId);
            } else {
                fail(dial.target, dial.dialId);
            }
        }
    }

    private void fail(Endpoint target, long dialId) {
        sink.onFailure(new ConnectionFailure(scheme(), Origin.DIALED, OptionalLong.of(dialId), target.toString(),
            RefusalReason.CONNECT_FAILED, problem));
    }

    @Override
    public void close() {
        State before;
        synchronized (this) {
            before = state;
            state = State.CLOSED;
        }
        if (before == State.STARTED || before == State.FAILED) {
            transport.close();
        }
    }
}
