package io.quorate.transport.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameDecoder;
import io.quorate.spi.wire.PayloadRoom;
import io.quorate.spi.wire.WireException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Turns what TLS has decrypted into frames, and hands each to the connection. Holds back what has arrived while nobody
 * may read (before the start, or while a call's reader has stopped): at most what was on its way when reading was
 * switched off.
 *
 * <p>On the connection's thread alone. Owns every buffer from its arrival to its release.
 */
final class FrameReader extends ChannelInboundHandlerAdapter {

    private final TcpConnection connection;
    private final FrameDecoder decoder;
    private final ArrayDeque<ByteBuf> held = new ArrayDeque<>();
    private ByteBuffer view;
    private ChannelHandlerContext context;
    private boolean started;
    private boolean draining;
    private boolean discarding;
    private boolean ended;
    private long decryptedBytes;
    private CloseReason loss;

    /** @param room for the payload of the frame that arrives */
    FrameReader(TcpConnection connection, PayloadRoom room) {
        this.connection = connection;
        this.decoder = new FrameDecoder(this::callsPermitted, room);
    }

    private boolean callsPermitted() {
        return connection.isActive();
    }

    /** Begins to read. */
    void start() {
        started = true;
        readingChanged();
    }

    /** Reads, or stops to, as the connection's state permits now. */
    void readingChanged() {
        if (!discarding && context != null) {
            drain();
            if (!discarding) {
                context.channel().config().setAutoRead(started && connection.mayRead());
            }
        }
    }

    /** Throws away what is there and what comes, but goes on to read: the end can be seen in no other way. */
    void discard() {
        discarding = true;
        view = null;
        decoder.release();
        ByteBuf buffer;
        while ((buffer = held.poll()) != null) {
            buffer.release();
        }
        if (context != null) {
            context.channel().config().setAutoRead(true);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        // A closed channel drops its handlers. What came before the end may not have been heard yet: a connection that
        // was told why and closed before its session layer started it would otherwise never hear either.
        if (!ended) {
            discard();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (discarding || !(message instanceof ByteBuf buffer)) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (!buffer.isReadable()) {
            buffer.release();
            return;
        }
        decryptedBytes += buffer.readableBytes();
        held.add(buffer);
        if (connection.arrived(decryptedBytes)) {
            drain();
        }
    }

    private void drain() {
        if (draining || !started) {
            return;
        }
        draining = true;
        try {
            while (!discarding && connection.mayRead() && !held.isEmpty()) {
                if (view == null) {
                    view = held.peek().nioBuffer();
                }
                Frame frame = decoder.decode(view);
                if (decoder.lacksRoom()) {
                    connection.noRoom();
                } else if (frame == null) {
                    view = null;
                    held.poll().release();
                } else {
                    connection.onFrame(frame);
                }
            }
        } catch (WireException violation) {
            connection.violation(violation);
        } finally {
            draining = false;
        }
        if (ended && held.isEmpty() && !discarding) {
            end();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        connection.writer().write();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended = true;
        // What came before the end is heard first: a verdict that says why is often followed by the end at once.
        if (held.isEmpty() && !draining && !discarding) {
            end();
        }
    }

    private void end() {
        // A peer of ours that is killed resets its connections anywhere: that is a loss. Who stops in the middle of a
        // frame before the handshake is done has sent a broken one, however the connection ended.
        if (loss == null || !connection.isActive()) {
            try {
                decoder.end();
            } catch (WireException truncated) {
                connection.violation(truncated);
                return;
            }
        }
        if (loss == null) {
            loss = CloseReason.of(CloseReason.Kind.LOST, "the other side closed without a goodbye");
        }
        connection.lost(loss);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!discarding) {
            if (loss == null) {
                loss = TlsFailures.ofLoss(cause, connection.requiresPostQuantum());
            }
            // TLS closes after its own errors; after any other nothing that follows could be trusted either.
            ctx.close();
        }
    }
}
