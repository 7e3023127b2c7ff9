package io.quorate.transport.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import io.quorate.spi.transport.support.Judgement;

/**
 * Stands between the socket and TLS: counts what arrives, keeps the first bytes for a diagnosis, stops a handshake that
 * costs too much, and holds the verdict on the other side's certificate.
 *
 * <p>TLS runs inside this handler's {@code channelRead} (its delegated tasks too, since no other executor is given to
 * it), so the judge finds the connection that it judges in {@link #current}.
 *
 * <p>On its channel's thread alone, but for {@link #bytesRead}.
 */
final class TlsGate extends ChannelInboundHandlerAdapter {

    private static final FastThreadLocal<TlsGate> CURRENT = new FastThreadLocal<>();

    private final byte[] first = new byte[FirstBytes.MOST];
    private int firstSize;
    private volatile long bytesRead;
    private boolean open;
    private boolean overLimit;
    private final Judgement judgement = new Judgement();
    private ChannelHandlerContext context;

    /** The gate whose bytes this thread is feeding to TLS, or null. */
    static TlsGate current() {
        return CURRENT.get();
    }

    /** What was found about the other side's certificate. */
    Judgement judgement() {
        return judgement;
    }

    /** Whether the other side sent more than a TLS handshake can need. */
    boolean isOverLimit() {
        return overLimit;
    }

    FirstBytes firstBytes() {
        return new FirstBytes(first.clone(), firstSize);
    }

    /** TLS is done: from here on the connection's own limits hold. */
    void open() {
        open = true;
    }

    /** Bytes that have arrived from the socket. From any thread. */
    long bytesRead() {
        return bytesRead;
    }

    /** Closes the socket without TLS's farewell, for when that could not be written anyway. */
    void cut() {
        if (context != null) {
            context.close();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
            return;
        }
        int size = bytes.readableBytes();
        bytesRead = bytesRead + size; // this thread alone writes it
        if (firstSize < first.length) {
            int take = Math.min(size, first.length - firstSize);
            bytes.getBytes(bytes.readerIndex(), first, firstSize, take);
            firstSize += take;
        }
        if (!open && bytesRead > TcpLimits.MAX_TLS_HANDSHAKE_BYTES) {
            overLimit = true;
            bytes.release();
            ctx.close();
            return;
        }
        TlsGate outer = CURRENT.get();
        CURRENT.set(this);
        try {
            ctx.fireChannelRead(bytes);
        } finally {
            if (outer == null) {
                CURRENT.remove();
            } else {
                CURRENT.set(outer);
            }
        }
    }
}
