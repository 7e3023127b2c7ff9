package io.quorate.transport.quic;

import io.quorate.spi.transport.ConnectionSink;
import io.quorate.spi.transport.support.LiveSet;
import io.quorate.spi.transport.support.ReassemblyBudget;
import java.util.function.Consumer;

/**
 * What every connection of one transport has around it.
 *
 * @param sink where connections and failures arrive
 * @param counters counts events by name
 * @param reassembly room for frames that have arrived in part
 */
record Surroundings(
    ConnectionSink sink, Consumer<String> counters, QuicLimits limits, TlsContexts tls, Sockets sockets, LiveSet live,
    ReassemblyBudget reassembly) {

    /** Whether a connection with another key exchange than the post-quantum one is refused. */
    boolean requirePostQuantum() {
        return tls.requirePostQuantum();
    }
}
