package io.quorate.spi.transport;

import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What a host gives to a transport.
 *
 * @param credentials the credentials to use for a connection that begins now. Asked anew for every connection, since
 *     they change when a certificate is renewed; cheap, thread-safe, and answers the same object until there is a
 *     change.
 * @param listen where to accept connections; empty for a client that only dials
 * @param counters counts events by name: wire violations and whatever else the transport counts; thread-safe
 * @param requirePostQuantum whether a connection without the post-quantum key exchange
 *     ({@value Evidence#POST_QUANTUM_GROUP}) is refused, with {@link RefusalReason#KEY_EXCHANGE}. A transport whose TLS
 *     library has none must then refuse to start.
 * @param settings the transport's own settings from the configuration; an unknown one is refused by {@code create}
 *     with an
 *     {@link IllegalArgumentException} that names those that exist
 */
public record TransportContext(
    Supplier<TlsCredentials> credentials,
    Optional<Endpoint> listen,
    Consumer<String> counters,
    boolean requirePostQuantum,
    Map<String, String> settings) {

    public TransportContext {
        settings = Map.copyOf(settings);
    }
}
