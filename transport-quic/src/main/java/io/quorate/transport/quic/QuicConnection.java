package io.quorate.transport.quic;

import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
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
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.transport.support.Goodbye;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.ReassemblyBudget;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.PayloadRoom;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireException;
import io.quorate.spi.wire.WireViolation;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One QUIC connection, from the end of its handshake to its own. It knows its calls as a set of things to be told when
 * it ends; what happens to a call happens in {@link QuicCall}.
 *
 * <p>The methods of {@link Connection} may be called from any thread: they change the {@link ConnectionLife} in one
 * step and leave the rest to the connection's own thread. The other methods run on that thread, and all handlers are
 * called there.
 */
final class QuicConnection implements Connection, LiveSet.Live {

    private static final Logger LOG = LoggerFactory.getLogger(QuicConnection.class);
    private static final AtomicLong IDS = new AtomicLong();
    private static final SecureRandom RANDOM = new SecureRandom();

    private final long id = IDS.incrementAndGet();
    private final Origin origin;
    private final OptionalLong dialId;
    private final Address remote;
    private final Evidence evidence;
    private final QuicChannel channel;
    private final Surroundings surroundings;
    private final Runnable onActive;

    private final ConnectionLife life = new ConnectionLife();
    private final ControlStream control = new ControlStream(this);
    private final ControlReader controlReader = new ControlReader(this);
    private final AtomicBoolean started = new AtomicBoolean();
    /** Random above, counted below: another connection's response that strays here does not carry this one's number. */
    private final long correlationBase = (long) RANDOM.nextInt() << Integer.SIZE;
    private final AtomicInteger correlations = new AtomicInteger();
    private final Set<LiveCall> calls = ConcurrentHashMap.newKeySet();
    private final ServedCalls served;
    private final CallCounts counts;
    private final Farewell farewell;
    /** For frames of its calls that have arrived in part. */
    private final PayloadRoom room;
    private final Queue<LiveCall> ready = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private volatile ConnectionHandler handler;
    private final AtomicReference<StreamAcceptor> acceptor = new AtomicReference<>();
    private volatile long bytesRead;
    private Future<?> activationDeadline;
    private CloseReason ending;
    /** Why the connection is lost, while what has arrived before waits for the start. */
    private CloseReason loss;
    /** Whether the start has reached this thread: before it the handler is told nothing, not even the end. */
    private boolean heard;
    private boolean controlSeen;
    private boolean delivering;
    /** Streams that were taken and are not among those that may still be opened: created, or given back unused. */
    private long spent;
    private long unused;

    /** @param onActive called once when the connection is activated */
    QuicConnection(Origin origin, OptionalLong dialId, Address remote, Evidence evidence, QuicChannel channel,
            Surroundings surroundings, Runnable onActive) {
        this.origin = origin;
        this.dialId = dialId;
        this.remote = remote;
        this.evidence = evidence;
        this.channel = channel;
        this.surroundings = surroundings;
        this.onActive = onActive;
        this.farewell = new Farewell(channel, control);
        this.room = surroundings.reassembly().connection();
        this.served = new ServedCalls(surroundings.limits().maxCalls());
        this.counts = new CallCounts(surroundings.limits().maxCalls(), surroundings.limits().maxResets());
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public String scheme() {
        return QuicTransportProvider.SCHEME;
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
        return bytesRead;
    }

    @Override
    public ConnectionState state() {
        return switch (life.phase()) {
            case HANDSHAKING -> ConnectionState.HANDSHAKING;
            case ACTIVE -> calls.isEmpty() ? ConnectionState.IDLE : ConnectionState.LEASED;
            case POISONED -> ConnectionState.POISONED;
            case CLOSED -> ConnectionState.CLOSED;
        };
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
                return;
            }
            controlReader.start();
            if (loss != null) {
                lost(loss);
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
        switch (life.phase()) {
            case HANDSHAKING, ACTIVE -> {
                if (!control.add(controlFrame)) {
                    close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "found " + QuicLimits.MAX_WAITING_CONTROLS
                        + " frames of the connection that the other side has not read"));
                }
                schedule();
            }
            case POISONED, CLOSED -> LOG.trace("connection {}: dropped a {} after its end", id, controlFrame.kind());
        }
    }

    @Override
    public void activate(StreamAcceptor streamAcceptor) {
        if (!started.get() || !acceptor.compareAndSet(null, streamAcceptor)) {
            throw new IllegalStateException("found an activation of connection " + id + " " + (started.get()
                ? "for the second time, expected one" : "before its start, expected it after"));
        }
        if (life.activate()) {
            onActive.run();
            onLoop(() -> {
                activationDeadline.cancel(false);
                countPermitted();
                if (openCapacity() > 0) {
                    tell(handler::onCapacity);
                }
            });
        }
    }

    @Override
    public int openCapacity() {
        return life.capacity();
    }

    @Override
    public Optional<RpcStream> open(RpcType type, StreamHandler streamHandler) {
        if (!life.take()) {
            return Optional.empty();
        }
        long correlationId = correlationBase | Integer.toUnsignedLong(correlations.incrementAndGet());
        QuicCall call = QuicCall.opened(this, type, correlationId, streamHandler);
        calls.add(call);
        // Whoever ends the connection tells every call that he finds; one that comes after him is not begun nor told.
        if (!life.isActive() && call.giveUp()) {
            calls.remove(call);
            return Optional.empty();
        }
        return Optional.of(call);
    }

    @Override
    public void close(CloseReason reason) {
        if (life.poison()) {
            onLoop(() -> end(reason));
        }
    }

    @Override
    public void shutDown() {
        close(CloseReason.of(CloseReason.Kind.SHUTDOWN, "this node is stopping"));
    }

    /** A call has something to write. From any thread. */
    void ready(LiveCall call) {
        ready.add(call);
        schedule();
    }

    /** A call has ended, in whatever way. From any thread. */
    void ended(QuicCall call) {
        if (call.owes()) {
            farewell.owes(call);
        }
        served.remove(call);
        calls.remove(call);
        closeIfRetired();
    }

    /** One turn of the thread writes whatever has gathered. */
    private void schedule() {
        if (scheduled.compareAndSet(false, true) && !(channel.eventLoop().inEventLoop() && delivering)) {
            onLoop(this::turn);
        }
    }

    void onLoop(Runnable task) {
        try {
            channel.eventLoop().execute(task);
        } catch (RejectedExecutionException closed) {
            LOG.debug("connection {}: the transport's threads have ended", id, closed);
        }
    }

    // From here on: the connection's thread.

    /** Begins its life: opens the control stream; the deadline for its activation runs from {@code beganNanos}. */
    void begin(long beganNanos) {
        surroundings.live().add(this);
        channel.closeFuture().addListener(closed -> surroundings.live().remove(this));
        long millis = surroundings.limits().preauthMillis();
        long left = TimeUnit.MILLISECONDS.toNanos(millis) - (System.nanoTime() - beganNanos);
        activationDeadline = channel.eventLoop().schedule(() -> {
            if (life.phase() == ConnectionLife.Phase.HANDSHAKING) {
                close(CloseReason.of(CloseReason.Kind.HANDSHAKE_LIMIT, "found no end of the handshake, expected one "
                    + "within " + millis + " ms"));
            }
        }, Math.max(0, left), TimeUnit.NANOSECONDS);
        channel.createStream(QuicStreamType.UNIDIRECTIONAL, control).addListener(created -> {
            if (!created.isSuccess()) {
                controlFailed(created.cause());
            }
        });
    }

    private void turn() {
        scheduled.set(false);
        control.write();
        LiveCall call;
        while ((call = ready.poll()) != null) {
            call.turn();
        }
    }

    /**
     * Delivers what a stream has received. What the handlers answer in this very step leaves in the packet that
     * acknowledges what they have heard: one datagram and one system call less for a call.
     */
    void delivering(Runnable delivery) {
        if (delivering) {
            delivery.run();
            return;
        }
        delivering = true;
        try {
            delivery.run();
        } finally {
            delivering = false;
            if (scheduled.get()) {
                turn();
            }
        }
    }

    /** Whether calls may arrive: the handshake is done on this side. */
    boolean isActivated() {
        return acceptor.get() != null;
    }

    void arrived(int bytes) {
        bytesRead = bytesRead + bytes; // this thread alone writes it
    }

    /** {@code bytes} of the connection's own frames have arrived so far; whether that is within the limits. */
    boolean controlBytesPermitted(long bytes) {
        int most = surroundings.limits().preauthBytes();
        if (bytes > most && life.phase() == ConnectionLife.Phase.HANDSHAKING) {
            violation(new WireException(WireViolation.PREAUTH_BYTES, "found " + bytes + " bytes before the end of the "
                + "handshake, expected at most " + most));
            return false;
        }
        return true;
    }

    /** The other side has opened a stream. */
    void onStream(QuicStreamChannel stream) {
        if (life.phase() == ConnectionLife.Phase.CLOSED) {
            stream.close();
            return;
        }
        if (stream.type() == QuicStreamType.UNIDIRECTIONAL) {
            if (controlSeen) {
                violation(new WireException(WireViolation.UNEXPECTED_CONTROL,
                    "found a second control stream, expected one"));
                return;
            }
            controlSeen = true;
            stream.pipeline().addLast(controlReader);
        } else if (isActivated()) {
            if (!counts.began()) {
                tooManyCalls();
                return;
            }
            stream.closeFuture().addListener(closed -> counts.gone());
            QuicCall call = QuicCall.accepted(this);
            calls.add(call);
            stream.pipeline().addLast(call);
        } else {
            violation(new WireException(WireViolation.RPC_BEFORE_HANDSHAKE,
                "found a call's stream before the end of the handshake"));
            return;
        }
        channel.eventLoop().register(stream);
    }

    private void tooManyCalls() {
        if (life.poison()) {
            surroundings.counters().accept(QuicLimits.STREAM_LIMIT_COUNTER);
            LOG.warn("connection {} with {} ({}) is closed: {}", id, remote.text(), origin, counts.excess());
            end(CloseReason.of(CloseReason.Kind.VIOLATION, counts.excess()));
        }
    }

    /** The handler of a call that the other side has begun; null if there is none, and the call is over. */
    StreamHandler accept(QuicCall call) {
        try {
            return acceptor.get().onStream(call);
        } catch (RuntimeException defect) {
            LOG.error("{}: a call is reset: the acceptor failed", this, defect);
            call.lost(CloseReason.of(CloseReason.Kind.CALL_RESET, "the acceptor failed, see the log"));
            return null;
        }
    }

    /** Creates the stream of a call that this side has opened. */
    void create(QuicCall call) {
        spent++;
        channel.createStream(QuicStreamType.BIDIRECTIONAL, call).addListener(created -> {
            if (!created.isSuccess()) {
                call.notCreated(created.cause());
            }
        });
    }

    /** A call was given up before it had a stream. */
    void unused() {
        unused++;
        permitted();
    }

    /** The other side permits more calls, or may. */
    void permitted() {
        if (countPermitted()) {
            tell(handler::onCapacity);
        }
    }

    /** Whether there was no capacity before and there is some now. */
    private boolean countPermitted() {
        return life.permit(spent + unused + channel.peerAllowedStreams(QuicStreamType.BIDIRECTIONAL));
    }

    /** Whether a call's end still matters to the other side: with the connection all calls end. */
    boolean isOpen() {
        return life.phase() != ConnectionLife.Phase.CLOSED;
    }

    /** What this side still says when the connection has ended. */
    Farewell farewell() {
        return farewell;
    }

    /** The first request of a call has arrived. */
    void serving(long correlationId, LiveCall call) {
        served.add(correlationId, call);
    }

    /** Tells the other side that a call is given up whose last request it has already. */
    void tellGivenUp(int rpcType, long correlationId, CloseReason.Kind kind) {
        control.addNote(ServedCalls.note(rpcType, correlationId, kind));
        control.write();
    }

    /** A call was cut short, by either side. */
    void countReset() {
        if (counts.cut()) {
            // Not at once: calls that are under way would pay for those that were cut, perhaps over months.
            life.retire();
            closeIfRetired();
            channel.eventLoop().schedule(this::closeRetired, QuicLimits.RETIREMENT_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void closeIfRetired() {
        if (life.isRetired() && calls.isEmpty()) {
            closeRetired();
        }
    }

    private void closeRetired() {
        close(CallCounts.retirement(surroundings.limits().maxResets()));
    }

    void onControlFrame(Frame frame) {
        switch (frame.kind()) {
            case PING, PONG -> tell(() -> handler.onControl(frame));
            case HANDSHAKE -> {
                if (isActivated()) {
                    violation(new WireException(WireViolation.UNEXPECTED_CONTROL,
                        "found a handshake frame after the end of the handshake"));
                } else {
                    tell(() -> handler.onControl(frame));
                }
            }
            case GOODBYE -> lost(Goodbye.read(frame));
            case REQUEST -> violation(new WireException(WireViolation.NOT_THE_CALLER,
                "found a REQUEST on the control stream, expected it on a stream of its own"));
            case RESPONSE -> violation(new WireException(WireViolation.WRONG_CORRELATION,
                "found a RESPONSE on the control stream, expected it on its call's own stream"));
            case ERROR -> served.onNote(frame);
        }
    }

    /** The other side's control stream has ended, and no goodbye came before. */
    void controlEnded() {
        lost(CloseReason.of(CloseReason.Kind.LOST, "the other side ended its control stream without a goodbye"));
    }

    /** One of the two control streams is lost. */
    void controlFailed(Throwable cause) {
        if (channel.isActive()) { // behind the connection's end it is a consequence, and no reason
            lost(CloseReason.of(CloseReason.Kind.LOST, "a control stream failed: " + Causes.root(cause)));
        }
    }

    void violation(WireException violation) {
        if (life.poison()) {
            counted(violation, "the connection, which is closed");
            end(CloseReason.violation(violation.violation(), violation.getMessage()));
        }
    }

    /** Counts and logs a violation. */
    void counted(WireException violation, String where) {
        surroundings.counters().accept(violation.violation().counterName());
        LOG.warn("connection {} with {} ({}): violation of the wire format on {}: {}", id, remote.text(), origin,
            where, violation.getMessage());
    }

    PayloadRoom room() {
        return room;
    }

    /** There is no room for a frame of a call; why that call ends. */
    CloseReason countNoRoom(long correlationId) {
        CloseReason reason = surroundings.reassembly().noRoom();
        surroundings.counters().accept(ReassemblyBudget.COUNTER);
        LOG.warn("connection {} with {} ({}): call {} is reset: {}", id, remote.text(), origin,
            Long.toHexString(correlationId), reason.detail());
        return reason;
    }

    /** The other side has said goodbye, or is not there any more. What it has said before is heard first. */
    void lost(CloseReason reason) {
        if (!heard && !controlReader.isDrained()) {
            loss = reason;
        } else if (life.poison()) {
            end(reason);
        }
    }

    private void end(CloseReason reason) {
        ending = reason;
        life.gone();
        activationDeadline.cancel(false);
        controlReader.discard();
        for (LiveCall call : calls) {
            call.lost(reason);
        }
        if (heard) {
            tell(() -> handler.onClosed(reason));
        }
        if (!channel.isActive()) {
            return;
        }
        farewell.begin(reason);
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

    @Override
    public String toString() {
        return "connection " + id + " " + origin + " " + remote.text() + " " + state();
    }
}
