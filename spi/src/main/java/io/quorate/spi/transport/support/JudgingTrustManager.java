package io.quorate.spi.transport.support;

import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Lets the credentials' own judge decide, notes the verdict on the connection that it is about, and tells the other
 * side as much of the reason as a TLS alert can say.
 *
 * <p>Thread-safe as far as its parts are.
 */
public final class JudgingTrustManager extends X509ExtendedTrustManager {

    private final X509ExtendedTrustManager judge;
    private final Function<SSLEngine, Judgement> noteOf;
    private final Function<CertificateRefusedException, CertificateException> tell;

    /**
     * A judge for all connections that use the same credentials.
     *
     * @param judge decides; its reasons are those of a {@link CertificateRefusedException}, and any other failure of it
     *     is a refusal too
     * @param noteOf finds the note of the connection whose TLS is done by an engine; null if there is none, and the
     *     verdict then reaches TLS alone
     * @param tell what to throw so that the TLS library sends the fitting alert
     */
    public JudgingTrustManager(X509ExtendedTrustManager judge, Function<SSLEngine, Judgement> noteOf,
            Function<CertificateRefusedException, CertificateException> tell) {
        this.judge = judge;
        this.noteOf = noteOf;
        this.tell = tell;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        judge(engine, () -> judge.checkClientTrusted(chain, authType, engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        judge(engine, () -> judge.checkServerTrusted(chain, authType, engine));
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

    private void judge(SSLEngine engine, Check check) throws CertificateException {
        Judgement note = noteOf.apply(engine);
        try {
            check.run();
        } catch (CertificateException refused) {
            CertificateRefusedException named = Causes.find(refused, CertificateRefusedException.class)
                .orElseGet(() -> new CertificateRefusedException(
                    RefusalReason.CERTIFICATE_INVALID, Causes.root(refused), refused));
            throw refuse(note, named);
        } catch (RuntimeException defect) {
            throw refuse(note, new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID,
                "the check of the certificate itself failed: " + Causes.root(defect), defect));
        }
        if (note != null) {
            note.accept();
        }
    }

    private CertificateException refuse(Judgement note, CertificateRefusedException reason) {
        if (note != null) {
            note.refuse(reason);
        }
        return tell.apply(reason);
    }

    private static CertificateException notAnEngine() {
        return new CertificateException("found a check outside a TLS engine, expected one inside");
    }

    private interface Check {
        void run() throws CertificateException;
    }
}
