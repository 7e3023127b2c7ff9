package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.RpcExchange;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireException;
import io.quorate.spi.wire.WireViolation;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call on its own QUIC stream: its rules, its flow control, its end. It reaches its connection, and no other call.
 *
 * <p>{@code send}, {@code read} and {@code reset} from any thread; the rest on the connection's thread. The lock guards
 * the exchange's rules and the frames that wait, is held for a comparison and an enqueuing, and never while a handler
 * runs.
 */
final class QuicCall extends ChannelInboundHandlerAdapter implements RpcStream, LiveCall {

    private static final Logger LOG = LoggerFactory.getLogger(QuicCall.class);

    private final QuicConnection connection;
    private final boolean calling;
    private final RpcExchange exchange;
    private final ArrayDeque<Frame> waiting = new ArrayDeque<>(2);
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean full = new AtomicBoolean();
    private final AtomicBoolean ready = new AtomicBoolean();
    private final IncomingFrames incoming;
    private final Runnable drain = this::drain;
    private final OutgoingFrame outgoing = new OutgoingFrame();

    private volatile long correlationId;
    private volatile StreamHandler handler;
    private volatile boolean reading = true;
    /** Guarded by the lock: the call has ended, before its time or well. */
    private boolean over;
    /** It has ended before its time: what it has not sent yet is not sent. */
    private volatile boolean cut;

    private QuicStreamChannel channel;
    private boolean created;
    private boolean writing;
    private boolean pieceUnderWay;
    private boolean wroteEnd;
    private boolean counted;
    private boolean draining;
    private boolean receivedEnd;
    private boolean finished;

    private QuicCall(QuicConnection connection, RpcExchange exchange, long correlationId, StreamHandler handler) {
        this.connection = connection;
        this.calling = handler != null;
        this.exchange = exchange;
        this.correlationId = correlationId;
        this.handler = handler;
        this.incoming = new IncomingFrames(() -> true, connection.room());
    }

    /** A call that this side makes. */
    static QuicCall opened(QuicConnection connection, RpcType type, long correlationId, StreamHandler handler) {
        return new QuicCall(connection, RpcExchange.caller(type.code(), correlationId), correlationId, handler);
    }

    /** A call that the other side makes; its first request says which. */
    static QuicCall accepted(QuicConnection connection) {
        QuicCall call = new QuicCall(connection, RpcExchange.server(), 0, null);
        call.created = true;
        return call;
    }

    @Override
    public long correlationId() {
        return correlationId;
    }

    @Override
    public boolean send(Frame frame) {
        FrameEncoder.check(frame);
        synchronized (this) {
            if (over) {
                return false;
            }
            exchange.sending(frame);
            waitingBytes.addAndGet(OutgoingFrame.size(frame));
            if (exchange.complete()) {
                over = true;
                connection.ended(this);
            }
            waiting.add(frame);
        }
        if (ready.compareAndSet(false, true)) {
            connection.ready(this);
        }
        return !isFull();
    }

    private boolean isFull() {
        if (waitingBytes.get() <= TransportLimits.WRITE_HIGH_WATER_BYTES) {
            return false;
        }
        full.set(true);
        // The writer may have drained everything between the two lines above, and would then never say so.
        return waitingBytes.get() > QuicLimits.WRITE_LOW_WATER_BYTES || !full.compareAndSet(true, false);
    }

    @Override
    public void read(boolean enabled) {
        reading = enabled;
        connection.onLoop(this::readingChanged);
    }

    @Override
    public void reset(CloseReason reason) {
        if (giveUp()) {
            connection.onLoop(() -> end(reason));
        }
    }

    /** Whether it has ended well on this side, but for a part of the response that waits for QUIC to take it. */
    boolean owes() {
        return !calling && !cut && isOver() && waitingBytes.get() > 0;
    }

    /** Whether the call was under way, and has ended before its time now. From any thread; tells nobody. */
    boolean giveUp() {
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
            cut = true;
            waiting.clear();
            return true;
        }
    }

    // From here on: the connection's thread.

    @Override
    public void turn() {
        ready.set(false);
        if (channel != null) {
            write();
        } else if (!cut) {
            created = true;
            connection.create(this);
        }
    }

    /** Its stream could not be created. */
    void notCreated(Throwable cause) {
        if (giveUp()) {
            end(CloseReason.of(CloseReason.Kind.LOST, "no stream could be opened: " + Causes.root(cause)));
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel = (QuicStreamChannel) ctx.channel();
        channel.config().setReadFrames(true);
        if (exchange.begun()) {
            channel.updatePriority(StreamPriorities.of(exchange.rpcType()));
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (cut) {
            resetChannel(CloseReason.Kind.CALL_RESET);
            return;
        }
        readingChanged();
        write();
    }

    private void readingChanged() {
        if (channel == null || cut) {
            return;
        }
        drain();
        if (!cut) {
            // Behind the last frame there is only the stream's own end, which frees the stream.
            channel.config().setAutoRead(reading || receivedEnd);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof QuicStreamFrame frame)) {
            ReferenceCountUtil.release(message);
            return;
        }
        ByteBuf bytes = frame.content();
        connection.arrived(bytes.readableBytes());
        if (cut) {
            bytes.release();
            return;
        }
        finished |= frame.hasFin();
        incoming.add(bytes);
        connection.delivering(drain);
    }

    private void drain() {
        if (draining) {
            return;
        }
        draining = true;
        try {
            while (!cut && (reading || receivedEnd)) {
                Frame frame = incoming.next();
                if (incoming.lacksRoom()) {
                    noRoom();
                    return;
                }
                if (frame == null) {
                    break;
                }
                onFrame(frame);
            }
            if (finished && !cut && incoming.isEmpty()) {
                incoming.end();
                if (!receivedEnd) {
                    throw new WireException(WireViolation.TRUNCATED,
                        "found the end of a call's stream before its last frame");
                }
            }
        } catch (WireException violation) {
            violation(violation);
        } finally {
            draining = false;
        }
    }

    private void onFrame(Frame frame) throws WireException {
        if (!frame.kind().isRpc()) {
            throw new WireException(WireViolation.UNEXPECTED_CONTROL, "found a " + frame.kind()
                + " on a call's stream, expected it on the control stream");
        }
        boolean first;
        boolean complete;
        synchronized (this) {
            if (cut) {
                return; // another thread has given it up in this moment, and a call ends once: well, or with its reset
            }
            first = !exchange.begun();
            exchange.received(frame);
            complete = exchange.complete();
            over |= complete;
        }
        receivedEnd = frame.end();
        if (first) {
            correlationId = frame.correlationId();
            connection.serving(correlationId, this);
            if (cut) {
                return; // given up before it came
            }
            channel.updatePriority(StreamPriorities.of(frame.rpcType()));
            StreamHandler accepted = connection.accept(this);
            if (accepted == null) {
                return;
            }
            handler = accepted;
        }
        if (complete) {
            connection.ended(this);
        }
        tell(() -> handler.onFrame(frame));
        if (receivedEnd && !cut) {
            channel.config().setAutoRead(true);
        }
    }

    /** Writes as much as QUIC takes: whole frames, the last one together with the end of this half of the stream. */
    void write() {
        if (writing || pieceUnderWay || channel == null) {
            return;
        }
        writing = true;
        try {
            while (!cut && !pieceUnderWay && (outgoing.inProgress() || next())) {
                ByteBuf piece = outgoing.piece(channel.alloc());
                int size = piece.readableBytes();
                wroteEnd = outgoing.atEnd();
                ChannelFuture done = channel.write(wroteEnd ? new DefaultQuicStreamFrame(piece, true) : piece);
                if (done.isDone()) {
                    wrote(done, size);
                } else {
                    pieceUnderWay = true;
                    done.addListener(future -> {
                        pieceUnderWay = false;
                        wrote(future, size);
                        write();
                    });
                }
            }
        } finally {
            writing = false;
        }
    }

    private boolean next() {
        Frame frame;
        synchronized (this) {
            frame = waiting.poll();
        }
        if (frame == null) {
            return false;
        }
        outgoing.begin(frame);
        return true;
    }

    private void wrote(Future<?> done, int bytes) {
        long left = waitingBytes.addAndGet(-bytes);
        if (left == 0 && !calling) {
            connection.farewell().settled(this);
        }
        if (!done.isSuccess()) {
            stopped(done.cause());
        } else if (left <= QuicLimits.WRITE_LOW_WATER_BYTES && full.compareAndSet(true, false) && !isOver()) {
            tell(handler::onWritable);
        }
    }

    private synchronized boolean isOver() {
        return over;
    }

    /** The other side does not want the rest (STOP_SENDING), or the stream is gone. */
    private void stopped(Throwable cause) {
        lost(cause instanceof ClosedChannelException ? CloseReason.of(CloseReason.Kind.LOST, "the stream was closed")
            : CloseReason.of(CloseReason.Kind.CALL_RESET, "the other side wants no more of the call"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof QuicStreamResetException reset) {
            finished = true;
            if (cut) {
                ctx.close(); // what was waited for behind a note that the call is given up
            }
            lost(QuicFailures.givenUp(reset.applicationProtocolCode()));
        } else {
            LOG.debug("{}: a stream failed", connection, cause);
            lost(CloseReason.of(CloseReason.Kind.LOST, Causes.root(cause)));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        lost(CloseReason.of(CloseReason.Kind.LOST, "the stream was closed"));
        cut = true;
        incoming.discard();
        connection.farewell().settled(this);
    }

    /** There is no room for the frame that arrives: this call ends, and no other. */
    private void noRoom() {
        lost(connection.countNoRoom(correlationId));
        cut = true;
        incoming.discard();
    }

    private void violation(WireException violation) {
        connection.counted(violation, "call " + Long.toHexString(correlationId));
        CloseReason reason = CloseReason.violation(violation.violation(), violation.getMessage());
        if (giveUp()) {
            end(reason);
        } else {
            cut = true;
            incoming.discard();
            resetChannel(CloseReason.Kind.VIOLATION);
        }
    }

    /** The other half of the stream has ended, and whatever this one still says is thrown away: its end is enough. */
    @Override
    public void givenUp(CloseReason reason) {
        if (giveUp()) {
            finish(reason);
            countCut();
            if (!finished) {
                // The note has overtaken the rest of the request. Netty would stop reading without a word, quiche keep
                // what still comes, and the stream and its place be lost for good.
                channel.shutdown(CloseReason.Kind.CALL_RESET.code());
            }
            channel.close();
        }
    }

    @Override
    public void lost(CloseReason reason) {
        if (giveUp()) {
            end(reason);
        }
    }

    private void end(CloseReason reason) {
        resetChannel(reason.kind());
        finish(reason);
    }

    private void finish(CloseReason reason) {
        connection.ended(this);
        if (!created) {
            connection.unused();
        }
        waitingBytes.set(0);
        incoming.discard();
        StreamHandler told = handler;
        if (told != null) {
            connection.tell(() -> told.onReset(reason));
        }
    }

    /**
     * RESET_STREAM and STOP_SENDING, with the kind of the end for a code (RFC 9000 §3.5). Behind the end of its half a
     * caller could say it to a writer alone (STOP_SENDING), and Netty tells nobody who has nothing to write: a server
     * would keep a call that waits, such as a watch, long after its caller has given it up; and quiche would keep the
     * stream, and its place among those that are permitted, for good. So it is said on the control stream then, and
     * this side throws away what comes until the server ends its half.
     */
    private void resetChannel(CloseReason.Kind kind) {
        if (channel != null && channel.isOpen() && connection.isOpen()) {
            countCut();
            if (calling && wroteEnd && !pieceUnderWay && !finished) {
                connection.tellGivenUp(exchange.rpcType(), correlationId, kind);
                channel.config().setAutoRead(true);
                return;
            }
            channel.shutdown(kind.code());
            channel.close();
        }
    }

    private void countCut() {
        if (!counted) {
            counted = true;
            connection.countReset();
        }
    }

    /** Calls the call's handler. One that throws has a defect, and its call cannot be relied on any more. */
    private void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException defect) {
            LOG.error("{}: call {} is reset: its handler failed", connection, Long.toHexString(correlationId), defect);
            lost(CloseReason.of(CloseReason.Kind.CALL_RESET, "a handler failed, see the log"));
        }
    }
}
