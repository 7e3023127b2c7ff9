package io.quorate.api;

/**
 * There is no leader, no quorum or no connection at present. Nothing happened; it is safe to try again.
 */
public final class UnavailableException extends ControlPlaneException {

    private static final long serialVersionUID = 1L;

    public UnavailableException(String message) {
        super(message);
    }

    public UnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
