package io.quorate.transport.tcp;

import io.quorate.spi.transport.support.Settings;
import java.util.List;
import java.util.Map;

/**
 * The transport's own settings.
 *
 * @param tlsEngine which TLS library: {@code tls-engine}, one of auto, openssl, jdk
 * @param io which way to the sockets: {@code io}, one of auto, epoll, nio
 * @param ioThreads how many threads serve all sockets: {@code io-threads}, 1 to 64
 * @param backlog how many connections the kernel keeps for the listener until they are accepted: {@code backlog}
 */
record TcpSettings(TlsEngine.Choice tlsEngine, IoModel.Choice io, int ioThreads, int backlog) {

    private static final String TLS_ENGINE = "tls-engine";
    private static final String IO = "io";
    private static final String IO_THREADS = "io-threads";
    private static final String BACKLOG = "backlog";
    private static final List<String> KNOWN = List.of(TLS_ENGINE, IO, IO_THREADS, BACKLOG);

    private static final int MAX_IO_THREADS = 64;
    private static final int MAX_BACKLOG = 65_535;
    private static final int DEFAULT_BACKLOG = 1_024;

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException if one is unknown or has a value that it cannot have
     */
    static TcpSettings of(Map<String, String> settings) {
        Settings read = Settings.of(TcpTransportProvider.SCHEME, settings, KNOWN);
        return new TcpSettings(
            read.choice(TlsEngine.Choice.class, TLS_ENGINE, TlsEngine.Choice.AUTO),
            read.choice(IoModel.Choice.class, IO, IoModel.Choice.AUTO),
            read.number(IO_THREADS, defaultIoThreads(), 1, MAX_IO_THREADS),
            read.number(BACKLOG, DEFAULT_BACKLOG, 1, MAX_BACKLOG));
    }

    /**
     * Two threads saturate what a node's one loop can take; on two cores or fewer the second would only be in its way.
     */
    private static int defaultIoThreads() {
        return Runtime.getRuntime().availableProcessors() > 2 ? 2 : 1;
    }
}
