package io.quorate.transport.tcp;

import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.support.LiveSet;
import java.util.function.Consumer;

/**
 * What every connection of one transport has around it.
 *
 * @param sink where connections and failures arrive
 * @param counters counts events by name
 * @param requirePostQuantum whether a connection with another key exchange is refused
 * @param directBuffers whether TLS reads buffers outside the heap best
 */
record Surroundings(
    ConnectionSink sink, Consumer<String> counters, TcpLimits limits, TlsContexts tls, LiveSet live,
    boolean requirePostQuantum, boolean directBuffers) {
}
