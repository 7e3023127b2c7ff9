package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The way out for the connection's own frames: the one unidirectional stream that this side opens, after the model of
 * HTTP/3's (RFC 9114 §6.2.1). The most urgent of all streams.
 *
 * <p>{@link #add} from any thread; everything else on the connection's thread.
 */
final class ControlStream extends ChannelInboundHandlerAdapter {

    private final QuicConnection connection;
    private final Queue<Frame> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingCount = new AtomicInteger();
    private final OutgoingFrame outgoing = new OutgoingFrame();
    private QuicStreamChannel channel;
    private boolean writing;
    private boolean pieceUnderWay;
    private boolean stopped;

    ControlStream(QuicConnection connection) {
        this.connection = connection;
    }

    /** Queues a frame; whether there was room for it. */
    boolean add(Frame frame) {
        waiting.add(frame);
        return waitingCount.incrementAndGet() < QuicLimits.MAX_WAITING_CONTROLS;
    }

    /** Queues what is said about a call; without room for it the connection ends. */
    void addNote(Frame frame) {
        waiting.add(frame);
        if (waitingCount.incrementAndGet() >= QuicLimits.MAX_WAITING_NOTES) {
            connection.close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "found " + QuicLimits.MAX_WAITING_NOTES
                + " frames of the connection that the other side has not read"));
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel = (QuicStreamChannel) ctx.channel();
        channel.updatePriority(StreamPriorities.CONTROL);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        write();
    }

    /** Writes as much as QUIC takes. */
    void write() {
        if (writing || pieceUnderWay || channel == null) {
            return;
        }
        writing = true;
        try {
            while (!stopped && !pieceUnderWay && (outgoing.inProgress() || next())) {
                ByteBuf piece = outgoing.piece(channel.alloc());
                ChannelFuture done = channel.write(piece);
                if (!done.isDone()) {
                    pieceUnderWay = true;
                    done.addListener(future -> {
                        pieceUnderWay = false;
                        failedIf(future);
                        write();
                        connection.farewell().closeIfNothingIsOwed();
                    });
                } else {
                    failedIf(done);
                }
            }
        } finally {
            writing = false;
        }
    }

    /** What a stream has refused is missing on the other side: no frame behind it means what it says. */
    private void failedIf(Future<?> done) {
        if (!done.isSuccess() && !stopped) {
            stopped = true;
            connection.controlFailed(done.cause());
        }
    }

    private boolean next() {
        Frame frame = waiting.poll();
        if (frame == null) {
            return false;
        }
        waitingCount.decrementAndGet();
        outgoing.begin(frame);
        return true;
    }

    /** Whether something has not been taken by QUIC yet. */
    boolean owes() {
        return !stopped && (pieceUnderWay || outgoing.inProgress() || !waiting.isEmpty());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stopped = true;
        waiting.clear();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        connection.controlFailed(cause);
    }
}
