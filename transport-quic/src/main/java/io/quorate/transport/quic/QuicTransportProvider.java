package io.quorate.transport.quic;

import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportProvider;

/** Provides connections over QUIC, with a stream of its own for each call. */
public final class QuicTransportProvider implements TransportProvider {

    static final String SCHEME = "quic";

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
        return new QuicTransport(context, QuicSettings.of(context.settings()), QuicLimits.standard());
    }
}
