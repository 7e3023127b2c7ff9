package io.quorate.api;

import java.util.Optional;

/**
 * There is no leader, no quorum or no connection at present. Nothing happened; it is safe to try again.
 */
public final class UnavailableException extends ControlPlaneException {

    private static final long serialVersionUID = 1L;

    private final String reason;

    public UnavailableException(String message) {
        super(message);
        this.reason = null;
    }

    /**
     * @param reason why a node and this side refuse each other, by its name in logs and counters, such as {@code
     *     wrong-cluster}
     */
    public UnavailableException(String message, Optional<String> reason) {
        super(message);
        this.reason = reason.orElse(null);
    }

    public UnavailableException(String message, Throwable cause) {
        super(message, cause);
        this.reason = null;
    }

    /**
     * Why a node and this side refuse each other, if that is why and waiting will not mend it: a wrong certificate,
     * another cluster. Somebody has to act before trying again can help. Names are those of logs and counters.
     */
    public Optional<String> reason() {
        return Optional.ofNullable(reason);
    }
}
