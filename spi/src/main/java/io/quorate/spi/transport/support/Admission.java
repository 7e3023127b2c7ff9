package io.quorate.spi.transport.support;

import io.quorate.spi.transport.RefusalReason;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts accepted connections: those that are not active yet, overall and by source, and all of them. Whoever finds no
 * room is refused before any work is done for him.
 *
 * <p>Thread-safe.
 */
public final class Admission {

    private final int maxPending;
    private final int maxPendingPerSource;
    private final int maxAccepted;
    private final Map<String, Integer> pendingBySource = new HashMap<>();
    private int pending;
    private int accepted;

    /**
     * Nobody yet.
     *
     * @param maxPending accepted connections that are not active yet, such as
     *     {@link io.quorate.spi.transport.TransportLimits#MAX_PENDING_ACCEPTED}
     * @param maxPendingPerSource the same, from one source
     * @param maxAccepted accepted connections, active or not
     */
    public Admission(int maxPending, int maxPendingPerSource, int maxAccepted) {
        this.maxPending = maxPending;
        this.maxPendingPerSource = maxPendingPerSource;
        this.maxAccepted = maxAccepted;
    }

    /** Room for a connection from {@code source}, or why there is none. */
    public synchronized Outcome admit(String source) {
        if (accepted >= maxAccepted) {
            return full(RefusalReason.TOO_MANY_CONNECTIONS, accepted, "accepted connections", maxAccepted);
        }
        if (pending >= maxPending) {
            return full(RefusalReason.TOO_MANY_HANDSHAKES, pending, "handshakes under way", maxPending);
        }
        int fromSource = pendingBySource.getOrDefault(source, 0);
        if (fromSource >= maxPendingPerSource) {
            return full(RefusalReason.TOO_MANY_HANDSHAKES_FROM_SOURCE, fromSource,
                "handshakes under way from " + source, maxPendingPerSource);
        }
        accepted++;
        pending++;
        pendingBySource.merge(source, 1, Integer::sum);
        return new Place(this, source);
    }

    /** How many are not active yet. */
    public synchronized int pending() {
        return pending;
    }

    /** How many there are. */
    public synchronized int accepted() {
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
    public sealed interface Outcome permits Place, Full {
    }

    /** No room. */
    public record Full(RefusalReason reason, String detail) implements Outcome {
    }

    /** Room for one connection, until it is gone. */
    public static final class Place implements Outcome {
        private final Admission admission;
        private final String source;
        private boolean isPending = true;
        private boolean isHeld = true;

        private Place(Admission admission, String source) {
            this.admission = admission;
            this.source = source;
        }

        /** The connection is active, and pending no more. Idempotent. */
        public void activated() {
            synchronized (admission) {
                if (isPending) {
                    isPending = false;
                    admission.noLongerPending(source);
                }
            }
        }

        /** The connection is gone. Idempotent. */
        public void gone() {
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
