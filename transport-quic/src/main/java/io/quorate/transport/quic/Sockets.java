package io.quorate.transport.quic;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.handler.codec.quic.FlushStrategy;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import java.util.concurrent.TimeUnit;

/**
 * How UDP sockets and QUIC are set up, for listeners and dialers alike.
 *
 * <p>A datagram that is larger than what is read for it is cut off, and QUIC then waits for the rest without end: the
 * room for each is always that of the largest that this side announces.
 */
final class Sockets {

    /** A UDP datagram over IPv4 has room for so much (64 KiB less the headers), in however many segments. */
    private static final int MAX_SEGMENTED_BYTES = 65_507;
    private static final int MAX_SEGMENTS = 40;

    private final IoModel io;
    private final QuicLimits limits;

    Sockets(IoModel io, QuicLimits limits) {
        this.io = io;
        this.limits = limits;
    }

    /** A UDP socket that takes datagrams of at most {@code payloadBytes}. */
    Bootstrap datagrams(int payloadBytes) {
        Bootstrap bootstrap = new Bootstrap().channel(io.socket())
            .option(ChannelOption.SO_RCVBUF, QuicLimits.SOCKET_BUFFER_BYTES)
            .option(ChannelOption.SO_SNDBUF, QuicLimits.SOCKET_BUFFER_BYTES);
        if (io.isEpoll()) {
            bootstrap.option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, payloadBytes);
            FixedRecvByteBufAllocator several =
                new FixedRecvByteBufAllocator(payloadBytes * QuicLimits.DATAGRAMS_PER_READ);
            // One system call takes what is there; a second one only to hear that there is no more would cost as much.
            several.maxMessagesPerRead(1);
            return bootstrap.option(ChannelOption.RECVBUF_ALLOCATOR, several);
        }
        return bootstrap.option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(payloadBytes));
    }

    /**
     * Settings of QUIC that both sides of a connection have.
     *
     * @param receiveBytes the largest datagram that is taken; announced to the other side
     * @param sendBytes the largest that is sent, as far as the other side takes it
     */
    <B extends QuicCodecBuilder<B>> B quic(B builder, int receiveBytes, int sendBytes) {
        return builder
            .maxIdleTimeout(limits.idleMillis(), TimeUnit.MILLISECONDS)
            .maxRecvUdpPayloadSize(receiveBytes)
            .maxSendUdpPayloadSize(sendBytes)
            .initialMaxData(QuicLimits.CONNECTION_WINDOW_BYTES)
            .initialMaxStreamDataBidirectionalLocal(QuicLimits.STREAM_WINDOW_BYTES)
            .initialMaxStreamDataBidirectionalRemote(QuicLimits.STREAM_WINDOW_BYTES)
            .initialMaxStreamDataUnidirectional(QuicLimits.CONTROL_WINDOW_BYTES)
            .initialMaxStreamsBidirectional(limits.maxCalls())
            .initialMaxStreamsUnidirectional(QuicLimits.MAX_CONTROL_STREAMS)
            .activeConnectionIdLimit(QuicLimits.MAX_CONNECTION_IDS)
            .activeMigration(true)
            .flushStrategy(FlushStrategy.afterNumBytes(QuicLimits.SOCKET_BUFFER_BYTES / 4));
    }

    /** Datagrams of one size that leave with one system call, where the kernel can cut them apart. */
    SegmentedDatagramPacketAllocator segments(int payloadBytes) {
        int segments = Math.min(MAX_SEGMENTS, MAX_SEGMENTED_BYTES / payloadBytes);
        return io.isEpoll() && segments > 1 && Segments.areSupported() ? new Segments(segments)
            : SegmentedDatagramPacketAllocator.NONE;
    }
}
