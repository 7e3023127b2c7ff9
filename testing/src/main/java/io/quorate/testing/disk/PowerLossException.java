package io.quorate.testing.disk;

/** The simulated machine has lost its power in the middle of an operation. */
public final class PowerLossException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    PowerLossException(String message) {
        super(message);
    }
}
