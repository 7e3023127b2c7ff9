package io.quorate.testing.simulation;

import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.testing.memory.MemoryNetwork;

/** Provides a simulated host's transport. */
record HostTransport(MemoryNetwork network, String host) implements TransportProvider {

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
