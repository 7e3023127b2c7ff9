package io.quorate.transport.quic;

import io.quorate.spi.transport.support.Settings;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The transport's own settings.
 *
 * @param io which way to the sockets: {@code io}, one of auto, epoll, nio
 * @param ioThreads how many threads serve all sockets: {@code io-threads}, 1 to 64
 * @param udpPayloadBytes how large a dialer lets the datagrams of its connections become, in both directions: {@code
 *     udp-payload-bytes}, auto or 1200 to 16000; empty for auto, which goes by the dialed address
 */
record QuicSettings(IoModel.Choice io, int ioThreads, OptionalInt udpPayloadBytes) {

    private static final String IO = "io";
    private static final String IO_THREADS = "io-threads";
    private static final String UDP_PAYLOAD_BYTES = "udp-payload-bytes";
    private static final List<String> KNOWN = List.of(IO, IO_THREADS, UDP_PAYLOAD_BYTES);
    private static final String AUTO = "auto";

    private static final int MAX_IO_THREADS = 64;

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException if one is unknown or has a value that it cannot have
     */
    static QuicSettings of(Map<String, String> settings) {
        Settings read = Settings.of(QuicTransportProvider.SCHEME, settings, KNOWN);
        return new QuicSettings(read.choice(IoModel.Choice.class, IO, IoModel.Choice.AUTO),
            read.number(IO_THREADS, defaultIoThreads(), 1, MAX_IO_THREADS),
            AUTO.equals(settings.getOrDefault(UDP_PAYLOAD_BYTES, AUTO)) ? OptionalInt.empty()
                : OptionalInt.of(read.number(UDP_PAYLOAD_BYTES, 0, QuicLimits.LEAST_UDP_PAYLOAD_BYTES,
                    QuicLimits.MAX_UDP_PAYLOAD_BYTES)));
    }

    /**
     * Two threads saturate what a node's one loop can take; on two cores or fewer the second would only be in its way.
     */
    private static int defaultIoThreads() {
        return Runtime.getRuntime().availableProcessors() > 2 ? 2 : 1;
    }
}
