package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.util.ReferenceCountUtil;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.PayloadRoom;
import io.quorate.spi.wire.WireException;

/**
 * The way in for the connection's own frames: the one unidirectional stream of the other side. It is read at once, and
 * what arrives before the connection is started is held, within the limit on bytes before activation: a verdict that
 * is followed by the end is heard all the same.
 *
 * <p>On the connection's thread alone.
 */
final class ControlReader extends ChannelInboundHandlerAdapter {

    private final QuicConnection connection;
    private final IncomingFrames incoming;
    private boolean started;
    private boolean discarding;
    private boolean finished;
    private boolean draining;
    private long bytes;

    ControlReader(QuicConnection connection) {
        this.connection = connection;
        this.incoming = new IncomingFrames(connection::isActivated, PayloadRoom.UNBOUNDED);
    }

    /** Begins to deliver. */
    void start() {
        started = true;
        drain();
    }

    /** Throws away what is there and what comes. */
    void discard() {
        discarding = true;
        incoming.discard();
    }

    /** Whether all that has arrived was delivered. */
    boolean isDrained() {
        return incoming.isEmpty();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ((QuicStreamChannel) ctx.channel()).config().setReadFrames(true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof QuicStreamFrame frame)) {
            ReferenceCountUtil.release(message);
            return;
        }
        ByteBuf content = frame.content();
        int size = content.readableBytes();
        connection.arrived(size);
        if (discarding) {
            content.release();
            return;
        }
        bytes += size;
        finished |= frame.hasFin();
        incoming.add(content);
        if (connection.controlBytesPermitted(bytes)) {
            drain();
        }
    }

    private void drain() {
        if (draining || !started || discarding) {
            return;
        }
        draining = true;
        try {
            Frame frame = incoming.next();
            while (frame != null) {
                connection.onControlFrame(frame);
                frame = discarding ? null : incoming.next();
            }
            if (finished && !discarding) {
                incoming.end();
                connection.controlEnded();
            }
        } catch (WireException violation) {
            connection.violation(violation);
        } finally {
            draining = false;
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        connection.controlFailed(cause);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        // A closed stream drops its handlers. What came before may still be waiting for the start, and that may never
        // come.
        if (started) {
            discard();
        } else {
            incoming.detach();
        }
    }
}
