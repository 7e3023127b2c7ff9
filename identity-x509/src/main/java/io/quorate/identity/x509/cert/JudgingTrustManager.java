package io.quorate.identity.x509.cert;

import io.quorate.identity.x509.cert.ChainJudge.Role;
import io.quorate.spi.transport.CertificateRefusedException;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Lets TLS ask the judge. The SPIFFE name takes the place of the host name, which is not looked at: addresses change,
 * and whoever holds one proves nothing by it.
 *
 * <p>An extended trust manager, so that the TLS stack adds no checks of its own to some of these methods and not to
 * others. Thread-safe.
 */
public final class JudgingTrustManager extends X509ExtendedTrustManager {

    private final ChainJudge judge;

    public JudgingTrustManager(ChainJudge judge) {
        this.judge = judge;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateRefusedException {
        judge(chain, Role.CLIENT);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateRefusedException {
        judge(chain, Role.CLIENT);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateRefusedException {
        judge(chain, Role.CLIENT);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateRefusedException {
        judge(chain, Role.SERVER);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateRefusedException {
        judge(chain, Role.SERVER);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateRefusedException {
        judge(chain, Role.SERVER);
    }

    /** The trusted authorities; a server names them to its clients. */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return judge.authorities().toArray(X509Certificate[]::new);
    }

    private void judge(X509Certificate[] chain, Role role) throws CertificateRefusedException {
        judge.judge(chain == null ? List.of() : List.of(chain), role);
    }
}
