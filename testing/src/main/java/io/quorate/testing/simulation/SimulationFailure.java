package io.quorate.testing.simulation;

/** A run has found something wrong. The message begins with the line that reproduces it. */
public final class SimulationFailure extends AssertionError {

    private static final long serialVersionUID = 1L;

    SimulationFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
