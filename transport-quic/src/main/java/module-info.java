/** QUIC over Netty. */
module io.quorate.transport.quic {
    requires io.quorate.spi;
    requires io.netty.buffer;
    requires io.netty.codec.classes.quic;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires org.slf4j;

    provides io.quorate.spi.transport.TransportProvider with io.quorate.transport.quic.QuicTransportProvider;
}
