package io.quorate.testing.identity;

import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Judges a leaf that the one authority has issued itself, with the reasons and in the order of the real judge: an
 * unknown authority first, since what a stranger wrote into a certificate is no finding. Knows no intermediates.
 */
final class TestChainJudge implements TestTrust.Judge {

    static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final int URI_NAME = 6;
    private static final int DIGITAL_SIGNATURE = 0;
    private static final int KEY_CERT_SIGN = 5;

    private final X509Certificate authority;
    private final String trustDomain;

    TestChainJudge(X509Certificate authority, String trustDomain) {
        this.authority = authority;
        this.trustDomain = trustDomain;
    }

    @Override
    public void judge(X509Certificate[] chain, boolean server) throws CertificateRefusedException {
        if (chain == null || chain.length == 0) {
            throw refused(RefusalReason.NO_CERTIFICATE, "found no certificate");
        }
        X509Certificate leaf = chain[0];
        try {
            leaf.verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateRefusedException(RefusalReason.UNTRUSTED_AUTHORITY, "found "
                + leaf.getSubjectX500Principal() + ", which this authority has not signed", e);
        }
        try {
            leaf.checkValidity();
        } catch (CertificateExpiredException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_EXPIRED, e.getMessage(), e);
        } catch (CertificateNotYetValidException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_NOT_YET_VALID, e.getMessage(), e);
        }
        if (leaf.getBasicConstraints() != -1) {
            throw refused(RefusalReason.CA_AS_LEAF, "found an authority's certificate as leaf");
        }
        judgeUsage(leaf, judgeName(leaf), server);
    }

    private PeerIdentity.Kind judgeName(X509Certificate leaf) throws CertificateRefusedException {
        List<String> uris;
        try {
            uris = leaf.getSubjectAlternativeNames() == null ? List.of() : leaf.getSubjectAlternativeNames().stream()
                .filter(name -> name.get(0).equals(URI_NAME)).map(name -> (String) name.get(1)).toList();
        } catch (CertificateParsingException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID, e.getMessage(), e);
        }
        if (uris.size() != 1) {
            throw refused(uris.isEmpty() ? RefusalReason.SPIFFE_ID_MISSING : RefusalReason.SPIFFE_ID_AMBIGUOUS,
                "found " + uris.size() + " URI names, expected one");
        }
        String[] parts = uris.get(0).split("/", -1);
        if (parts.length != 5 || !uris.get(0).startsWith("spiffe://")) {
            throw refused(RefusalReason.SPIFFE_ID_MALFORMED, "found " + uris.get(0));
        }
        if (!parts[2].equals(trustDomain)) {
            throw refused(RefusalReason.WRONG_TRUST_DOMAIN, "found " + parts[2] + ", expected " + trustDomain);
        }
        for (PeerIdentity.Kind kind : PeerIdentity.Kind.values()) {
            if (kind.segment().equals(parts[3])) {
                return kind;
            }
        }
        throw refused(RefusalReason.SPIFFE_ID_MALFORMED, "found " + uris.get(0));
    }

    private static void judgeUsage(X509Certificate leaf, PeerIdentity.Kind kind, boolean server)
            throws CertificateRefusedException {
        boolean[] usage = leaf.getKeyUsage();
        if (usage == null || !usage[DIGITAL_SIGNATURE] || usage[KEY_CERT_SIGN]) {
            throw refused(RefusalReason.WRONG_KEY_USAGE, "found a key that must not sign handshakes");
        }
        List<String> purposes;
        try {
            purposes = leaf.getExtendedKeyUsage() == null ? List.of() : leaf.getExtendedKeyUsage();
        } catch (CertificateParsingException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID, e.getMessage(), e);
        }
        boolean node = kind == PeerIdentity.Kind.NODE;
        if ((node || server) && !purposes.contains(SERVER_AUTH)
            || (node || !server) && !purposes.contains(CLIENT_AUTH)) {
            throw refused(RefusalReason.WRONG_KEY_USAGE, "found extended key usage " + purposes);
        }
    }

    private static CertificateRefusedException refused(RefusalReason reason, String found) {
        return new CertificateRefusedException(reason, found);
    }
}
