package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import java.net.InetSocketAddress;

/**
 * Lets datagrams of one size leave with one system call, which the kernel cuts apart (UDP_SEGMENT).
 *
 * <p>Netty has one of these too, {@code EpollQuicUtils}; on the module path it fails with an IllegalAccessError, since
 * its module names that of epoll for compilation only.
 *
 * @param maxNumSegments how many at most
 */
record Segments(int maxNumSegments) implements SegmentedDatagramPacketAllocator {

    /** Whether the kernel can do it. Netty says so in the deprecated class alone. */
    @SuppressWarnings("deprecation")
    static boolean areSupported() {
        return io.netty.channel.epoll.SegmentedDatagramPacket.isSupported();
    }

    @Override
    public DatagramPacket newPacket(ByteBuf buffer, int segmentSize, InetSocketAddress remoteAddress) {
        return new SegmentedDatagramPacket(buffer, segmentSize, remoteAddress);
    }
}
