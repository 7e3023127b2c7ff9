package io.quorate.registry.session;

import io.quorate.api.MalformedBytesException;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.Frame;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.memory.MemoryNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The other side as a test wants it: it has a certificate, and no manners of its own. */
final class RawPeer implements ConnectionSink {

    /** One connection, and what was heard on it. */
    static final class Wire implements ConnectionHandler {
        final Connection connection;
        final List<Frame> heard = new ArrayList<>();
        CloseReason closed;

        private Wire(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void onControl(Frame frame) {
            heard.add(frame);
        }

        @Override
        public void onCapacity() {
            // It opens no calls.
        }

        @Override
        public void onClosed(CloseReason reason) {
            closed = reason;
        }

        /** The verdict that was heard, or null. */
        Verdict verdict() {
            for (Frame frame : heard) {
                if (!frame.body().isEmpty() && frame.body().at(0) == Verdict.MESSAGE) {
                    try {
                        return Verdict.decode(frame.body());
                    } catch (MalformedBytesException e) {
                        throw new AssertionError(e);
                    }
                }
            }
            return null;
        }
    }

    final List<Wire> wires = new ArrayList<>();
    final List<ConnectionFailure> failures = new ArrayList<>();
    private final Transport transport;
    private long dials;

    RawPeer(MemoryNetwork network, String host, PeerIdentity identity, boolean listens) {
        TestIdentity own = TestIdentity.of(identity);
        transport = network.transport(host, new TransportContext(own::credentials,
            listens ? Optional.of(TestHost.endpoint(host)) : Optional.empty(), name -> { }, false, Map.of()));
        try {
            transport.start(this);
        } catch (TransportException e) {
            throw new IllegalStateException(e);
        }
    }

    void dial(Endpoint target) {
        transport.dial(target, ++dials);
    }

    @Override
    public void onConnection(Connection connection) {
        Wire wire = new Wire(connection);
        wires.add(wire);
        connection.start(wire);
    }

    @Override
    public void onFailure(ConnectionFailure failure) {
        failures.add(failure);
    }
}
