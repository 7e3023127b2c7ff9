package io.quorate.transport.tcp;

import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.ReassemblyBudget;
import java.util.function.Consumer;

/**
 * What every connection of one transport has around it.
 *
 * @param sink where connections and failures arrive
 * @param counters counts events by name
 * @param requirePostQuantum whether a connection with another key exchange is refused
 * @param reassembly room for frames that have arrived in part
 * @param directBuffers whether TLS reads buffers outside the heap best
 */
record Surroundings(
    ConnectionSink sink, Consumer<String> counters, TcpLimits limits, TlsContexts tls, LiveSet live,
    ReassemblyBudget reassembly, boolean requirePostQuantum, boolean directBuffers) {
}
