package io.quorate.api;

/**
 * The state machine refused the command or query. The state is unchanged; the same request would be refused again.
 */
public final class CommandRejectedException extends ControlPlaneException {

    private static final long serialVersionUID = 1L;

    public CommandRejectedException(String message) {
        super(message);
    }
}
