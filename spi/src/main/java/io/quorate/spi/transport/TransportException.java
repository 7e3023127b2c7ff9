package io.quorate.spi.transport;

/** A transport could not start. The message names what was found, what was expected, and the remedy. */
public final class TransportException extends Exception {

    private static final long serialVersionUID = 1L;

    public TransportException(String message) {
        super(message);
    }

    public TransportException(String message, Throwable cause) {
        super(message, cause);
    }
}
