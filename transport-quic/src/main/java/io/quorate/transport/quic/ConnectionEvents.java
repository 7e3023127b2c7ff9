package io.quorate.transport.quic;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamLimitChangedEvent;
import io.netty.util.ReferenceCountUtil;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.support.Causes;

/** What Netty says about a secured QUIC connection, on its thread, handed to the connection. */
final class ConnectionEvents extends ChannelInboundHandlerAdapter {

    private final QuicConnection connection;
    private final Surroundings surroundings;

    ConnectionEvents(QuicConnection connection, Surroundings surroundings) {
        this.connection = connection;
        this.surroundings = surroundings;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof QuicStreamChannel stream) {
            connection.onStream(stream);
        } else {
            ReferenceCountUtil.release(message); // a QUIC datagram, which nobody has asked for
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof QuicStreamLimitChangedEvent) {
            connection.permitted();
        } else if (event instanceof QuicConnectionCloseEvent closed) {
            CloseReason reason = QuicFailures.ofClose(closed, surroundings.requirePostQuantum());
            // Behind what has arrived together with it: the goodbye, and last responses.
            connection.onLoop(() -> connection.lost(reason));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        boolean silent = ctx.channel() instanceof QuicChannel quic && quic.isTimedOut();
        connection.lost(CloseReason.of(CloseReason.Kind.LOST, silent
            ? "found no packet of the other side for " + surroundings.limits().idleMillis() + " ms"
            : "the other side closed without a goodbye"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        connection.lost(CloseReason.of(CloseReason.Kind.LOST, Causes.root(cause)));
    }
}
