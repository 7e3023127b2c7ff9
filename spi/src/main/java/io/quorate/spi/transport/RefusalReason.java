package io.quorate.spi.transport;

import java.util.Locale;

/**
 * The closed list of reasons for which a connection never becomes a session: at TLS, in the handshake, or in
 * between. The same reason has the same name, counter and audit line on every transport and for both origins. Codes
 * go over the wire in a verdict and are never reused.
 */
public enum RefusalReason {
    // At TLS: about the certificate.
    NO_CERTIFICATE(1),
    UNTRUSTED_AUTHORITY(2),
    CERTIFICATE_EXPIRED(3),
    CERTIFICATE_NOT_YET_VALID(4),
    WRONG_KEY_USAGE(5),
    CA_AS_LEAF(6),
    SPIFFE_ID_MISSING(7),
    SPIFFE_ID_AMBIGUOUS(8),
    SPIFFE_ID_MALFORMED(9),
    WRONG_TRUST_DOMAIN(10),
    CERTIFICATE_INVALID(11),

    // At TLS: about the protocol.
    TLS_VERSION(20),
    TLS_ALPN(21),
    TLS_NOT_SPOKEN(22),
    TLS_FAILED(23),
    /** The other side refused this side's certificate or parameters with a TLS alert. */
    TLS_ALERT_RECEIVED(24),
    /** No key exchange that both sides accept; one of them may demand the post-quantum one. */
    KEY_EXCHANGE(25),

    // In the handshake.
    PROTOCOL_VERSION(40),
    WRONG_CLUSTER(41),
    IDENTITY_MISMATCH(42),
    UNEXPECTED_NODE(43),
    CHANNEL_BINDING(44),
    MALFORMED_HELLO(45),
    STALE_INCARNATION(46),
    REMOVED_NODE(47),
    NOT_A_MEMBER(48),
    CONNECTED_TO_SELF(49),
    SHUTTING_DOWN(50),
    /** The two belong to different times of the cluster: one of them to that before it lost its quorum for ever. */
    RECOVERY_EPOCH(51),
    /** The other side is of a build without a feature that the cluster has switched on. */
    FEATURE_MISSING(52),

    // Limits.
    HANDSHAKE_TIMEOUT(60),
    TOO_MANY_HANDSHAKES(61),
    TOO_MANY_HANDSHAKES_FROM_SOURCE(62),
    TOO_MANY_CONNECTIONS(63),
    PREAUTH_LIMIT(64),
    /** A frame broke the wire format before the handshake was done; the detail names the violation. */
    WIRE_VIOLATION(65),

    // Not a refusal, but an end before there was a session.
    CONNECT_FAILED(80),
    CONNECTION_LOST(81),
    /** The other side's verdict was a refusal; the detail has its reason. */
    REFUSED_BY_PEER(82);

    private final int code;

    RefusalReason(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** The reason with this code, or null. */
    public static RefusalReason ofCode(int code) {
        for (RefusalReason reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        return null;
    }

    /** Lower case with hyphens, as in logs and listings. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** {@code handshake.refused.<label>}. */
    public String counterName() {
        return "handshake.refused." + label();
    }
}
