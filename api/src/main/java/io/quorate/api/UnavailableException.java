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
     * Why a node and this side refuse each other, where waiting will not mend that: a wrong certificate, another
     * cluster. Names are those of logs and counters.
     *
     * <p>Present if that is so at any one endpoint, with the reason of one of them. The others may be out of reach for
     * a while only: somebody should look, but trying again may help all the same.
     */
    public Optional<String> reason() {
        return Optional.ofNullable(reason);
    }
}
