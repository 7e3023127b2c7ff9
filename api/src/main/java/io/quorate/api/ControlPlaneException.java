package io.quorate.api;

/**
 * An operation on the control plane did not succeed. The closed set of subtypes says what the caller may conclude;
 * above all, only {@link OutcomeUnknownException} leaves open whether a command took effect.
 */
public abstract sealed class ControlPlaneException extends Exception
    permits NotLeaderException, OverloadedException, UnavailableException, OutcomeUnknownException,
    CommandRejectedException, AccessDeniedException {

    private static final long serialVersionUID = 1L;

    ControlPlaneException(String message) {
        super(message);
    }

    ControlPlaneException(String message, Throwable cause) {
        super(message, cause);
    }
}
