package io.quorate.client;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.CallFailure;
import java.util.concurrent.CompletableFuture;

/**
 * An operation that has not ended: the caller's future and what the loop must know of it, in one object. A caller that
 * cancels it takes it back only if it has not been sent yet.
 *
 * <p>Fields that are not final belong to whoever holds the operation: the thread that makes it, then {@link Handover},
 * then the loop.
 */
abstract sealed class Pending<R> extends CompletableFuture<R> permits PendingCommand, PendingQuery, DirectCall {

    /** What counts against {@link Capacity}. */
    final int bytes;

    /** For {@link Handover} alone. */
    Pending<?> next;

    long startNanos;
    long deadlineNanos;

    /** How and where the last attempt failed, if one has. */
    CallFailure lastFailure;
    NodeId lastNode;

    Pending(int bytes) {
        this.bytes = bytes;
    }

    /** How long it may take from the time at which the loop takes it over. */
    long limitNanos(long operationTimeoutNanos) {
        return operationTimeoutNanos;
    }

    /** Dependents must get plain futures: one of this kind would be an operation that nobody carries out. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }
}
