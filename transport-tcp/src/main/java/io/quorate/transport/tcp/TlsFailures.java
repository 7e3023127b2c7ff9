package io.quorate.transport.tcp;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RefusalReason;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** Names what went wrong in TLS, out of what two libraries throw. */
final class TlsFailures {

    /**
     * The platform's: "(bad_certificate) Received fatal alert: bad_certificate". BoringSSL's: "…:SSLV3_ALERT_BAD_…".
     */
    private static final Pattern JDK_ALERT = Pattern.compile("Received fatal alert: ([a-z_]+)");
    private static final Pattern OPENSSL_ALERT = Pattern.compile("(?:SSLV3|TLSV1)_ALERT_([A-Z_]+)");
    private static final String PROTOCOL_VERSION = "protocol_version";
    private static final String NO_APPLICATION_PROTOCOL = "no_application_protocol";

    private TlsFailures() {
    }

    /**
     * Why a connection never became secure.
     *
     * @param reason one of the closed list
     * @param detail what was found and expected
     */
    record Failure(RefusalReason reason, String detail) {
    }

    /** Why TLS did not come about. */
    static Failure ofHandshake(Throwable cause, TlsGate gate) {
        Optional<CertificateRefusedException> refused =
            gate.refusal().or(() -> Causes.find(cause, CertificateRefusedException.class));
        if (refused.isPresent()) {
            return new Failure(refused.get().reason(), Causes.plain(String.valueOf(refused.get().getMessage())));
        }
        if (gate.isOverLimit()) {
            return new Failure(RefusalReason.PREAUTH_LIMIT, "found more than " + TcpLimits.MAX_TLS_HANDSHAKE_BYTES
                + " bytes before TLS was done, expected a handshake of a few thousand");
        }
        FirstBytes first = gate.firstBytes();
        if (Causes.find(cause, NotSslRecordException.class).isPresent() || !first.looksLikeTls()) {
            return new Failure(RefusalReason.TLS_NOT_SPOKEN, "found " + first.description() + ", expected TLS 1.3");
        }
        if (Causes.find(cause, SslHandshakeTimeoutException.class).isPresent()) {
            return new Failure(RefusalReason.HANDSHAKE_TIMEOUT, "found " + (first.size() == 0 ? "no byte"
                : "only a part of the TLS handshake") + " in time, expected TLS to be done: " + Causes.root(cause));
        }
        return ofText(cause);
    }

    private static Failure ofText(Throwable cause) {
        String text = Causes.text(cause);
        Optional<String> alert = alert(text);
        if (alert.isPresent()) {
            return ofAlert(alert.get());
        }
        if (text.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") || text.contains("Empty client certificate chain")
            || text.contains("(certificate_required)")) {
            return new Failure(RefusalReason.NO_CERTIFICATE, "found no certificate, expected one: TLS is mutual here");
        }
        if (text.contains("UNSUPPORTED_PROTOCOL") || text.contains("WRONG_VERSION_NUMBER")
            || text.contains("(protocol_version)")) {
            return new Failure(RefusalReason.TLS_VERSION, "found TLS 1.2 or older, expected TLS 1.3");
        }
        if (text.contains("(no_application_protocol)") || text.contains("NO_APPLICATION_PROTOCOL")) {
            return alpn(null);
        }
        if (Causes.find(cause, SSLException.class).isPresent()
            && Causes.find(cause, ClosedChannelException.class).isEmpty()) {
            return new Failure(RefusalReason.TLS_FAILED, Causes.root(cause));
        }
        if (Causes.find(cause, ClosedChannelException.class).isPresent()) {
            return new Failure(RefusalReason.CONNECTION_LOST, "the other side closed before TLS was done");
        }
        if (Causes.find(cause, IOException.class).isPresent()) {
            return new Failure(RefusalReason.CONNECTION_LOST, "lost before TLS was done: " + Causes.root(cause));
        }
        return new Failure(RefusalReason.TLS_FAILED, Causes.root(cause));
    }

    /** No agreement on the protocol inside TLS. */
    static Failure alpn(String found) {
        return new Failure(RefusalReason.TLS_ALPN, "found " + (found == null ? "no agreement" : "\"" + found + "\"")
            + " on the protocol inside TLS (ALPN), expected \"" + TlsContexts.ALPN + "\"");
    }

    /**
     * Why a secured connection was lost. In TLS 1.3 a dialer is done before the other side has seen its certificate
     * (RFC 8446 §4.4.2.4), so that the refusal of that arrives here.
     */
    static CloseReason ofLoss(Throwable cause) {
        Optional<String> alert = alert(Causes.text(cause));
        if (alert.isPresent()) {
            Failure failure = ofAlert(alert.get());
            return CloseReason.of(CloseReason.Kind.LOST, failure.reason().label() + ": " + failure.detail());
        }
        return CloseReason.of(CloseReason.Kind.LOST, Causes.root(cause));
    }

    private static Failure ofAlert(String alert) {
        return switch (alert) {
            case PROTOCOL_VERSION -> new Failure(RefusalReason.TLS_VERSION,
                "the other side refused TLS 1.3 with the alert " + alert);
            case NO_APPLICATION_PROTOCOL -> new Failure(RefusalReason.TLS_ALPN, "the other side refused \""
                + TlsContexts.ALPN + "\" as the protocol inside TLS with the alert " + alert);
            default -> new Failure(RefusalReason.TLS_ALERT_RECEIVED, "the other side refused "
                + (alert.contains("certificate") || alert.equals("unknown_ca") ? "this side's certificate" : "TLS")
                + " with the alert " + alert);
        };
    }

    private static Optional<String> alert(String text) {
        Matcher jdk = JDK_ALERT.matcher(text);
        if (jdk.find()) {
            return Optional.of(jdk.group(1));
        }
        Matcher openSsl = OPENSSL_ALERT.matcher(text);
        return openSsl.find() ? Optional.of(openSsl.group(1).toLowerCase(Locale.ROOT)) : Optional.empty();
    }
}
