package io.quorate.spi.transport;

import io.quorate.spi.QuorateProvider;

/** Provides a transport. Several may be present, one for each scheme. */
public interface TransportProvider extends QuorateProvider {

    /** The scheme of the endpoints that it serves, such as {@code tcp}. */
    String scheme();

    /** Creates a transport; binds and starts nothing. */
    Transport create(TransportContext context);
}
