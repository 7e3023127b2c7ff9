package io.quorate.api;

/** The caller's verified identity does not permit the operation. Nothing happened. */
public final class AccessDeniedException extends ControlPlaneException {

    private static final long serialVersionUID = 1L;

    public AccessDeniedException(String message) {
        super(message);
    }
}
