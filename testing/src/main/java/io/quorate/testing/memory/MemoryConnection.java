package io.quorate.testing.memory;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamAcceptor;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireException;
import io.quorate.spi.wire.WireViolation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** One side of a connection on a {@link MemoryNetwork}. */
public final class MemoryConnection implements Connection {

    /** How many calls may be under way at once where streams are not exclusive. */
    private static final int MAX_STREAMS = 128;

    private final MemoryNetwork network;
    private final MemoryTransport transport;
    private final long id;
    private final String host;
    private final Origin origin;
    private final OptionalLong dialId;
    private final String remote;
    private final String source;
    private final Evidence evidence;
    private final ArrayDeque<Runnable> inFlight = new ArrayDeque<>();
    private final List<Runnable> beforeStart = new ArrayList<>();
    private final Map<Long, MemoryStream> calls = new TreeMap<>();
    private final Map<Long, MemoryStream> serving = new TreeMap<>();
    private MemoryConnection other;
    private ConnectionHandler handler;
    private StreamAcceptor acceptor;
    private ConnectionState state = ConnectionState.HANDSHAKING;
    private long lastArrivalNanos;
    private long bytesRead;
    private long nextCall = 1;
    private boolean pumping;

    MemoryConnection(MemoryNetwork network, MemoryTransport transport, String host, Origin origin, OptionalLong dialId,
            String remote, String source, Evidence evidence) {
        this.network = network;
        this.transport = transport;
        this.id = network.nextConnectionId();
        this.host = host;
        this.origin = origin;
        this.dialId = dialId;
        this.remote = remote;
        this.source = source;
        this.evidence = evidence;
    }

    void join(MemoryConnection peer) {
        other = peer;
        peer.other = this;
        network.opened(this);
        network.opened(peer);
    }

    String host() {
        return host;
    }

    MemoryTransport transport() {
        return transport;
    }

    boolean isBetween(String a, String b) {
        return host.equals(a) && other.host.equals(b) || host.equals(b) && other.host.equals(a);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public String scheme() {
        return network.scheme();
    }

    @Override
    public Origin origin() {
        return origin;
    }

    @Override
    public OptionalLong dialId() {
        return dialId;
    }

    @Override
    public String remote() {
        return remote;
    }

    @Override
    public String source() {
        return source;
    }

    @Override
    public Evidence evidence() {
        return evidence;
    }

    @Override
    public void start(ConnectionHandler target) {
        if (handler != null) {
            throw new IllegalStateException("a connection is started once");
        }
        handler = target;
        List<Runnable> waiting = List.copyOf(beforeStart);
        beforeStart.clear();
        waiting.forEach(Runnable::run);
    }

    @Override
    public void send(Frame frame) {
        if (frame.kind().isRpc()) {
            throw new IllegalArgumentException("found a " + frame.kind() + ", expected a kind of the connection");
        }
        if (state != ConnectionState.CLOSED) {
            transmit(frame.payloadLength(), () -> other.control(frame));
        }
    }

    @Override
    public void activate(StreamAcceptor target) {
        if (acceptor != null || handler == null) {
            throw new IllegalStateException("a connection is activated once, after it was started");
        }
        acceptor = target;
        if (state == ConnectionState.HANDSHAKING) {
            state = ConnectionState.IDLE;
            if (openCapacity() > 0) {
                network.world().schedule(0, () -> ifOpen(handler::onCapacity));
            }
        }
    }

    @Override
    public int openCapacity() {
        if (state != ConnectionState.IDLE && state != ConnectionState.LEASED) {
            return 0;
        }
        if (network.mode() == MemoryNetwork.Mode.EXCLUSIVE_LEASE) {
            return origin == Origin.DIALED && calls.isEmpty() ? 1 : 0;
        }
        return MAX_STREAMS - calls.size();
    }

    @Override
    public Optional<RpcStream> open(RpcType type, StreamHandler target) {
        if (openCapacity() <= 0) {
            return Optional.empty();
        }
        MemoryStream stream = MemoryStream.caller(this, id << 32 | nextCall++, type.code(), target);
        calls.put(stream.correlationId(), stream);
        state = ConnectionState.LEASED;
        return Optional.of(stream);
    }

    @Override
    public void close(CloseReason reason) {
        if (state == ConnectionState.CLOSED) {
            return;
        }
        String said = reason.kind().name() + (reason.detail().isEmpty() ? "" : ": " + reason.detail());
        transmit(said.length(), () -> other.end(CloseReason.of(CloseReason.Kind.GOODBYE, said)));
        end(reason);
    }

    @Override
    public long bytesRead() {
        return bytesRead;
    }

    @Override
    public ConnectionState state() {
        return state;
    }

    /** Breaks the connection as a reset would; both sides hear of it. */
    public void lose(String detail) {
        MemoryConnection peer = other;
        end(CloseReason.of(CloseReason.Kind.LOST, detail));
        peer.end(CloseReason.of(CloseReason.Kind.LOST, detail));
    }

    /** Sends bytes that are no frame. */
    public void sendGarbage() {
        transmit(16, () -> other.violate(new WireException(WireViolation.BAD_MAGIC, "garbage from " + host)));
    }

    /** Sends a call's frame outside of any call, as a faulty or hostile peer would. */
    public void inject(Frame frame) {
        transmit(frame.payloadLength(), () -> other.rpc(frame));
    }

    /** This side is gone without a word; the other side hears of it when the kernel would tell. */
    void die() {
        MemoryConnection peer = other;
        state = ConnectionState.CLOSED;
        network.closed(this);
        transmit(0, () -> peer.end(CloseReason.of(CloseReason.Kind.LOST, "connection closed by the other side")));
    }

    void pathOpened() {
        pump();
    }

    // ---- streams -------------------------------------------------------------------------------------------------

    void sendRpc(Frame frame) {
        if (state != ConnectionState.CLOSED) {
            transmit(frame.payloadLength(), () -> other.rpc(frame));
        }
    }

    void finished(MemoryStream stream) {
        calls.remove(stream.correlationId(), stream);
        serving.remove(stream.correlationId(), stream);
        if (state == ConnectionState.LEASED && calls.isEmpty() && serving.isEmpty()) {
            state = ConnectionState.IDLE;
        }
        if (openCapacity() > 0) {
            handler.onCapacity();
        }
    }

    void resetStream(MemoryStream stream, CloseReason reason) {
        if (network.mode() == MemoryNetwork.Mode.EXCLUSIVE_LEASE) {
            state = state == ConnectionState.CLOSED ? state : ConnectionState.POISONED;
            close(CloseReason.of(CloseReason.Kind.CALL_RESET, reason.detail()));
            return;
        }
        long call = stream.correlationId();
        boolean caller = stream.isCaller();
        transmit(0, () -> other.streamReset(call, !caller, reason));
        stream.ended(reason);
        finished(stream);
    }

    private void streamReset(long call, boolean ourCall, CloseReason reason) {
        MemoryStream stream = (ourCall ? calls : serving).get(call);
        if (stream != null) {
            stream.ended(CloseReason.of(CloseReason.Kind.CALL_RESET, reason.detail()));
            finished(stream);
        }
    }

    private void rpc(Frame frame) {
        if (acceptor == null) {
            violate(new WireException(WireViolation.RPC_BEFORE_HANDSHAKE, "found a " + frame.kind()));
            return;
        }
        boolean forOurCall = frame.kind() != FrameKind.REQUEST;
        MemoryStream stream = (forOurCall ? calls : serving).get(frame.correlationId());
        try {
            if (stream == null) {
                stream = accept(frame, forOurCall);
            }
            stream.deliver(frame);
        } catch (WireException violation) {
            violate(violation);
        }
    }

    private MemoryStream accept(Frame frame, boolean forOurCall) throws WireException {
        boolean exclusive = network.mode() == MemoryNetwork.Mode.EXCLUSIVE_LEASE;
        if (forOurCall) {
            throw new WireException(
                calls.isEmpty() ? WireViolation.RESPONSE_AS_REQUEST : WireViolation.WRONG_CORRELATION,
                "found a " + frame.kind() + " of no call of ours");
        }
        if (exclusive && origin == Origin.DIALED) {
            throw new WireException(WireViolation.NOT_THE_CALLER, "found a request from the accepting side");
        }
        if (exclusive && !serving.isEmpty()) {
            throw new WireException(WireViolation.WRONG_CORRELATION, "found a second call on a leased connection");
        }
        MemoryStream stream = MemoryStream.server(this, frame.correlationId());
        stream.handledBy(acceptor.onStream(stream));
        serving.put(frame.correlationId(), stream);
        state = ConnectionState.LEASED;
        return stream;
    }

    private void control(Frame frame) {
        if (frame.kind() == FrameKind.HANDSHAKE && acceptor != null) {
            violate(new WireException(WireViolation.UNEXPECTED_CONTROL, "found a handshake after the handshake"));
        } else {
            handler.onControl(frame);
        }
    }

    private void violate(WireException violation) {
        transport.count(violation.violation().counterName());
        state = ConnectionState.POISONED;
        close(CloseReason.violation(violation.violation(), violation.getMessage()));
    }

    // ---- delivery ------------------------------------------------------------------------------------------------

    /** Queues something for the other side; it keeps its order behind what was sent before. */
    private void transmit(int payloadBytes, Runnable arrival) {
        inFlight.add(() -> other.receive(payloadBytes, arrival));
        pump();
    }

    private void pump() {
        if (pumping || inFlight.isEmpty() || network.isBlocked(host, other.host)) {
            return;
        }
        pumping = true;
        long now = network.world().clock().nanoTime();
        lastArrivalNanos = Math.max(lastArrivalNanos, now + network.delayNanos());
        network.world().schedule(lastArrivalNanos - now, () -> {
            pumping = false;
            if (!network.isBlocked(host, other.host)) {
                inFlight.poll().run();
            }
            pump();
        });
    }

    private void receive(int payloadBytes, Runnable arrival) {
        if (state == ConnectionState.CLOSED) {
            return;
        }
        Runnable arrived = () -> ifOpen(() -> {
            bytesRead += FrameFormat.OVERHEAD_BYTES + payloadBytes;
            arrival.run();
        });
        if (handler == null) {
            beforeStart.add(arrived);
        } else {
            arrived.run();
        }
    }

    private void ifOpen(Runnable task) {
        if (state != ConnectionState.CLOSED) {
            task.run();
        }
    }

    private void end(CloseReason reason) {
        if (state == ConnectionState.CLOSED) {
            return;
        }
        state = ConnectionState.CLOSED;
        network.closed(this);
        List<MemoryStream> open = new ArrayList<>(calls.values());
        open.addAll(serving.values());
        calls.clear();
        serving.clear();
        network.world().schedule(0, () -> {
            open.forEach(stream -> stream.ended(reason));
            if (handler != null) {
                handler.onClosed(reason);
            } else {
                beforeStart.add(() -> handler.onClosed(reason));
            }
        });
    }
}
