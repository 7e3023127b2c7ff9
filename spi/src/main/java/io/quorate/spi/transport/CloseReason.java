package io.quorate.spi.transport;

import io.quorate.spi.wire.WireViolation;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a connection or a stream ended.
 *
 * @param kind the kind of end
 * @param violation the violation, if the kind is VIOLATION
 * @param detail for people
 */
public record CloseReason(Kind kind, Optional<WireViolation> violation, String detail) {

    /** The closed list of ends. The number goes over the wire in a goodbye and is never reused. */
    public enum Kind {
        /** On purpose by this side, no longer needed. */
        NORMAL(1),
        /** The handshake refused, and the verdict has told why; or what was learnt since speaks against the session. */
        REFUSED(2),
        /** This node is stopping. */
        SHUTDOWN(3),
        /** A newer incarnation of the peer has replaced it. */
        SUPERSEDED(4),
        /** No sign of life in time. */
        UNRESPONSIVE(5),
        /** The wire format or the rules of an exchange were broken. */
        VIOLATION(6),
        /** A call on it was reset or ran out of time, and the connection with it (TCP). */
        CALL_RESET(7),
        /** The handshake took too long or too many bytes. */
        HANDSHAKE_LIMIT(8),
        /** The certificate with which it was made is expired, or about to be and renewed. */
        CERTIFICATE_EXPIRED(9),
        /** The other side closed without a goodbye, or the network did. */
        LOST(20),
        /** The other side said goodbye; the detail has its reason. */
        GOODBYE(21);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        public int code() {
            return code;
        }

        /** The kind with this code, or LOST for one that this build does not know. */
        public static Kind ofCode(int code) {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            return LOST;
        }
    }

    public static CloseReason of(Kind kind, String detail) {
        return new CloseReason(kind, Optional.empty(), detail);
    }

    public static CloseReason violation(WireViolation violation, String detail) {
        return new CloseReason(Kind.VIOLATION, Optional.of(violation), detail);
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-')
            + (detail.isEmpty() ? "" : ": " + detail);
    }
}
