package io.quorate.spi.transport;

/**
 * The one place at which all connections arrive: dialed and accepted, over every transport.
 *
 * <p>Called on transport threads; implementations enqueue and return.
 */
public interface ConnectionSink {

    /**
     * A connection has finished TLS. Nothing is read from it until {@link Connection#start}; the sink owns it from here
     * on and must start or close it.
     */
    void onConnection(Connection connection);

    /** A connection failed before it had finished TLS, or was refused by a limit. */
    void onFailure(ConnectionFailure failure);
}
