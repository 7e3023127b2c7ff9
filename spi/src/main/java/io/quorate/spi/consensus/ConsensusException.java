package io.quorate.spi.consensus;

/** The consensus could not start. The message names what was found, what was expected, and the remedy. */
public final class ConsensusException extends Exception {

    private static final long serialVersionUID = 1L;

    public ConsensusException(String message) {
        super(message);
    }

    public ConsensusException(String message, Throwable cause) {
        super(message, cause);
    }
}
