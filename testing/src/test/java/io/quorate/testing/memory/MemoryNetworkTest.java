package io.quorate.testing.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MemoryNetworkTest {

    private static final long MILLI = 1_000_000;

    private final VirtualWorld world = new VirtualWorld(3);
    private final List<String> counted = new ArrayList<>();
    private MemoryNetwork network;
    private Host a;
    private Host b;

    /** A host that starts and activates each connection at once, and answers each request with its own bytes. */
    private final class Host implements ConnectionSink {
        private final List<Connection> connections = new ArrayList<>();
        private final List<ConnectionFailure> failures = new ArrayList<>();
        private final List<Frame> control = new ArrayList<>();
        private final List<String> closed = new ArrayList<>();
        private final MemoryTransport transport;
        private int capacities;

        Host(String name, Identity identity) throws TransportException {
            transport = network.transport(name, new TransportContext(identity::credentials,
                Optional.of(Endpoint.parse("mem://" + name + ":1")), counted::add, false, Map.of()));
            transport.start(this);
        }

        @Override
        public void onConnection(Connection connection) {
            connections.add(connection);
            connection.start(new ConnectionHandler() {
                @Override
                public void onControl(Frame frame) {
                    control.add(frame);
                }

                @Override
                public void onCapacity() {
                    capacities++;
                }

                @Override
                public void onClosed(CloseReason reason) {
                    closed.add(reason.toString());
                }
            });
            connection.activate(stream -> new Echo(stream));
        }

        @Override
        public void onFailure(ConnectionFailure failure) {
            failures.add(failure);
        }
    }

    private record Echo(RpcStream stream) implements StreamHandler {
        @Override
        public void onFrame(Frame frame) {
            stream.send(new Frame(FrameKind.RESPONSE, true, frame.rpcType(), frame.correlationId(), 0,
                frame.payload()));
        }

        @Override
        public void onReset(CloseReason reason) {
            // The call is over; there is nothing to release.
        }
    }

    private static final class Call implements StreamHandler {
        private final List<String> heard = new ArrayList<>();

        @Override
        public void onFrame(Frame frame) {
            heard.add(frame.body().utf8());
        }

        @Override
        public void onReset(CloseReason reason) {
            heard.add("reset");
        }
    }

    private void open(MemoryNetwork.Mode mode) throws TransportException {
        network = new MemoryNetwork(world, mode, MILLI, 2 * MILLI);
        a = new Host("a", TestIdentity.node("a"));
        b = new Host("b", TestIdentity.node("b"));
    }

    private void connect() {
        a.transport.dial(Endpoint.parse("mem://b:1"), 5);
        assertTrue(world.runUntil(() -> a.connections.size() == 1 && b.connections.size() == 1, 100 * MILLI));
    }

    private static Call call(Connection connection, String text) {
        Call call = new Call();
        RpcStream stream = connection.open(RpcType.QUERY, call).orElseThrow();
        stream.send(new Frame(FrameKind.REQUEST, true, RpcType.QUERY.code(), stream.correlationId(), 100,
            List.of(Bytes.utf8(text))));
        return call;
    }

    @ParameterizedTest
    @EnumSource(MemoryNetwork.Mode.class)
    void bothSidesGetTheConnectionAndEqualBindings(MemoryNetwork.Mode mode) throws TransportException {
        open(mode);
        connect();
        Connection dialed = a.connections.get(0);
        Connection accepted = b.connections.get(0);
        assertEquals(Origin.DIALED, dialed.origin());
        assertEquals(5, dialed.dialId().orElseThrow());
        assertEquals(Origin.ACCEPTED, accepted.origin());
        assertEquals(dialed.evidence().channelBinding(), accepted.evidence().channelBinding());
        assertTrue(accepted.evidence().chain().get(0).toString().contains("node/a"));
    }

    @ParameterizedTest
    @EnumSource(MemoryNetwork.Mode.class)
    void callsAreAnswered(MemoryNetwork.Mode mode) throws TransportException {
        open(mode);
        connect();
        Call call = call(a.connections.get(0), "hello");
        world.runFor(100 * MILLI);
        assertEquals(List.of("hello"), call.heard);
        assertTrue(a.capacities > 0);
        assertEquals(ConnectionState.IDLE, a.connections.get(0).state());
        assertEquals(ConnectionState.IDLE, b.connections.get(0).state());
    }

    @Test
    void aLeaseIsExclusive() throws TransportException {
        open(MemoryNetwork.Mode.EXCLUSIVE_LEASE);
        connect();
        call(a.connections.get(0), "one");
        assertEquals(0, a.connections.get(0).openCapacity());
        assertTrue(a.connections.get(0).open(RpcType.QUERY, new Call()).isEmpty());
        assertTrue(b.connections.get(0).open(RpcType.QUERY, new Call()).isEmpty(), "only the dialer calls");
    }

    @Test
    void streamsShareAConnectionWithoutTouchingEachOther() throws TransportException {
        open(MemoryNetwork.Mode.STREAM_PER_CALL);
        connect();
        Call given = new Call();
        RpcStream stream = a.connections.get(0).open(RpcType.QUERY, given).orElseThrow();
        Call other = call(a.connections.get(0), "other");
        Call back = call(b.connections.get(0), "back");
        stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, "enough"));
        world.runFor(100 * MILLI);
        assertEquals(List.of("reset"), given.heard);
        assertEquals(List.of("other"), other.heard);
        assertEquals(List.of("back"), back.heard);
    }

    @Test
    void whatABlockedPathHoldsArrivesLaterInOrder() throws TransportException {
        open(MemoryNetwork.Mode.EXCLUSIVE_LEASE);
        connect();
        network.block("a", "b");
        for (int i = 1; i <= 3; i++) {
            a.connections.get(0).send(Frame.control(FrameKind.PING, i, Bytes.empty()));
        }
        b.connections.get(0).send(Frame.control(FrameKind.PING, 9, Bytes.empty()));
        world.runFor(1000 * MILLI);
        assertEquals(0, b.control.size());
        assertEquals(1, a.control.size());
        network.unblock("a", "b");
        world.runFor(100 * MILLI);
        assertEquals(List.of(1L, 2L, 3L), b.control.stream().map(Frame::correlationId).toList());
    }

    @Test
    void aKilledHostIsHeardOfAndItsPortIsFree() throws TransportException {
        open(MemoryNetwork.Mode.EXCLUSIVE_LEASE);
        connect();
        Call call = call(a.connections.get(0), "lost");
        network.kill("b");
        world.runFor(100 * MILLI);
        assertEquals(List.of("reset"), call.heard);
        assertEquals(1, a.closed.size());
        assertEquals(0, b.closed.size());
        a.transport.dial(Endpoint.parse("mem://b:1"), 6);
        world.runFor(100 * MILLI);
        assertEquals(RefusalReason.CONNECT_FAILED, a.failures.get(0).reason());
        new Host("b", TestIdentity.node("b"));
    }

    @Test
    void certificatesAreJudgedByBothSides() throws TransportException {
        open(MemoryNetwork.Mode.EXCLUSIVE_LEASE);
        Host foreign = new Host("c", TestIdentity.of(new PeerIdentity("elsewhere", PeerIdentity.Kind.NODE, "c")));
        foreign.transport.dial(Endpoint.parse("mem://a:1"), 1);
        a.transport.dial(Endpoint.parse("mem://c:1"), 2);
        world.runFor(100 * MILLI);
        assertEquals(0, a.connections.size());
        assertEquals(RefusalReason.WRONG_TRUST_DOMAIN,
            a.failures.stream().filter(f -> f.origin() == Origin.DIALED).findFirst().orElseThrow().reason());
    }

    @Test
    void violationsAreCountedAndEndTheConnection() throws TransportException {
        open(MemoryNetwork.Mode.EXCLUSIVE_LEASE);
        connect();
        network.connections("a").get(0).inject(
            new Frame(FrameKind.RESPONSE, true, RpcType.QUERY.code(), 1, 0, List.of(Bytes.empty())));
        world.runFor(100 * MILLI);
        assertEquals(List.of("wire.violation.response-as-request"), counted);
        assertEquals(ConnectionState.CLOSED, a.connections.get(0).state());
        assertTrue(b.closed.get(0).startsWith("violation"), b.closed.toString());
        assertFalse(a.closed.isEmpty());
    }

    @Test
    void aPortIsListenedOnOnce() throws TransportException {
        open(MemoryNetwork.Mode.EXCLUSIVE_LEASE);
        assertThrows(TransportException.class, () -> new Host("a", TestIdentity.node("a")));
    }
}
