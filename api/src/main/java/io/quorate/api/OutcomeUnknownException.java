package io.quorate.api;

/**
 * The command was handed on and its fate is not known: it may have been applied, it may be applied later, or never.
 * Trying again is safe only for commands whose repetition does no harm.
 */
public final class OutcomeUnknownException extends ControlPlaneException {

    private static final long serialVersionUID = 1L;

    public OutcomeUnknownException(String message) {
        super(message);
    }

    public OutcomeUnknownException(String message, Throwable cause) {
        super(message, cause);
    }
}
