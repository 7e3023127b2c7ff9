package io.quorate.transport.tcp;

import io.quorate.spi.transport.RefusalReason;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts accepted connections: those that are not active yet, overall and by source, and all of them. Whoever finds no
 * room is refused before any work is done for him.
 *
 * <p>Thread-safe.
 */
final class Admission {

    private final TcpLimits limits;
    private final Map<String, Integer> pendingBySource = new HashMap<>();
    private int pending;
    private int accepted;

    Admission(TcpLimits limits) {
        this.limits = limits;
    }

    /** Room for a connection from {@code source}, or why there is none. */
    synchronized Outcome admit(String source) {
        if (accepted >= limits.maxAccepted()) {
            return full(RefusalReason.TOO_MANY_CONNECTIONS, accepted, "accepted connections", limits.maxAccepted());
        }
        if (pending >= limits.maxPending()) {
            return full(RefusalReason.TOO_MANY_HANDSHAKES, pending, "handshakes under way", limits.maxPending());
        }
        int fromSource = pendingBySource.getOrDefault(source, 0);
        if (fromSource >= limits.maxPendingPerSource()) {
            return full(RefusalReason.TOO_MANY_HANDSHAKES_FROM_SOURCE, fromSource,
                "handshakes under way from " + source, limits.maxPendingPerSource());
        }
        accepted++;
        pending++;
        pendingBySource.merge(source, 1, Integer::sum);
        return new Place(this, source);
    }

    synchronized int pending() {
        return pending;
    }

    synchronized int accepted() {
        return accepted;
    }

    private static Full full(RefusalReason reason, int found, String what, int most) {
        return new Full(reason, "found " + found + " " + what + ", expected fewer than " + most + " before one more");
    }

    private void noLongerPending(String source) {
        pending--;
        pendingBySource.computeIfPresent(source, (same, count) -> count == 1 ? null : count - 1);
    }

    /** The answer. */
    sealed interface Outcome permits Place, Full {
    }

    /** No room. */
    record Full(RefusalReason reason, String detail) implements Outcome {
    }

    /** Room for one connection, until it is gone. */
    static final class Place implements Outcome {
        private final Admission admission;
        private final String source;
        private boolean isPending = true;
        private boolean isHeld = true;

        private Place(Admission admission, String source) {
            this.admission = admission;
            this.source = source;
        }

        /** The connection is active, and pending no more. Idempotent. */
        void activated() {
            synchronized (admission) {
                if (isPending) {
                    isPending = false;
                    admission.noLongerPending(source);
                }
            }
        }

        /** The connection is gone. Idempotent. */
        void gone() {
            synchronized (admission) {
                activated();
                if (isHeld) {
                    isHeld = false;
                    admission.accepted--;
                }
            }
        }
    }
}
