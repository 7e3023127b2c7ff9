package io.quorate.transport.quic;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.support.Causes;

/**
 * The way to the sockets: Linux's epoll through a native library, or the platform's selectors.
 *
 * @param label its name
 * @param why why this one
 */
record IoModel(String label, String why, IoHandlerFactory handlers, Class<? extends DatagramChannel> socket) {

    /** What configuration may ask for. */
    enum Choice { AUTO, EPOLL, NIO }

    /** @throws TransportException if epoll was asked for and is not there */
    static IoModel of(Choice choice) throws TransportException {
        if (choice == Choice.NIO) {
            return nio("asked for");
        }
        if (Epoll.isAvailable()) {
            return new IoModel("epoll", choice == Choice.EPOLL ? "asked for" : "its native library loads",
                EpollIoHandler.newFactory(), EpollDatagramChannel.class);
        }
        String missing = "epoll's native library does not load: " + Causes.root(Epoll.unavailabilityCause());
        if (choice == Choice.EPOLL) {
            throw new TransportException("found io = epoll, but " + missing + "; expected Linux on x86_64 or aarch64 "
                + "with netty-transport-native-epoll on the module path. Set io = auto to do without");
        }
        return nio(missing);
    }

    boolean isEpoll() {
        return socket == EpollDatagramChannel.class;
    }

    private static IoModel nio(String why) {
        return new IoModel("nio", why, NioIoHandler.newFactory(), NioDatagramChannel.class);
    }
}
