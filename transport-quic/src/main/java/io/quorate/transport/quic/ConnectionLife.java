package io.quorate.transport.quic;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Where a connection is in its life, and how many calls it may still open.
 *
 * <pre>
 * from         by                                             to
 * HANDSHAKING  activate: the session layer has admitted it    ACTIVE
 * HANDSHAKING  poison: a violation of the connection, a       POISONED
 * ACTIVE       limit, a goodbye, a lost path, or close
 * POISONED     gone: the handlers have been told              CLOSED
 * </pre>
 *
 * <p>Calls do not show here: nothing that happens to one changes the connection's life.
 *
 * <p>Capacity is counted by two numbers that only grow, so that of two callers at the same time each takes a different
 * stream or none: what the other side has permitted so far, and what was taken so far. Thread-safe.
 */
final class ConnectionLife {

    enum Phase { HANDSHAKING, ACTIVE, POISONED, CLOSED }

    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.HANDSHAKING);
    private final AtomicLong taken = new AtomicLong();
    private volatile long permitted;
    private volatile boolean retired;

    /** Whether the connection has just become active. */
    boolean activate() {
        return phase.compareAndSet(Phase.HANDSHAKING, Phase.ACTIVE);
    }

    /** Whether the caller has ended the connection's use, and must close it; it may have ended before. */
    boolean poison() {
        Phase before = phase.getAndUpdate(now -> now == Phase.CLOSED ? now : Phase.POISONED);
        return before == Phase.HANDSHAKING || before == Phase.ACTIVE;
    }

    void gone() {
        phase.set(Phase.CLOSED);
    }

    Phase phase() {
        return phase.get();
    }

    boolean isActive() {
        return phase.get() == Phase.ACTIVE;
    }

    /** No more calls are opened; those that there are go on. */
    void retire() {
        retired = true;
    }

    boolean isRetired() {
        return retired;
    }

    /** How many calls could be opened now. */
    int capacity() {
        return isActive() && !retired ? Math.clamp(permitted - taken.get(), 0, Integer.MAX_VALUE) : 0;
    }

    /** Takes one, if there is one. */
    boolean take() {
        while (true) {
            long before = taken.get();
            if (!isActive() || retired || permitted - before <= 0) {
                return false;
            }
            if (taken.compareAndSet(before, before + 1)) {
                return true;
            }
        }
    }

    /**
     * The other side permits so many calls in all, those that have ended included. On one thread.
     *
     * @return whether somebody may have found no capacity before, and there is some now
     */
    boolean permit(long total) {
        long before = permitted;
        if (total > before) {
            permitted = total;
        }
        // Compared behind the writing. One that takes the last stream between a comparison and the writing, and another
        // that then finds none, would both be overlooked, and the second wait for a word that never comes. Whoever has
        // found none has read the old number, when as many were taken: that shows here.
        return before - taken.get() <= 0 && capacity() > 0;
    }
}
