package io.quorate.transport.tcp;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.transport.support.TlsFailure;
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
    /** BoringSSL's, and the platform's as a server and as a client. */
    private static final Pattern NO_SHARED_GROUP = Pattern.compile(
        "NO_SHARED_GROUP|WRONG_CURVE|No (?:common|available) named group|Unexpected key_share extension");

    private TlsFailures() {
    }

    /**
     * Why TLS did not come about.
     *
     * @param postQuantumRequired whether this side offered the post-quantum key exchange alone
     */
    static TlsFailure ofHandshake(Throwable cause, TlsGate gate, boolean postQuantumRequired) {
        Optional<CertificateRefusedException> refused =
            gate.judgement().refusal().or(() -> Causes.find(cause, CertificateRefusedException.class));
        if (refused.isPresent()) {
            return TlsFailure.refused(refused.get());
        }
        if (gate.isOverLimit()) {
            return new TlsFailure(RefusalReason.PREAUTH_LIMIT, "found more than " + TcpLimits.MAX_TLS_HANDSHAKE_BYTES
                + " bytes before TLS was done, expected a handshake of a few thousand");
        }
        FirstBytes first = gate.firstBytes();
        if (Causes.find(cause, NotSslRecordException.class).isPresent() || !first.looksLikeTls()) {
            return new TlsFailure(RefusalReason.TLS_NOT_SPOKEN, "found " + first.description() + ", expected TLS 1.3");
        }
        if (Causes.find(cause, SslHandshakeTimeoutException.class).isPresent()) {
            return new TlsFailure(RefusalReason.HANDSHAKE_TIMEOUT, "found " + (first.size() == 0 ? "no byte"
                : "only a part of the TLS handshake") + " in time, expected TLS to be done: " + Causes.root(cause));
        }
        return ofText(cause, postQuantumRequired);
    }

    private static TlsFailure ofText(Throwable cause, boolean postQuantumRequired) {
        String text = Causes.text(cause);
        Optional<String> alert = alert(text);
        if (alert.isPresent()) {
            return TlsFailure.ofAlert(alert.get(), TlsContexts.ALPN, postQuantumRequired);
        }
        if (NO_SHARED_GROUP.matcher(text).find()) {
            return TlsFailure.noSharedKeyExchange(postQuantumRequired);
        }
        if (text.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") || text.contains("Empty client certificate chain")
            || text.contains("(certificate_required)")) {
            return TlsFailure.noCertificate();
        }
        if (text.contains("UNSUPPORTED_PROTOCOL") || text.contains("WRONG_VERSION_NUMBER")
            || text.contains("(protocol_version)")) {
            return TlsFailure.version("TLS 1.2 or older");
        }
        if (text.contains("(no_application_protocol)") || text.contains("NO_APPLICATION_PROTOCOL")) {
            return TlsFailure.alpn(null, TlsContexts.ALPN);
        }
        if (Causes.find(cause, SSLException.class).isPresent()
            && Causes.find(cause, ClosedChannelException.class).isEmpty()) {
            return new TlsFailure(RefusalReason.TLS_FAILED, Causes.root(cause));
        }
        if (Causes.find(cause, ClosedChannelException.class).isPresent()) {
            return new TlsFailure(RefusalReason.CONNECTION_LOST, "the other side closed before TLS was done");
        }
        if (Causes.find(cause, IOException.class).isPresent()) {
            return new TlsFailure(RefusalReason.CONNECTION_LOST, "lost before TLS was done: " + Causes.root(cause));
        }
        return new TlsFailure(RefusalReason.TLS_FAILED, Causes.root(cause));
    }

    /**
     * Why a secured connection was lost. In TLS 1.3 a dialer is done before the other side has seen its certificate
     * (RFC 8446 §4.4.2.4), so that the refusal of that arrives here.
     */
    static CloseReason ofLoss(Throwable cause, boolean postQuantumRequired) {
        Optional<String> alert = alert(Causes.text(cause));
        if (alert.isPresent()) {
            return TlsFailure.ofAlert(alert.get(), TlsContexts.ALPN, postQuantumRequired).asLoss();
        }
        return CloseReason.of(CloseReason.Kind.LOST, Causes.root(cause));
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
