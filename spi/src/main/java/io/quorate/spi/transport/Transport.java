package io.quorate.spi.transport;

import java.util.Optional;

/**
 * Makes connections. It knows addresses and TLS, and neither peers nor identities nor what the frames mean.
 *
 * <p>All methods may be called from any thread and do not block, except where said.
 */
public interface Transport extends AutoCloseable {

    /** The scheme of its endpoints. */
    String scheme();

    /** Itself in words, for the log at start-up: library, TLS engine and why that one, key exchange offered. */
    String description();

    /**
     * Binds the listener, if one is configured, and begins to deliver connections to {@code sink}. Blocks until bound.
     *
     * @throws TransportException if it cannot: address in use, no such address, TLS engine missing
     */
    void start(ConnectionSink sink) throws TransportException;

    /** Where it listens, with the port that was chosen if 0 was asked for; empty if it does not listen. */
    Optional<Endpoint> listening();

    /**
     * Begins to connect to {@code target}. There is no result: the connection, or its failure, arrives at the one sink
     * like every other, and carries {@code dialId}. Exactly one of the two arrives, within
     * {@link TransportLimits#CONNECT_TIMEOUT_MILLIS} plus {@link TransportLimits#TLS_HANDSHAKE_TIMEOUT_MILLIS}.
     *
     * @param dialId the caller's own number for this attempt, 1 or more
     * @throws IllegalArgumentException if the scheme is another transport's
     */
    void dial(Endpoint target, long dialId);

    /** Closes the listener and every connection; blocks at most 5 seconds; idempotent. */
    @Override
    void close();
}
