package io.quorate.api;

import java.time.Duration;

/**
 * A bounded queue was full. Nothing happened; try again after {@link #retryAfter()}.
 */
public final class OverloadedException extends ControlPlaneException {

    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    public OverloadedException(String message, Duration retryAfter) {
        super(message);
        this.retryAfter = retryAfter;
    }

    /** A hint when to try again. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
