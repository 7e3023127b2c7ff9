package io.quorate.raft.log;

/** The simulated machine has lost its power in the middle of an operation. */
final class PowerLossException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    PowerLossException(String message) {
        super(message);
    }
}
