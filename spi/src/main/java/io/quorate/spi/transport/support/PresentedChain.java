package io.quorate.spi.transport.support;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.ChannelBinding;
import io.quorate.spi.transport.Origin;
import java.io.ByteArrayInputStream;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * The chain that the other side presented, and what binds the connection to it.
 *
 * @param certificates the leaf first; read afresh, so that a chain is of the same kind and compares alike whichever
 *     library has verified it
 */
public record PresentedChain(List<X509Certificate> certificates) {

    public PresentedChain {
        certificates = List.copyOf(certificates);
    }

    /**
     * Reads what a TLS library hands out.
     *
     * @throws CertificateException if there is none, or one cannot be read
     */
    public static PresentedChain read(Certificate[] presented) throws CertificateException {
        if (presented.length == 0) {
            throw new CertificateException("found no certificate");
        }
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate certificate : presented) {
            chain.add((X509Certificate) factory.generateCertificate(
                new ByteArrayInputStream(certificate.getEncoded())));
        }
        return new PresentedChain(chain);
    }

    /** The same bytes on both sides, see {@link ChannelBinding}. */
    public Bytes binding(Origin origin, X509Certificate own) {
        X509Certificate other = certificates.get(0);
        return switch (origin) {
            case DIALED -> ChannelBinding.ofEndPoints(own, other);
            case ACCEPTED -> ChannelBinding.ofEndPoints(other, own);
        };
    }
}
