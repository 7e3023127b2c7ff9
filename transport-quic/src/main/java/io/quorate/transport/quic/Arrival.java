package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import java.util.function.Consumer;

/** Stands at the near end of a dialing socket: hears that somebody answers, or that the kernel knows of nobody. */
final class Arrival extends ChannelInboundHandlerAdapter {

    private final Consumer<ByteBuf> answered;
    private final Consumer<Throwable> refused;
    private boolean heard;

    /**
     * @param answered gets the first datagram, which stays its owner's
     * @param refused gets why there is none
     */
    Arrival(Consumer<ByteBuf> answered, Consumer<Throwable> refused) {
        this.answered = answered;
        this.refused = refused;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!heard && message instanceof DatagramPacket packet) {
            heard = true;
            answered.accept(packet.content());
        }
        ctx.fireChannelRead(message);
    }

    /** An ICMP message about the datagrams of this connected socket (RFC 1122 §4.1.3.3). */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        refused.accept(cause);
    }
}
