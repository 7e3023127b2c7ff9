package io.quorate.transport.tcp;

import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.ConnectionState;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamAcceptor;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.support.Address;
import io.quorate.spi.transport.support.Goodbye;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.ReassemblyBudget;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcExchange;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireException;
import io.quorate.spi.wire.WireViolation;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One secured socket, from the end of TLS to its own.
 *
 * <p>The methods of {@link Connection} may be called from any thread: they change the {@link ConnectionLife} in one
 * step and leave the rest to the connection's own thread. The other methods run on that thread, and all handlers are
 * called there.
 */
final class TcpConnection implements Connection, LiveSet.Live {

    private static final Logger LOG = LoggerFactory.getLogger(TcpConnection.class);
    private static final AtomicLong IDS = new AtomicLong();
    private static final SecureRandom RANDOM = new SecureRandom();

    private final long id = IDS.incrementAndGet();
    private final Origin origin;
    private final OptionalLong dialId;
    private final Address remote;
    private final Evidence evidence;
    private final Channel channel;
    private final Surroundings surroundings;
    private final TlsGate gate;
    private final Runnable onActive;

    private final ConnectionLife life = new ConnectionLife();
    private final FrameReader reader;
    private final FrameWriter writer;
    private final AtomicBoolean started = new AtomicBoolean();
    private final AtomicBoolean activated = new AtomicBoolean();
    /** Random above, counted below: another connection's response that strays here does not carry this one's number. */
    private final long correlationBase = (long) RANDOM.nextInt() << Integer.SIZE;
    private final AtomicInteger correlations = new AtomicInteger();

    private volatile ConnectionHandler handler;
    private volatile StreamAcceptor acceptor;
    private volatile long lastFinished;
    private Future<?> activationDeadline;
    private CloseReason ending;
    /** Whether the start has reached this thread: before it the handler is told nothing, not even the end. */
    private boolean heard;

    /**
     * @param gate counts the socket's bytes
     * @param onActive called once when the connection is activated
     */
    TcpConnection(Origin origin, OptionalLong dialId, Address remote, Evidence evidence, Channel channel, TlsGate gate,
            Surroundings surroundings, boolean directBuffers, Runnable onActive) {
        this.origin = origin;
        this.dialId = dialId;
        this.remote = remote;
        this.evidence = evidence;
        this.channel = channel;
        this.gate = gate;
        this.surroundings = surroundings;
        this.onActive = onActive;
        this.reader = new FrameReader(this, surroundings.reassembly().connection());
        this.writer = new FrameWriter(this, channel, directBuffers);
    }

    FrameReader reader() {
        return reader;
    }

    FrameWriter writer() {
        return writer;
    }

    ConnectionLife life() {
        return life;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public String scheme() {
        return TcpTransportProvider.SCHEME;
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
        return remote.text();
    }

    @Override
    public String source() {
        return remote.host();
    }

    @Override
    public Evidence evidence() {
        return evidence;
    }

    @Override
    public long bytesRead() {
        return gate.bytesRead();
    }

    @Override
    public ConnectionState state() {
        return life.state();
    }

    @Override
    public void start(ConnectionHandler connectionHandler) {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("found a second start of connection " + id + ", expected one");
        }
        handler = connectionHandler;
        onLoop(() -> {
            heard = true;
            if (ending != null) {
                tell(() -> connectionHandler.onClosed(ending));
            } else {
                reader.start();
            }
        });
    }

    @Override
    public void send(Frame controlFrame) {
        if (controlFrame.kind().isRpc()) {
            throw new IllegalArgumentException("found a " + controlFrame.kind() + ", expected a kind of the "
                + "connection; a call's frames go to its stream");
        }
        FrameEncoder.check(controlFrame);
        switch (life.state()) {
            case HANDSHAKING, IDLE, LEASED -> writer.enqueue(controlFrame, null);
            case POISONED, CLOSED -> LOG.trace("connection {}: dropped a {} after its end", id, controlFrame.kind());
        }
    }

    @Override
    public void activate(StreamAcceptor streamAcceptor) {
        if (!started.get() || !activated.compareAndSet(false, true)) {
            throw new IllegalStateException("found an activation of connection " + id + " " + (started.get()
                ? "for the second time, expected one" : "before its start, expected it after"));
        }
        acceptor = streamAcceptor;
        if (life.activate()) {
            onActive.run();
            onLoop(() -> {
                activationDeadline.cancel(false);
                if (openCapacity() > 0) {
                    tell(handler::onCapacity);
                }
            });
        }
    }

    @Override
    public int openCapacity() {
        return origin == Origin.DIALED && life.state() == ConnectionState.IDLE ? 1 : 0;
    }

    @Override
    public Optional<RpcStream> open(RpcType type, StreamHandler streamHandler) {
        if (openCapacity() == 0) {
            return Optional.empty();
        }
        long correlationId = correlationBase | Integer.toUnsignedLong(correlations.incrementAndGet());
        TcpStream stream = new TcpStream(this, RpcExchange.caller(type.code(), correlationId), correlationId,
            streamHandler);
        return life.lease(stream) ? Optional.of(stream) : Optional.empty();
    }

    @Override
    public void close(CloseReason reason) {
        life.poison().ifPresent(ended -> onLoop(() -> end(reason, ended.lessee())));
    }

    @Override
    public void shutDown() {
        close(CloseReason.of(CloseReason.Kind.SHUTDOWN, "this node is stopping"));
    }

    /** The stream's owner gives its call up. Nothing happens if the call has ended: the next one is not to blame. */
    void reset(TcpStream stream, CloseReason reason) {
        if (life.poison(stream)) {
            onLoop(() -> end(reason, Optional.of(stream)));
        }
    }

    /** A call has ended well by a frame that this side sent. */
    void finished(TcpStream stream) {
        lastFinished = stream.correlationId();
        if (origin == Origin.DIALED || !stream.isReading()) {
            onLoop(() -> {
                reader.readingChanged();
                if (openCapacity() > 0) {
                    tell(handler::onCapacity);
                }
            });
        }
    }

    void readingChanged() {
        onLoop(reader::readingChanged);
    }

    // From here on: the connection's thread.

    /** Begins its life: the deadline for its activation runs from {@code beganNanos}. */
    void begin(long beganNanos) {
        surroundings.live().add(this);
        long millis = surroundings.limits().preauthMillis();
        long left = TimeUnit.MILLISECONDS.toNanos(millis) - (System.nanoTime() - beganNanos);
        activationDeadline = channel.eventLoop().schedule(() -> {
            if (life.state() == ConnectionState.HANDSHAKING) {
                close(CloseReason.of(CloseReason.Kind.HANDSHAKE_LIMIT, "found no end of the handshake, expected one "
                    + "within " + millis + " ms"));
            }
        }, Math.max(0, left), TimeUnit.NANOSECONDS);
    }

    /** Whether calls may arrive: the handshake is done on this side. */
    boolean isActive() {
        return activated.get();
    }

    boolean requiresPostQuantum() {
        return surroundings.requirePostQuantum();
    }

    /** Whether frames may be delivered now. */
    boolean mayRead() {
        return switch (life.state()) {
            case HANDSHAKING, IDLE -> true;
            case LEASED -> {
                TcpStream lessee = life.lessee();
                yield lessee == null || lessee.isReading();
            }
            case POISONED, CLOSED -> false;
        };
    }

    /** {@code bytes} have been decrypted so far; whether that is within the limits. */
    boolean arrived(long bytes) {
        int most = surroundings.limits().preauthBytes();
        if (bytes > most && life.state() == ConnectionState.HANDSHAKING) {
            violation(WireViolation.PREAUTH_BYTES, "found " + bytes + " bytes before the end of the handshake, "
                + "expected at most " + most);
            return false;
        }
        return true;
    }

    void onFrame(Frame frame) {
        switch (frame.kind()) {
            case PING, PONG -> tell(() -> handler.onControl(frame));
            case HANDSHAKE -> {
                if (activated.get()) {
                    violation(WireViolation.UNEXPECTED_CONTROL,
                        "found a handshake frame after the end of the handshake");
                } else {
                    tell(() -> handler.onControl(frame));
                }
            }
            case GOODBYE -> lost(Goodbye.read(frame));
            case REQUEST, RESPONSE, ERROR -> onCallFrame(frame);
        }
    }

    private void onCallFrame(Frame frame) {
        if (!activated.get()) {
            violation(WireViolation.RPC_BEFORE_HANDSHAKE,
                "found a " + describe(frame) + " before the end of the handshake");
            return;
        }
        TcpStream lessee = life.lessee();
        try {
            if (lessee != null) {
                onLeasedFrame(lessee, frame);
            } else if (origin == Origin.ACCEPTED) {
                onFirstRequest(frame);
            } else {
                throw unasked(frame);
            }
        } catch (WireException violation) {
            violation(violation);
        }
    }

    private void onLeasedFrame(TcpStream stream, Frame frame) throws WireException {
        boolean finished = stream.received(frame);
        if (finished) {
            lastFinished = stream.correlationId();
            if (!life.release(stream)) {
                return; // it was reset in this moment, and a call ends once: well, or with its reset
            }
        }
        tell(() -> stream.deliver(frame));
        if (finished && openCapacity() > 0) {
            tell(handler::onCapacity);
        }
    }

    private void onFirstRequest(Frame frame) throws WireException {
        if (writer.owesResponse()) {
            // No honest caller can be that early. One that asks without ever reading would fill this side's memory.
            throw new WireException(WireViolation.REQUEST_BEFORE_RESPONSE, "found a " + describe(frame)
                + ", expected none before the response to the call before it was read");
        }
        RpcExchange exchange = RpcExchange.server();
        exchange.received(frame);
        TcpStream stream = new TcpStream(this, exchange, frame.correlationId(), null);
        if (!life.lease(stream)) {
            return; // it was closed in this moment
        }
        tell(() -> {
            stream.bind(acceptor.onStream(stream));
            stream.deliver(frame);
        });
    }

    /** A dialed connection without a call has nothing to receive. */
    private WireException unasked(Frame frame) {
        String found = "found a " + describe(frame);
        if (frame.kind() == FrameKind.REQUEST) {
            return new WireException(WireViolation.NOT_THE_CALLER, found + ", expected none: only the dialer calls");
        }
        return frame.correlationId() == lastFinished
            ? new WireException(WireViolation.FRAME_AFTER_END, found + " after its last frame")
            : new WireException(WireViolation.WRONG_CORRELATION, found + ", expected none: no call is under way");
    }

    private static String describe(Frame frame) {
        RpcType type = RpcType.ofCode(frame.rpcType());
        return frame.kind() + " of " + (type == null ? "unknown rpc type " + frame.rpcType() : type.name()) + ", call "
            + Long.toHexString(frame.correlationId());
    }

    void violation(WireException violation) {
        violation(violation.violation(), violation.getMessage());
    }

    private void violation(WireViolation violation, String detail) {
        life.poison().ifPresent(ended -> {
            surroundings.counters().accept(violation.counterName());
            LOG.warn("connection {} with {} ({}) is closed for a violation of the wire format: {}", id, remote.text(),
                origin, detail);
            end(CloseReason.violation(violation, detail), ended.lessee());
        });
    }

    /** There is no room for the frame that arrives. */
    void noRoom() {
        life.poison().ifPresent(ended -> {
            CloseReason reason = surroundings.reassembly().noRoom();
            surroundings.counters().accept(ReassemblyBudget.COUNTER);
            LOG.warn("connection {} with {} ({}) is closed: {}", id, remote.text(), origin, reason.detail());
            end(reason, ended.lessee());
        });
    }

    /** The other side has said goodbye, or is not there any more. */
    void lost(CloseReason reason) {
        life.poison().ifPresent(ended -> end(reason, ended.lessee()));
    }

    private void end(CloseReason reason, Optional<TcpStream> lessee) {
        ending = reason;
        life.gone();
        channel.closeFuture().addListener(future -> surroundings.live().remove(this));
        activationDeadline.cancel(false);
        reader.discard();
        lessee.ifPresent(stream -> tell(() -> stream.lost(reason)));
        if (heard) {
            tell(() -> handler.onClosed(reason));
        }
        if (Goodbye.isSaid(reason) && channel.isActive()) {
            after(TcpLimits.GOODBYE_MILLIS);
            writer.finish(Goodbye.frame(reason));
        } else {
            writer.stop();
            closeChannel();
        }
    }

    /**
     * The goodbye is with the kernel. To close at once could destroy it: bytes of the other side that arrive at a
     * closed socket are answered with a reset, and a reset overtakes what the other side has not read yet. So this
     * side ends its half and gives the other a moment to end its own.
     */
    void farewellSaid() {
        if (!channel.isActive() || !(channel instanceof DuplexChannel duplex)) {
            closeChannel();
            return;
        }
        after(TcpLimits.LINGER_MILLIS);
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            duplex.shutdownOutput();
        } else {
            tls.closeOutbound().addListener(future -> duplex.shutdownOutput());
        }
    }

    void closeChannel() {
        channel.close();
    }

    private void after(long millis) {
        Future<?> cut = channel.eventLoop().schedule(gate::cut, millis, TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(future -> cut.cancel(false));
    }

    /** Calls a handler. One that throws has a defect, and its connection cannot be relied on any more. */
    void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException defect) {
            LOG.error("connection {} with {} is closed: its handler failed", id, remote.text(), defect);
            close(CloseReason.of(CloseReason.Kind.CALL_RESET, "a handler failed, see the log"));
        }
    }

    private void onLoop(Runnable task) {
        try {
            channel.eventLoop().execute(task);
        } catch (RejectedExecutionException closed) {
            LOG.debug("connection {}: the transport's threads have ended", id, closed);
        }
    }

    @Override
    public String toString() {
        return "connection " + id + " " + origin + " " + remote.text() + " " + life.state();
    }
}
