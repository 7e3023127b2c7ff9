package io.quorate.spi.identity;

/** This side's own identity cannot be used. The message names what was found, what was expected, and the remedy. */
public final class IdentityException extends Exception {

    private static final long serialVersionUID = 1L;

    public IdentityException(String message) {
        super(message);
    }

    public IdentityException(String message, Throwable cause) {
        super(message, cause);
    }
}
