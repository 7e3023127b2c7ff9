package io.quorate.transport.tcp;

import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportProvider;

/** Provides connections over TCP, secured by TLS 1.3. */
public final class TcpTransportProvider implements TransportProvider {

    static final String SCHEME = "tcp";

    @Override
    public String name() {
        return SCHEME;
    }

    @Override
    public int spiVersion() {
        return SPI_VERSION;
    }

    @Override
    public String scheme() {
        return SCHEME;
    }

    @Override
    public Transport create(TransportContext context) {
        return new TcpTransport(context, TcpSettings.of(context.settings()), TcpLimits.standard());
    }
}
