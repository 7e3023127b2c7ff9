package io.quorate.registry.protocol;

import io.quorate.api.AccessDeniedException;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.NodeId;
import io.quorate.api.NotLeaderException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.UnavailableException;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.wire.RpcError;
import java.time.Duration;
import java.util.Optional;

/** Translates failures between what applications see and what goes over the wire; the two directions are inverse. */
public final class Failures {

    /** The hint when to try again if an overloaded side's own hint cannot be read, in milliseconds. */
    private static final long DEFAULT_RETRY_MILLIS = 100;

    private Failures() {
    }

    /** A failure as the error that tells a remote caller of it. */
    public static RpcError toError(ControlPlaneException failure) {
        String message = failure.getMessage();
        return switch (failure) {
            case NotLeaderException e ->
                new RpcError(RpcError.Code.NOT_LEADER, message, e.leader().map(NodeId::value).orElse(""));
            case OverloadedException e ->
                new RpcError(RpcError.Code.OVERLOADED, message, Long.toString(e.retryAfter().toMillis()));
            case UnavailableException e -> RpcError.of(RpcError.Code.UNAVAILABLE, message);
            case OutcomeUnknownException e -> RpcError.of(RpcError.Code.OUTCOME_UNKNOWN, message);
            case CommandRejectedException e -> RpcError.of(RpcError.Code.REJECTED, message);
            case AccessDeniedException e -> RpcError.of(RpcError.Code.DENIED, message);
        };
    }

    /**
     * A failed call as its caller's failure.
     *
     * @param where who was called, for the message
     * @param readOnly whether the call could change nothing, so that an unknown outcome is no concern
     */
    public static ControlPlaneException ofCall(String where, CallFailure failure, boolean readOnly) {
        Optional<RpcError> error = failure.error();
        if (failure.kind() == CallFailure.Kind.REMOTE && error.isPresent()) {
            return ofError(where, error.get(), readOnly);
        }
        String message = where + ": " + failure;
        return failure.maybeExecuted() && !readOnly
            ? new OutcomeUnknownException(message) : new UnavailableException(message);
    }

    private static ControlPlaneException ofError(String where, RpcError error, boolean readOnly) {
        String message = where + ": " + error.message();
        return switch (error.code()) {
            case DENIED -> new AccessDeniedException(message);
            case OVERLOADED -> new OverloadedException(message, Duration.ofMillis(retryMillis(error.detail())));
            case NOT_LEADER -> new NotLeaderException(message, leader(error).orElse(null));
            case UNAVAILABLE -> new UnavailableException(message);
            case MALFORMED, REJECTED -> new CommandRejectedException(message);
            case OUTCOME_UNKNOWN, INTERNAL ->
                readOnly ? new UnavailableException(message) : new OutcomeUnknownException(message);
        };
    }

    /** The leader that a NOT_LEADER error names, if it names one. */
    public static Optional<NodeId> leader(RpcError error) {
        if (error.code() != RpcError.Code.NOT_LEADER || error.detail().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new NodeId(error.detail()));
        } catch (IllegalArgumentException notAName) {
            // A hint from the other side; without it the leader is found by asking.
            return Optional.empty();
        }
    }

    private static long retryMillis(String detail) {
        try {
            return Math.clamp(Long.parseLong(detail), 1, ProtocolLimits.MAX_WAIT_MILLIS);
        } catch (NumberFormatException notANumber) {
            return DEFAULT_RETRY_MILLIS;
        }
    }
}
