package io.quorate.spi.transport;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What a transport needs for mutual TLS: this side's key and chain, and the judge of the other side's chain.
 *
 * @param key this side's private key
 * @param chain this side's certificates, leaf first
 * @param trust checks the other side's chain in place of TLS's host-name check, on dialed and accepted connections
 *     alike. It refuses with a {@link CertificateRefusedException}, which the transport reports in a {@link
 *     ConnectionFailure}.
 */
public record TlsCredentials(PrivateKey key, List<X509Certificate> chain, X509ExtendedTrustManager trust) {

    public TlsCredentials {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("found no certificate, expected a chain with the leaf first");
        }
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "TlsCredentials[" + chain.get(0).getSubjectX500Principal() + "]";
    }
}
