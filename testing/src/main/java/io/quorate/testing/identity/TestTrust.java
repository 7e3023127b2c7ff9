package io.quorate.testing.identity;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Asks one judge whichever way a TLS library asks. Thread-safe as far as the judge is. */
final class TestTrust extends X509ExtendedTrustManager {

    private final Judge judge;

    TestTrust(Judge judge) {
        this.judge = judge;
    }

    /** Decides about a chain; {@code server} says whether the other side presents it as a server. */
    interface Judge {
        void judge(X509Certificate[] chain, boolean server) throws CertificateException;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        judge.judge(chain, false);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        judge.judge(chain, true);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        judge.judge(chain, false);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        judge.judge(chain, true);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        judge.judge(chain, false);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        judge.judge(chain, true);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        // Not the authority: its name in a certificate request would choose for the other side what it presents.
        return new X509Certificate[0];
    }
}
