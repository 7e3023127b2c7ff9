package io.quorate.transport.tcp;

import io.quorate.spi.transport.ConnectionState;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Where a connection is in its life, and who has leased it. The lease is the state: while a call is under way the one
 * reference holds that call's stream, so that of two callers exactly one gets it, and whoever ends the connection
 * learns in the same step which call it ends with it.
 *
 * <pre>
 * from         by                                             to
 * HANDSHAKING  activate: the session layer has admitted it    IDLE
 * IDLE         lease: a call is opened (dialed side),         LEASED(stream)
 *              or its first request arrives (accepted side)
 * LEASED(s)    release(s): both sides have sent their last    IDLE
 *              frame of s
 * HANDSHAKING  poison: a violation, a reset, a limit, a       POISONED
 * IDLE         goodbye, a lost socket, or close
 * LEASED(s)
 * POISONED     gone: the handlers have been told              CLOSED
 * </pre>
 *
 * <p>Nothing leads out of POISONED but CLOSED, and nothing out of CLOSED: a connection on which anything unexpected
 * happened is never leased again (lesson A.2: a connection that was handed on after a fault answered the next caller
 * with the rest of the last one's bytes). {@code release} names the stream that it releases, so that a late end of one
 * call cannot free the lease of the next.
 *
 * <p>Thread-safe.
 */
final class ConnectionLife {

    /** A state: one of the constants, or the stream that holds the lease. */
    sealed interface Phase permits Still, TcpStream {
    }

    private enum Still implements Phase { HANDSHAKING, IDLE, POISONED, CLOSED }

    private final AtomicReference<Phase> phase = new AtomicReference<>(Still.HANDSHAKING);

    /** Whether the connection has just become active. */
    boolean activate() {
        return phase.compareAndSet(Still.HANDSHAKING, Still.IDLE);
    }

    /** Whether {@code stream} has got the connection for itself. */
    boolean lease(TcpStream stream) {
        return phase.compareAndSet(Still.IDLE, stream);
    }

    /** Whether {@code stream} had the lease, and has given it back. */
    boolean release(TcpStream stream) {
        return phase.compareAndSet(stream, Still.IDLE);
    }

    /** Whether {@code stream} has the lease. */
    boolean leasedBy(TcpStream stream) {
        return phase.get() == stream;
    }

    /** The stream that has the lease, or null. */
    TcpStream lessee() {
        return phase.get() instanceof TcpStream stream ? stream : null;
    }

    /**
     * Ends the connection's use.
     *
     * @return empty if it had ended already; otherwise the caller is the one who has ended it and must close it,
     *     together with the lessee that the result names, if any
     */
    Optional<Ended> poison() {
        Phase before = phase.getAndUpdate(now -> now == Still.CLOSED ? now : Still.POISONED);
        if (before == Still.POISONED || before == Still.CLOSED) {
            return Optional.empty();
        }
        return Optional.of(new Ended(before instanceof TcpStream stream ? Optional.of(stream) : Optional.empty()));
    }

    /** Whether {@code stream} had the lease and the connection's use has ended with it, for {@code reset}. */
    boolean poison(TcpStream stream) {
        return phase.compareAndSet(stream, Still.POISONED);
    }

    void gone() {
        phase.set(Still.CLOSED);
    }

    ConnectionState state() {
        return switch (phase.get()) {
            case TcpStream leased -> ConnectionState.LEASED;
            case Still still -> switch (still) {
                case HANDSHAKING -> ConnectionState.HANDSHAKING;
                case IDLE -> ConnectionState.IDLE;
                case POISONED -> ConnectionState.POISONED;
                case CLOSED -> ConnectionState.CLOSED;
            };
        };
    }

    /** What ended with the connection. */
    record Ended(Optional<TcpStream> lessee) {
    }
}
