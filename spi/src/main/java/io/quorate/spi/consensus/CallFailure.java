package io.quorate.spi.consensus;

import io.quorate.spi.wire.RpcError;
import java.util.Optional;

/**
 * A call that brought no response.
 *
 * @param kind how it failed
 * @param error the other side's error, if the kind is REMOTE
 * @param detail for people
 */
public record CallFailure(Kind kind, Optional<RpcError> error, String detail) {

    /** The closed list of failures. */
    public enum Kind {
        /** There was no session, no free stream in time, or the peer is not known. The request did not leave. */
        NOT_SENT,
        /** No response in time. It may have been carried out. */
        TIMEOUT,
        /** The stream or its connection broke after the request was handed to it. It may have been carried out. */
        RESET,
        /** The other side answered with an error. */
        REMOTE
    }

    /** Whether the call may have had an effect at the other side. */
    public boolean maybeExecuted() {
        return switch (kind) {
            case NOT_SENT -> false;
            case TIMEOUT, RESET -> true;
            case REMOTE -> error.map(e -> e.code().maybeExecuted()).orElse(true);
        };
    }

    @Override
    public String toString() {
        return kind + (error.isPresent() ? " " + error.get().code() : "") + (detail.isEmpty() ? "" : ": " + detail);
    }
}
