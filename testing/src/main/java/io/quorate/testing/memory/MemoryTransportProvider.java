package io.quorate.testing.memory;

import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportProvider;

/**
 * A host of a {@link MemoryNetwork} as a plugin: what it creates are that host's transports.
 *
 * @param network where the host is
 * @param host its name there
 */
public record MemoryTransportProvider(MemoryNetwork network, String host) implements TransportProvider {

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public String scheme() {
        return network.scheme();
    }

    @Override
    public Transport create(TransportContext context) {
        return network.transport(host, context);
    }
}
