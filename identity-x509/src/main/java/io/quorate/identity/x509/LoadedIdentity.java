package io.quorate.identity.x509;

import io.quorate.identity.x509.cert.AuthorityFile;
import io.quorate.identity.x509.cert.ChainJudge;
import io.quorate.identity.x509.cert.JudgingTrustManager;
import io.quorate.identity.x509.cert.PemFile;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/**
 * What one reading of the three files gave. Immutable.
 *
 * @param self whom the certificate names
 * @param judge the judge of others, and of this very certificate
 * @param credentials what to present
 */
record LoadedIdentity(PeerIdentity self, ChainJudge judge, TlsCredentials credentials) {

    /**
     * Reads the files and judges the result as the other side will.
     *
     * @throws IdentityException if that fails, with what was found, what was expected, and the remedy
     */
    static LoadedIdentity read(X509Settings settings, InstantSource time) throws IdentityException {
        List<X509Certificate> authorities = AuthorityFile.read(settings.trust(), time.instant());
        List<X509Certificate> chain = PemFile.readCertificates("certificate", settings.certificate());
        PrivateKey key = PemFile.readPrivateKey(settings.key());
        ChainJudge judge = new ChainJudge(authorities, settings.trustDomain(), time);
        PeerIdentity self;
        try {
            self = judge.judge(chain, ChainJudge.Role.ANY);
        } catch (CertificateRefusedException e) {
            throw new IdentityException("certificate " + settings.certificate() + ": " + e.getMessage() + "; "
                + remedy(e.reason(), settings), e);
        }
        requireMatch(settings, key, chain.get(0).getPublicKey());
        return new LoadedIdentity(self, judge, new TlsCredentials(key, chain, new JudgingTrustManager(judge)));
    }

    X509Certificate leaf() {
        return credentials.chain().get(0);
    }

    Instant validUntil() {
        return leaf().getNotAfter().toInstant();
    }

    /** Whether the files say the same as before: somebody touched one, or wrote the same again. */
    boolean sameAs(LoadedIdentity other) {
        return credentials.chain().equals(other.credentials.chain())
            && credentials.key().equals(other.credentials.key())
            && judge.authorities().equals(other.judge.authorities());
    }

    private static String remedy(RefusalReason reason, X509Settings settings) {
        return switch (reason) {
            case UNTRUSTED_AUTHORITY -> "have it issued by an authority in " + settings.trust()
                + ", or add its authority and intermediates there and to the certificate file";
            case CERTIFICATE_EXPIRED -> "renew it, and check the clock";
            case CERTIFICATE_NOT_YET_VALID -> "wait, or correct the clock";
            case CA_AS_LEAF -> "put the leaf first in the file, and never run with the authority's own certificate";
            case WRONG_TRUST_DOMAIN -> "correct the setting trust-domain, or have a certificate issued for that domain";
            default -> "have a new certificate issued with the command pki";
        };
    }

    /** The one proof that needs no knowledge of the algorithm: what this key signs, that key verifies. */
    private static void requireMatch(X509Settings settings, PrivateKey key, PublicKey publicKey)
            throws IdentityException {
        byte[] probe = {'q', 'u', 'o', 'r', 'a', 't', 'e'};
        boolean matches;
        try {
            Signature signer = Signature.getInstance(algorithm(key));
            signer.initSign(key);
            signer.update(probe);
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(algorithm(key));
            verifier.initVerify(publicKey);
            verifier.update(probe);
            matches = verifier.verify(signature);
        } catch (GeneralSecurityException keysOfDifferentKinds) {
            matches = false;
        }
        if (!matches) {
            throw new IdentityException("key " + settings.key() + ": found a key that does not belong to the "
                + "certificate " + settings.certificate() + ", expected its private key; copy the two files from the "
                + "same place");
        }
    }

    private static String algorithm(PrivateKey key) {
        return key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
    }
}
