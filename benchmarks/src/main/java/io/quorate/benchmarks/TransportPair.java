package io.quorate.benchmarks;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Calls over a transport of the SPI, with mutual TLS. Where a connection carries one call at a time each caller has one
 * of its own, as the session layer's leases would give it; where streams share a connection all callers share one.
 */
final class TransportPair implements CallPair {

    private static final int BUDGET_MILLIS = 60_000;

    private final Transport far;
    private final Transport near;
    private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Connection> dialed = new LinkedBlockingQueue<>();
    private final List<TransportCaller> callers = new ArrayList<>();

    TransportPair(TransportProvider provider, TlsCredentials credentials, Map<String, String> settings)
            throws TransportException, InterruptedException {
        Endpoint anyPort = new Endpoint(provider.scheme(), "127.0.0.1", 0);
        far = provider.create(context(credentials, Optional.of(anyPort), settings));
        near = provider.create(context(credentials, Optional.empty(), settings));
        far.start(new Arrivals(accepted));
        near.start(new Arrivals(dialed));
        Endpoint target = far.listening().orElseThrow();
        Link link = null;
        for (int i = 0; i < CONCURRENT; i++) {
            if (link == null || link.connection.openCapacity() < CONCURRENT) {
                link = connect(target, i + 1);
            }
            callers.add(new TransportCaller(link));
        }
    }

    private static TransportContext context(TlsCredentials credentials, Optional<Endpoint> listen,
            Map<String, String> settings) {
        return new TransportContext(() -> credentials, listen, name -> { }, false, settings);
    }

    private Link connect(Endpoint target, long dialId) throws InterruptedException {
        near.dial(target, dialId);
        Connection mine = dialed.poll(HUNG_SECONDS, TimeUnit.SECONDS);
        Connection theirs = accepted.poll(HUNG_SECONDS, TimeUnit.SECONDS);
        if (mine == null || theirs == null) {
            throw new IllegalStateException("found no connection to " + target + ", expected one");
        }
        theirs.start(new Silent());
        theirs.activate(Echo::new);
        Link link = new Link(mine);
        mine.start(link);
        mine.activate(Echo::new);
        link.awaitCapacity();
        return link;
    }

    @Override
    public Caller caller(int number) {
        return callers.get(number);
    }

    @Override
    public void close() {
        near.close();
        far.close();
    }

    private record Arrivals(LinkedBlockingQueue<Connection> queue) implements ConnectionSink {
        @Override
        public void onConnection(Connection connection) {
            queue.add(connection);
        }

        @Override
        public void onFailure(ConnectionFailure failure) {
            throw new IllegalStateException("found " + failure + ", expected a connection");
        }
    }

    /** Hears of a connection what none of these is expected to say. */
    private static class Silent implements ConnectionHandler {
        @Override
        public void onControl(Frame frame) {
            throw new IllegalStateException("found a " + frame.kind() + ", expected calls alone");
        }

        @Override
        public void onCapacity() {
            // nobody waits for it here
        }

        @Override
        public void onClosed(CloseReason reason) {
            // at the end of the benchmark; before it a call would fail
        }
    }

    /** A dialed connection and whoever waits for room on it. */
    private static final class Link extends Silent {
        private final Connection connection;
        private final LinkedBlockingQueue<TransportCaller> waiting = new LinkedBlockingQueue<>();
        private final CountDownLatch ready = new CountDownLatch(1);

        private Link(Connection connection) {
            this.connection = connection;
        }

        private void awaitCapacity() throws InterruptedException {
            if (!ready.await(HUNG_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("found no capacity on a fresh connection, expected some");
            }
        }

        @Override
        public void onCapacity() {
            ready.countDown();
            TransportCaller next;
            while ((next = waiting.poll()) != null && next.begin()) {
                // each that waits has its turn while there is room
            }
        }
    }

    private record Echo(RpcStream stream) implements StreamHandler {
        @Override
        public void onFrame(Frame request) {
            stream.send(new Frame(FrameKind.RESPONSE, true, request.rpcType(), request.correlationId(), 0,
                request.payload()));
        }

        @Override
        public void onReset(CloseReason reason) {
            // the caller's side reports it
        }
    }

    private static final class TransportCaller implements Caller, StreamHandler {
        private final Link link;
        private Bytes payload;
        private int left;
        private CountDownLatch done;

        private TransportCaller(Link link) {
            this.link = link;
        }

        @Override
        public void call(Bytes bytes, int calls, CountDownLatch latch) {
            payload = bytes;
            left = calls;
            done = latch;
            begin();
        }

        /** Whether there was room. */
        private boolean begin() {
            Optional<RpcStream> stream = link.connection.open(RpcType.APPEND_ENTRIES, this);
            if (stream.isEmpty()) {
                link.waiting.add(this);
                return false;
            }
            stream.get().send(new Frame(FrameKind.REQUEST, true, RpcType.APPEND_ENTRIES.code(),
                stream.get().correlationId(), BUDGET_MILLIS, List.of(payload)));
            return true;
        }

        @Override
        public void onFrame(Frame response) {
            if (response.payloadLength() != payload.length()) {
                throw new IllegalStateException("found an answer of " + response.payloadLength()
                    + " bytes, expected " + payload.length());
            }
            if (--left > 0) {
                begin();
            } else {
                done.countDown();
            }
        }

        @Override
        public void onReset(CloseReason reason) {
            throw new IllegalStateException("found a call that was reset: " + reason);
        }
    }
}
