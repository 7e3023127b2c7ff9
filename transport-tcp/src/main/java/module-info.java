/** TCP and TLS 1.3 over Netty. */
module io.quorate.transport.tcp {
    requires io.quorate.spi;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.tcnative.classes.openssl;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires org.slf4j;

    provides io.quorate.spi.transport.TransportProvider with io.quorate.transport.tcp.TcpTransportProvider;
}
