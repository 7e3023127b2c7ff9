package io.quorate.transport.tcp;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Lets the credentials' own judge decide, notes the verdict on the connection that it is about, and tells the other
 * side as much of the reason as a TLS alert can say.
 *
 * <p>The note is made here because the TLS libraries are free to lose or rewrap what a judge throws, and because a
 * resumed session never asks one: a connection without a note is refused.
 */
final class JudgingTrustManager extends X509ExtendedTrustManager {

    // OpenSSL's X509_V_ERR_ numbers, which BoringSSL turns into the alerts named beside them.
    private static final int UNABLE_TO_GET_ISSUER_LOCALLY = 20; // unknown_ca
    private static final int NOT_YET_VALID = 9; // certificate_expired: there is no alert for too early
    private static final int HAS_EXPIRED = 10; // certificate_expired
    private static final int REJECTED = 28; // bad_certificate

    private final X509ExtendedTrustManager judge;
    private final boolean openSsl;

    JudgingTrustManager(X509ExtendedTrustManager judge, boolean openSsl) {
        this.judge = judge;
        this.openSsl = openSsl;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        judge(() -> judge.checkClientTrusted(chain, authType, engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        judge(() -> judge.checkServerTrusted(chain, authType, engine));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw notAnEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw notAnEngine();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw notAnEngine();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw notAnEngine();
    }

    /**
     * None. A server that lists its authorities makes a client of another authority send no certificate at all, and the
     * refusal would then read "no certificate" where the truth is "of another authority".
     */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }

    private void judge(Judgement judgement) throws CertificateException {
        TlsGate gate = TlsGate.current();
        try {
            judgement.run();
        } catch (CertificateRefusedException refused) {
            note(gate, refused);
            throw tell(refused);
        } catch (CertificateException refused) {
            CertificateRefusedException named = Causes.find(refused, CertificateRefusedException.class)
                .orElseGet(() -> new CertificateRefusedException(
                    RefusalReason.CERTIFICATE_INVALID, Causes.root(refused), refused));
            note(gate, named);
            throw tell(named);
        } catch (RuntimeException defect) {
            CertificateRefusedException named = new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID,
                "the check of the certificate itself failed: " + Causes.root(defect), defect);
            note(gate, named);
            throw tell(named);
        }
        if (gate != null) {
            gate.trusted();
        }
    }

    private static void note(TlsGate gate, CertificateRefusedException refused) {
        if (gate != null) {
            gate.refused(refused);
        }
    }

    private CertificateException tell(CertificateRefusedException refused) {
        if (openSsl) {
            return new OpenSslCertificateException(refused.getMessage(), refused, switch (refused.reason()) {
                case UNTRUSTED_AUTHORITY -> UNABLE_TO_GET_ISSUER_LOCALLY;
                case CERTIFICATE_EXPIRED -> HAS_EXPIRED;
                case CERTIFICATE_NOT_YET_VALID -> NOT_YET_VALID;
                default -> REJECTED;
            });
        }
        return refused; // which the platform's engine tells as certificate_unknown, whatever it is
    }

    private static CertificateException notAnEngine() {
        return new CertificateException("found a check outside a TLS engine, expected one inside");
    }

    private interface Judgement {
        void run() throws CertificateException;
    }
}
