package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;

/**
 * Drops what asks for an answer and is too small for it, before QUIC on a listening socket. A client's Initial comes in
 * a datagram of 1,200 bytes or more, and a smaller one is discarded (RFC 9000 §14.1); so is a small packet of another
 * version, which would be answered with the versions that there are (§6.1). quiche leaves both to its user: a forged
 * datagram of 9 bytes would bring a Retry of 84 upon whoever it names as its sender.
 *
 * <p>On the listener's thread.
 */
final class SmallInitials extends ChannelInboundHandlerAdapter {

    private static final int LONG_HEADER = 0x80;
    private static final int TYPE_BITS = 0x30;
    private static final int TYPE_INITIAL = 0x00;
    private static final int VERSION_1 = 1;
    private static final int VERSION_AT = 1;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        if (message instanceof DatagramPacket packet && isDropped(packet.content())) {
            packet.release();
            return;
        }
        super.channelRead(context, message);
    }

    /** Whether nobody answers {@code datagram}, which begins with a packet that may ask for an answer. */
    static boolean isDropped(ByteBuf datagram) {
        int size = datagram.readableBytes();
        if (size >= QuicLimits.LEAST_UDP_PAYLOAD_BYTES) {
            return false;
        }
        int at = datagram.readerIndex();
        if (size == 0 || (datagram.getByte(at) & LONG_HEADER) == 0) {
            return false; // nothing, or of a connection that is there already
        }
        return size < VERSION_AT + Integer.BYTES || datagram.getInt(at + VERSION_AT) != VERSION_1
            || (datagram.getByte(at) & TYPE_BITS) == TYPE_INITIAL;
    }
}
