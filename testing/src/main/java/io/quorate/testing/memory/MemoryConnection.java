package io.quorate.testing.memory;

import io.quorate.api.Bytes;
import io.quorate.spi.time.Cancellable;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamAcceptor;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.transport.support.Goodbye;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcExchange;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireException;
import io.quorate.spi.wire.WireViolation;
import io.quorate.testing.memory.MemoryChannel.Parcel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * One side of a connection on a {@link MemoryNetwork}. Handlers are called in events of the virtual world, never within
 * a call of this object's methods.
 */
public final class MemoryConnection implements Connection {

    /** How many calls may be under way at once where streams are not exclusive. */
    private static final int MAX_STREAMS = 128;

    private static final byte[] GARBAGE = "no frame at all.".getBytes(StandardCharsets.US_ASCII);

    private final MemoryNetwork network;
    private final MemoryTransport transport;
    private final long id;
    private final String host;
    private final Origin origin;
    private final OptionalLong dialId;
    private final String remote;
    private final String source;
    private final Evidence evidence;
    private final MemoryPath path;
    /** Live streams, in the order of their beginnings; at most one where a call leases the connection. */
    private final Set<MemoryStream> streams = new LinkedHashSet<>();
    /** Channels with something on its way, in the order in which it was sent. */
    private final Set<MemoryChannel> sending = new LinkedHashSet<>();
    private MemoryConnection other;
    private MemoryChannel control;
    private MemoryTap tap;
    private ConnectionHandler handler;
    private StreamAcceptor acceptor;
    private ConnectionState state = ConnectionState.HANDSHAKING;
    private CloseReason ending;
    private boolean closedTold;
    private boolean vanished;
    private Cancellable activationDeadline = () -> { };
    private long bytesRead;
    private long nextCall = 1;
    private long lastFinished;

    MemoryConnection(MemoryTransport transport, MemoryPath path, Origin origin, OptionalLong dialId, String remote,
            String source, Evidence evidence) {
        this.network = transport.network();
        this.transport = transport;
        this.id = network.nextConnectionId();
        this.host = transport.host();
        this.path = path;
        this.origin = origin;
        this.dialId = dialId;
        this.remote = remote;
        this.source = source;
        this.evidence = evidence;
    }

    void join(MemoryConnection peer) {
        other = peer;
        peer.other = this;
        control = new MemoryChannel(this, peer, true);
        peer.control = new MemoryChannel(peer, this, true);
        begin();
        peer.begin();
    }

    private void begin() {
        network.opened(this);
        activationDeadline = network.world().schedule(TransportLimits.PREAUTH_TIMEOUT_MILLIS * 1_000_000, () -> {
            if (state == ConnectionState.HANDSHAKING && tap == null) {
                close(CloseReason.of(CloseReason.Kind.HANDSHAKE_LIMIT, "found no end of the handshake in time"));
            }
        });
    }

    MemoryNetwork network() {
        return network;
    }

    String host() {
        return host;
    }

    String otherHost() {
        return other.host;
    }

    MemoryTransport transport() {
        return transport;
    }

    MemoryPath path() {
        return path;
    }

    boolean isBetween(String a, String b) {
        return host.equals(a) && other.host.equals(b) || host.equals(b) && other.host.equals(a);
    }

    /** Whether nothing that this side sends arrives now. */
    boolean isPathBlocked() {
        return network.isBlocked(host, other.host) || path != null && path.isBlocked();
    }

    /** Whether the path lets one more parcel of this side through; it may be cut in this very step. */
    boolean mayPass() {
        return path == null || path.pass(origin);
    }

    private boolean exclusive() {
        return network.mode() == MemoryNetwork.Mode.EXCLUSIVE_LEASE;
    }

    boolean isActive() {
        return acceptor != null;
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
        if (ending != null) {
            network.world().schedule(0, this::tellClosed);
        } else {
            other.moveAll();
        }
    }

    @Override
    public void send(Frame frame) {
        if (frame.kind().isRpc()) {
            throw new IllegalArgumentException("found a " + frame.kind() + ", expected a kind of the connection");
        }
        FrameEncoder.check(frame);
        if (state != ConnectionState.CLOSED) {
            control.send(new Parcel.Whole(frame));
        }
    }

    @Override
    public void activate(StreamAcceptor target) {
        if (acceptor != null || handler == null) {
            throw new IllegalStateException("a connection is activated once, after it was started");
        }
        acceptor = target;
        activationDeadline.cancel();
        if (state == ConnectionState.HANDSHAKING) {
            state = ConnectionState.IDLE;
            if (openCapacity() > 0) {
                tellLater(() -> handler.onCapacity());
            }
        }
    }

    @Override
    public int openCapacity() {
        if (state != ConnectionState.IDLE && state != ConnectionState.LEASED) {
            return 0;
        }
        if (exclusive()) {
            return origin == Origin.DIALED && streams.isEmpty() ? 1 : 0;
        }
        int free = MAX_STREAMS;
        for (MemoryStream stream : streams) {
            free -= stream.isCaller() ? 1 : 0;
        }
        return free;
    }

    @Override
    public Optional<RpcStream> open(RpcType type, StreamHandler target) {
        if (openCapacity() <= 0) {
            return Optional.empty();
        }
        long call = id << 32 | nextCall++;
        MemoryChannel out = exclusive() ? control : MemoryChannel.stream(this, other);
        MemoryChannel in = exclusive() ? other.control : out.reply();
        MemoryStream stream = new MemoryStream(this, call, RpcExchange.caller(type.code(), call), true, out, in);
        stream.handledBy(target);
        begun(stream);
        return Optional.of(stream);
    }

    private void begun(MemoryStream stream) {
        streams.add(stream);
        stream.out().sentBy(stream);
        stream.in().receivedBy(stream);
        state = ConnectionState.LEASED;
    }

    @Override
    public void close(CloseReason reason) {
        if (state == ConnectionState.CLOSED) {
            return;
        }
        control.send(Goodbye.isSaid(reason) ? new Parcel.Whole(Goodbye.frame(reason)) : new Parcel.Gone("closed"));
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

    // ---- faults on demand ----------------------------------------------------------------------------------------

    /** Breaks the connection as a reset would; both sides hear of it. */
    public void lose(String detail) {
        MemoryConnection peer = other;
        end(CloseReason.of(CloseReason.Kind.LOST, detail));
        peer.end(CloseReason.of(CloseReason.Kind.LOST, detail));
    }

    /** Sends bytes that are no frame. */
    public void sendGarbage() {
        control.send(new Parcel.Raw(Bytes.wrap(GARBAGE)));
    }

    /** Sends a call's frame past all rules, as a faulty or hostile peer would: on its call's stream if there is one. */
    public void inject(Frame frame) {
        MemoryChannel channel = control;
        if (!exclusive()) {
            channel = streams.stream().filter(stream -> stream.correlationId() == frame.correlationId()).findFirst()
                .map(MemoryStream::out).orElseGet(() -> MemoryChannel.stream(this, other));
        }
        channel.send(new Parcel.Whole(frame));
    }

    /** From now on this side is played by hand: everything that arrives goes to {@code by}. */
    void tapped(MemoryTap by) {
        tap = by;
        other.moveAll();
    }

    MemoryChannel controlChannel() {
        return control;
    }

    MemoryChannel newStream() {
        return exclusive() ? control : MemoryChannel.stream(this, other);
    }

    /** This side is gone without a word; the other side hears of it when the kernel would tell. */
    void die() {
        if (state != ConnectionState.CLOSED) {
            state = ConnectionState.CLOSED;
            activationDeadline.cancel();
            network.closed(this);
            control.send(new Parcel.Gone("connection closed by the other side"));
        }
    }

    /** This side is gone and nobody says so. */
    void vanish() {
        if (state != ConnectionState.CLOSED) {
            state = ConnectionState.CLOSED;
            vanished = true;
            activationDeadline.cancel();
            network.closed(this);
            control.die();
            List.copyOf(sending).forEach(MemoryChannel::die);
        }
    }

    /** A channel of this side has something on its way. */
    void sending(MemoryChannel channel) {
        sending.add(channel);
    }

    /** A channel of this side is empty. */
    void sent(MemoryChannel channel) {
        sending.remove(channel);
    }

    /** What has held up either direction may be over. */
    void pathOpened() {
        moveAll();
        other.moveAll();
    }

    private void moveAll() {
        List.copyOf(sending).forEach(MemoryChannel::move);
    }

    // ---- streams -------------------------------------------------------------------------------------------------

    /** A call has ended well. */
    void finished(MemoryStream stream) {
        lastFinished = stream.correlationId();
        left(stream);
        stream.in().move();
    }

    private void left(MemoryStream stream) {
        int before = openCapacity();
        streams.remove(stream);
        if (state == ConnectionState.LEASED && streams.isEmpty()) {
            state = ConnectionState.IDLE;
        }
        if (before == 0 && openCapacity() > 0) {
            tellLater(() -> handler.onCapacity());
        }
    }

    void resetStream(MemoryStream stream, CloseReason reason) {
        if (exclusive()) {
            if (state != ConnectionState.CLOSED) {
                close(CloseReason.of(CloseReason.Kind.CALL_RESET, reason.detail()));
            }
            return;
        }
        giveUp(stream, reason);
    }

    /** Ends one stream of several, and tells the other side. */
    private void giveUp(MemoryStream stream, CloseReason reason) {
        stream.out().reset(reason);
        stream.endedLater(reason);
        left(stream);
        stream.in().move();
    }

    /** Tells a handler in an event of its own, if the connection is still there then. */
    void tellLater(Runnable call) {
        network.world().schedule(0, () -> {
            if (state != ConnectionState.CLOSED) {
                call.run();
            }
        });
    }

    // ---- arrival -------------------------------------------------------------------------------------------------

    /** Whether what waits in a channel may arrive now. */
    boolean takes(MemoryChannel channel) {
        if (state == ConnectionState.CLOSED || tap != null) {
            return true;
        }
        MemoryStream stream = channel.receiver();
        return handler != null && (stream == null || stream.isReading() || stream.end() != MemoryStream.End.NONE);
    }

    /** A parcel has arrived on a channel. */
    void arrived(MemoryChannel channel, Parcel parcel) {
        if (vanished) {
            other.end(CloseReason.of(CloseReason.Kind.LOST, "connection reset")); // Nobody there knows it.
        }
        if (state == ConnectionState.CLOSED) {
            return;
        }
        bytesRead += parcel.bytes();
        if (tap != null) {
            tap.arrived(channel, parcel);
            return;
        }
        if (state == ConnectionState.HANDSHAKING && bytesRead > FrameFormat.MAX_PREAUTH_BYTES) {
            violate(control, new WireException(WireViolation.PREAUTH_BYTES, "found " + bytesRead
                + " bytes before the end of the handshake, expected at most " + FrameFormat.MAX_PREAUTH_BYTES));
            return;
        }
        try {
            switch (parcel) {
                case Parcel.Whole whole -> frame(channel, whole.frame());
                case Parcel.Raw raw -> raw(channel, raw.raw());
                case Parcel.Reset reset -> streamReset(channel, reset.reason());
                case Parcel.Gone gone -> {
                    channel.decoder().end();
                    end(CloseReason.of(CloseReason.Kind.LOST, gone.detail()));
                }
            }
        } catch (WireException violation) {
            violate(channel, violation);
        }
    }

    private void raw(MemoryChannel channel, Bytes bytes) throws WireException {
        var source = bytes.asByteBuffer();
        Frame frame = channel.decoder().decode(source);
        while (frame != null && state != ConnectionState.CLOSED) {
            frame(channel, frame);
            frame = channel.decoder().decode(source);
        }
    }

    private void frame(MemoryChannel channel, Frame frame) throws WireException {
        if (frame.kind().isRpc()) {
            rpc(channel, frame);
        } else if (!channel.isControl()) {
            throw new WireException(WireViolation.UNEXPECTED_CONTROL, "found a " + frame.kind()
                + " on a call's stream");
        } else if (frame.kind() == FrameKind.GOODBYE) {
            end(Goodbye.read(frame));
        } else if (frame.kind() == FrameKind.HANDSHAKE && acceptor != null) {
            throw new WireException(WireViolation.UNEXPECTED_CONTROL, "found a handshake after the handshake");
        } else {
            handler.onControl(frame);
        }
    }

    private void rpc(MemoryChannel channel, Frame frame) throws WireException {
        if (acceptor == null) {
            throw new WireException(WireViolation.RPC_BEFORE_HANDSHAKE, "found a " + frame.kind());
        }
        MemoryStream stream = channel.receiver();
        if (!exclusive() && channel.isControl()) {
            throw new WireException(WireViolation.UNEXPECTED_CONTROL, "found a " + frame.kind()
                + " among the connection's own frames");
        }
        if (stream != null && stream.end() == MemoryStream.End.RESET) {
            return; // it has crossed the reset
        }
        if (stream != null && stream.end() == MemoryStream.End.NONE) {
            stream.deliver(frame);
        } else if (stream != null && !exclusive()) {
            throw new WireException(WireViolation.FRAME_AFTER_END, "found a " + frame.kind()
                + " on a stream that has ended");
        } else if (exclusive() && origin == Origin.DIALED) {
            throw unasked(frame);
        } else {
            accept(channel, frame);
        }
    }

    private WireException unasked(Frame frame) {
        String found = "found a " + frame.kind() + ", expected none: ";
        if (frame.kind() == FrameKind.REQUEST) {
            return new WireException(WireViolation.NOT_THE_CALLER, found + "only the dialer calls");
        }
        return frame.correlationId() == lastFinished
            ? new WireException(WireViolation.FRAME_AFTER_END, found + "it was the call's last but one")
            : new WireException(WireViolation.WRONG_CORRELATION, found + "no call is under way");
    }

    private void accept(MemoryChannel channel, Frame frame) throws WireException {
        RpcExchange exchange = RpcExchange.server();
        MemoryStream stream = new MemoryStream(this, frame.correlationId(), exchange, false,
            exclusive() ? control : channel.reply(), channel);
        // Asked before anybody hears of the call; the stream asks again, of an exchange of its own.
        RpcExchange.server().received(frame);
        begun(stream);
        stream.handledBy(acceptor.onStream(stream));
        stream.deliver(frame);
    }

    private void streamReset(MemoryChannel channel, CloseReason reason) {
        MemoryStream stream = channel.receiver();
        if (stream != null && stream.end() == MemoryStream.End.NONE) {
            stream.out().die();
            stream.ended(CloseReason.of(CloseReason.Kind.CALL_RESET, reason.detail()));
            left(stream);
        }
    }

    /** Ends what the violation has hit: a stream where each call has one, otherwise the connection. */
    private void violate(MemoryChannel channel, WireException violation) {
        transport.count(violation.violation().counterName());
        CloseReason reason = CloseReason.violation(violation.violation(), violation.getMessage());
        if (channel.isControl() || acceptor == null) {
            state = ConnectionState.POISONED;
            close(reason);
            return;
        }
        MemoryStream stream = channel.receiver();
        channel.die();
        if (stream != null && stream.end() == MemoryStream.End.NONE) {
            giveUp(stream, reason);
        } else if (stream == null) {
            channel.reply().reset(reason);
        }
    }

    private void end(CloseReason reason) {
        if (state == ConnectionState.CLOSED) {
            return;
        }
        state = ConnectionState.CLOSED;
        ending = reason;
        activationDeadline.cancel();
        network.closed(this);
        if (tap != null) {
            tap.ended();
        }
        List<MemoryStream> open = new ArrayList<>(streams);
        streams.clear();
        network.world().schedule(0, () -> {
            open.forEach(stream -> stream.ended(reason));
            tellClosed();
        });
    }

    /** Tells the end once: when it comes, or at a start that comes later. */
    private void tellClosed() {
        if (handler != null && !closedTold) {
            closedTold = true;
            handler.onClosed(ending);
        }
    }
}
