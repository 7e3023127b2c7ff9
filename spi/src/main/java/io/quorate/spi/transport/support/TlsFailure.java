package io.quorate.spi.transport.support;

import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.RefusalReason;
import java.util.Locale;
import java.util.Map;

/**
 * Why a connection never became secure, under the same name and in the same words on every transport.
 *
 * @param reason one of the closed list
 * @param detail what was found and expected
 */
public record TlsFailure(RefusalReason reason, String detail) {

    /** The alerts of TLS 1.3 that end a handshake, by their numbers (RFC 8446 §6, §B.2). */
    private static final Map<Integer, String> ALERTS = Map.ofEntries(
        Map.entry(10, "unexpected_message"), Map.entry(20, "bad_record_mac"), Map.entry(22, "record_overflow"),
        Map.entry(40, "handshake_failure"), Map.entry(42, "bad_certificate"),
        Map.entry(43, "unsupported_certificate"), Map.entry(44, "certificate_revoked"),
        Map.entry(45, "certificate_expired"), Map.entry(46, "certificate_unknown"),
        Map.entry(47, "illegal_parameter"), Map.entry(48, "unknown_ca"), Map.entry(49, "access_denied"),
        Map.entry(50, "decode_error"), Map.entry(51, "decrypt_error"), Map.entry(70, "protocol_version"),
        Map.entry(71, "insufficient_security"), Map.entry(80, "internal_error"),
        Map.entry(86, "inappropriate_fallback"), Map.entry(90, "user_canceled"),
        Map.entry(109, "missing_extension"), Map.entry(110, "unsupported_extension"),
        Map.entry(112, "unrecognized_name"), Map.entry(113, "bad_certificate_status_response"),
        Map.entry(115, "unknown_psk_identity"), Map.entry(116, "certificate_required"),
        Map.entry(120, "no_application_protocol"));

    /** The name of the alert with this number; "alert 17" for one that has none. */
    public static String alertName(int number) {
        return ALERTS.getOrDefault(number, "alert " + number);
    }

    /** The judge's own reason. */
    public static TlsFailure refused(CertificateRefusedException refusal) {
        return new TlsFailure(refusal.reason(), Causes.plain(String.valueOf(refusal.getMessage())));
    }

    /** The other side sent none. */
    public static TlsFailure noCertificate() {
        return new TlsFailure(RefusalReason.NO_CERTIFICATE,
            "found no certificate, expected one: TLS is mutual here");
    }

    /** Nobody was asked about the certificate: a resumed session, which proves who the other side once was. */
    public static TlsFailure notJudged() {
        return new TlsFailure(RefusalReason.TLS_FAILED,
            "found a session in which no certificate was judged, expected a full handshake");
    }

    /** Another version than 1.3; {@code found} in words. */
    public static TlsFailure version(String found) {
        return new TlsFailure(RefusalReason.TLS_VERSION, "found " + found + ", expected TLS 1.3");
    }

    /** No agreement on the protocol inside TLS; {@code found} may be null. */
    public static TlsFailure alpn(String found, String expected) {
        return new TlsFailure(RefusalReason.TLS_ALPN, "found " + (found == null ? "no agreement" : "\"" + found + "\"")
            + " on the protocol inside TLS (ALPN), expected \"" + expected + "\"");
    }

    /** The other side offered no key exchange that this one takes. */
    public static TlsFailure noSharedKeyExchange(boolean postQuantumRequired) {
        return new TlsFailure(RefusalReason.KEY_EXCHANGE, "found no key exchange in common, expected "
            + (postQuantumRequired ? Evidence.POST_QUANTUM_GROUP + ", which is required here"
                : "one that both sides have"));
    }

    /** TLS came about with another key exchange than the one that is required here; {@code found} in words. */
    public static TlsFailure notPostQuantum(String found) {
        return new TlsFailure(RefusalReason.KEY_EXCHANGE, "found the key exchange " + found + ", expected "
            + Evidence.POST_QUANTUM_GROUP + ", which is required here");
    }

    /**
     * The other side ended TLS with an alert.
     *
     * @param alert its name, as {@link #alertName} gives it
     * @param alpn the protocol inside TLS that this side speaks
     * @param postQuantumRequired whether this side offered the post-quantum key exchange alone
     */
    public static TlsFailure ofAlert(String alert, String alpn, boolean postQuantumRequired) {
        String name = alert.toLowerCase(Locale.ROOT);
        return switch (name) {
            case "protocol_version" -> new TlsFailure(RefusalReason.TLS_VERSION,
                "the other side refused TLS 1.3 with the alert " + name);
            case "no_application_protocol" -> new TlsFailure(RefusalReason.TLS_ALPN, "the other side refused \""
                + alpn + "\" as the protocol inside TLS with the alert " + name);
            // RFC 8446 §4.1.1: no overlap between the parameters. Both sides have the same cipher suites here, so that
            // the key exchange is what they differ in.
            case "handshake_failure", "insufficient_security" -> noSharedKeyExchangeThere(name, postQuantumRequired);
            // What the Java platform's own engine says to an offer of groups none of which it knows.
            case "unexpected_message" -> postQuantumRequired ? noSharedKeyExchangeThere(name, true)
                : alertReceived(name);
            default -> alertReceived(name);
        };
    }

    private static TlsFailure noSharedKeyExchangeThere(String alert, boolean postQuantumRequired) {
        return new TlsFailure(RefusalReason.KEY_EXCHANGE,
            "the other side found no key exchange in common and said so with the alert " + alert + ", expected "
                + (postQuantumRequired ? "it to have " + Evidence.POST_QUANTUM_GROUP + ", which is required here"
                    : "one that both sides have; it may require " + Evidence.POST_QUANTUM_GROUP));
    }

    private static TlsFailure alertReceived(String alert) {
        return new TlsFailure(RefusalReason.TLS_ALERT_RECEIVED, "the other side refused "
            + (alert.contains("certificate") || alert.equals("unknown_ca") ? "this side's certificate" : "TLS")
            + " with the alert " + alert);
    }

    /**
     * The same as the end of a connection: in TLS 1.3 a dialer is done before the other side has seen its certificate
     * (RFC 8446 §4.4.2.4), so that the refusal of that arrives after.
     */
    public CloseReason asLoss() {
        return CloseReason.of(CloseReason.Kind.LOST, reason.label() + ": " + detail);
    }
}
