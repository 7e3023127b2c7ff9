package io.quorate.transport.quic;

import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.support.Causes;
import io.quorate.spi.transport.support.Goodbye;
import io.quorate.spi.transport.support.Judgement;
import io.quorate.spi.transport.support.TlsFailure;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** Names what went wrong in QUIC and in its TLS, out of what the libraries throw and the other side says. */
final class QuicFailures {

    /** RFC 9000 §20.1: a TLS alert, carried in a CONNECTION_CLOSE. */
    static final int CRYPTO_ERROR = 0x100;

    /** RFC 9000 §20.1. */
    static final int CONNECTION_REFUSED = 0x2;

    static final int ALERT_NO_APPLICATION_PROTOCOL = 120;
    static final int ALERT_HANDSHAKE_FAILURE = 40;
    static final int ALERT_CERTIFICATE_UNKNOWN = 46;

    /** RFC 9000 §20.1. */
    private static final Map<Integer, String> TRANSPORT_ERRORS = Map.ofEntries(
        Map.entry(0x0, "no error"), Map.entry(0x1, "internal error"), Map.entry(0x2, "connection refused"),
        Map.entry(0x3, "flow control error"), Map.entry(0x4, "stream limit error"),
        Map.entry(0x5, "stream state error"), Map.entry(0x6, "final size error"),
        Map.entry(0x7, "frame encoding error"), Map.entry(0x8, "transport parameter error"),
        Map.entry(0x9, "connection id limit error"), Map.entry(0xa, "protocol violation"),
        Map.entry(0xb, "invalid token"), Map.entry(0xc, "application error"),
        Map.entry(0xd, "crypto buffer exceeded"), Map.entry(0xe, "key update error"),
        Map.entry(0xf, "aead limit reached"), Map.entry(0x10, "no viable path"));

    private QuicFailures() {
    }

    /** Why the handshake did not come about, by what this side's own library says. */
    static TlsFailure ofHandshake(Throwable cause, Judgement judgement, boolean postQuantumRequired) {
        Optional<CertificateRefusedException> refused =
            judgement.refusal().or(() -> Causes.find(cause, CertificateRefusedException.class));
        if (refused.isPresent()) {
            return TlsFailure.refused(refused.get());
        }
        String text = Causes.text(cause);
        if (text.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE")) {
            return TlsFailure.noCertificate();
        }
        if (text.contains("NO_SHARED_GROUP") || text.contains("WRONG_CURVE")) {
            return TlsFailure.noSharedKeyExchange(postQuantumRequired);
        }
        if (text.contains("UNSUPPORTED_PROTOCOL")) {
            return TlsFailure.version("TLS 1.2 or older");
        }
        if (text.contains("NO_APPLICATION_PROTOCOL")) {
            return TlsFailure.alpn(null, TlsContexts.ALPN);
        }
        if (text.contains("UNKNOWN_VERSION")) {
            return new TlsFailure(RefusalReason.TLS_NOT_SPOKEN,
                "found another version of QUIC, expected version 1");
        }
        if (Causes.find(cause, SSLException.class).isPresent()) {
            return new TlsFailure(RefusalReason.TLS_FAILED, Causes.root(cause));
        }
        return new TlsFailure(RefusalReason.CONNECTION_LOST, "lost before TLS was done: " + Causes.root(cause));
    }

    /** Why the handshake did not come about, by what the other side says. */
    static TlsFailure ofHandshake(QuicConnectionCloseEvent closed, boolean postQuantumRequired) {
        if (closed.isTlsError()) {
            return ofAlert(closed, postQuantumRequired);
        }
        return new TlsFailure(RefusalReason.CONNECTION_LOST,
            "the other side closed before TLS was done: " + said(closed));
    }

    /** Why a secured connection ended, by what the other side says. */
    static CloseReason ofClose(QuicConnectionCloseEvent closed, boolean postQuantumRequired) {
        if (closed.isApplicationClose()) {
            return Goodbye.read(closed.error(), words(closed));
        }
        if (closed.isTlsError()) {
            return ofAlert(closed, postQuantumRequired).asLoss();
        }
        return CloseReason.of(CloseReason.Kind.LOST, "the other side closed QUIC: " + said(closed));
    }

    /** @param code what the other side gave with the end of its call */
    static CloseReason givenUp(long code) {
        return CloseReason.of(CloseReason.Kind.CALL_RESET, "the other side gave the call up (" + label(code) + ")");
    }

    private static String label(long code) {
        for (CloseReason.Kind kind : CloseReason.Kind.values()) {
            if (kind.code() == code) {
                return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
            }
        }
        return "code " + code;
    }

    private static TlsFailure ofAlert(QuicConnectionCloseEvent closed, boolean postQuantumRequired) {
        return TlsFailure.ofAlert(TlsFailure.alertName(closed.error() - CRYPTO_ERROR), TlsContexts.ALPN,
            postQuantumRequired);
    }

    private static String said(QuicConnectionCloseEvent closed) {
        String name = closed.isApplicationClose() ? "code " + closed.error()
            : TRANSPORT_ERRORS.getOrDefault(closed.error(), "error " + closed.error());
        String words = Causes.plain(words(closed));
        return words.isEmpty() ? name : name + " (" + words + ")";
    }

    private static String words(QuicConnectionCloseEvent closed) {
        return new String(closed.reason(), StandardCharsets.UTF_8);
    }
}
