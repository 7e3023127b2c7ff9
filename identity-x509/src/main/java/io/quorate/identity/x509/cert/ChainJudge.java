package io.quorate.identity.x509.cert;

import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.PublicKey;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;

/**
 * The one judge of certificate chains: TLS asks it through {@link JudgingTrustManager}, the handshake through the
 * identity, and a starting node asks it about itself. So a certificate that one of them refuses is refused by all.
 *
 * <p>The first certificate presented is the leaf, always: its key has signed the TLS handshake, and its name is the
 * identity. Further certificates are only material for a path from it to an authority; those that the path does not
 * need are ignored, and nothing in them counts for anything.
 *
 * <p>Immutable and thread-safe. Does no I/O; costs about one signature check per certificate.
 */
public final class ChainJudge {

    /**
     * How many certificates may be presented. A chain is two or three; every further one costs a parse before trust.
     */
    public static final int MAX_PRESENTED_CERTIFICATES = 8;

    /** How many signature checks the search for a path may cost, whatever was presented. */
    static final int MAX_SIGNATURE_CHECKS = 12;

    /** The largest keys of presented issuers that signatures are checked with. */
    private static final int MAX_RSA_BITS = 4096;
    private static final int MAX_RSA_EXPONENT_BITS = 32;
    private static final int MAX_EC_BITS = 521;

    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final int DIGITAL_SIGNATURE = 0;
    private static final int KEY_CERT_SIGN = 5;
    private static final int CRL_SIGN = 6;

    /** The JDK's own; an application may have put another provider first, whose refusals have other reasons. */
    private static final String JDK_PROVIDER = "SUN";

    private final List<X509Certificate> authorities;
    private final String trustDomain;
    private final InstantSource time;

    /** In which role the other side has used its certificate. */
    public enum Role {
        /** It accepted the connection. */
        SERVER,
        /** It dialed. */
        CLIENT,
        /** Not known here; what its kind needs in any case is demanded. */
        ANY
    }

    /**
     * @param authorities self-signed CA certificates, see {@link AuthorityFile}
     * @param trustDomain the one whose identities are accepted
     * @param time the clock for validity
     */
    public ChainJudge(List<X509Certificate> authorities, String trustDomain, InstantSource time) {
        this.authorities = List.copyOf(authorities);
        this.trustDomain = trustDomain;
        this.time = time;
    }

    /** The authorities that are trusted. */
    public List<X509Certificate> authorities() {
        return authorities;
    }

    /**
     * Judges a chain in full, from signatures to names.
     *
     * @param presented leaf first
     * @return whom the leaf names
     * @throws CertificateRefusedException with the reason. An unknown authority is reported before anything else: what
     *     a stranger wrote into a certificate is no finding.
     */
    public PeerIdentity judge(List<X509Certificate> presented, Role role) throws CertificateRefusedException {
        if (presented.isEmpty()) {
            throw new CertificateRefusedException(RefusalReason.NO_CERTIFICATE,
                "found no certificate, expected a chain with the leaf first");
        }
        if (presented.size() > MAX_PRESENTED_CERTIFICATES) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID, "found " + presented.size()
                + " certificates, expected at most " + MAX_PRESENTED_CERTIFICATES);
        }
        List<X509Certificate> parsed = parseAgain(presented);
        X509Certificate leaf = parsed.get(0);
        validate(new PathSearch(parsed).find());
        if (leaf.getBasicConstraints() != -1) {
            throw new CertificateRefusedException(RefusalReason.CA_AS_LEAF, "found the certificate of the authority "
                + leaf.getSubjectX500Principal() + " as leaf, expected a certificate that it has issued");
        }
        PeerIdentity identity = SpiffeNames.identityOf(leaf, trustDomain);
        requireUsage(leaf, identity, role);
        return identity;
    }

    /**
     * TLS stacks bring certificate classes of their own, some parsed lazily. Everything here is decided on one parser's
     * view of the bytes.
     */
    private static List<X509Certificate> parseAgain(List<X509Certificate> presented)
            throws CertificateRefusedException {
        List<X509Certificate> parsed = new ArrayList<>(presented.size());
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509", JDK_PROVIDER);
            for (X509Certificate certificate : presented) {
                parsed.add((X509Certificate) factory.generateCertificate(
                    new ByteArrayInputStream(certificate.getEncoded())));
            }
        } catch (CertificateException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID,
                "found certificate " + (parsed.size() + 1) + " of " + presented.size() + " that cannot be parsed: "
                    + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("found no X.509 parser in the Java platform", e);
        }
        return parsed;
    }

    /**
     * Path validation (RFC 5280 §6.1) by the JDK. The root itself is part of the path, below an anchor made of its name
     * and key: so its validity, its path length and its constraints hold too, which they would not if it were the
     * anchor.
     */
    private void validate(List<X509Certificate> path) throws CertificateRefusedException {
        X509Certificate root = path.get(path.size() - 1);
        try {
            CertPath certPath = CertificateFactory.getInstance("X.509", JDK_PROVIDER).generateCertPath(path);
            PKIXParameters parameters = new PKIXParameters(
                Set.of(new TrustAnchor(root.getSubjectX500Principal(), root.getPublicKey(), null)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(time.instant()));
            CertPathValidator.getInstance("PKIX", JDK_PROVIDER).validate(certPath, parameters);
        } catch (CertPathValidatorException e) {
            throw refusal(e, path);
        } catch (CertificateException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID, e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("found no PKIX path validation in the Java platform", e);
        }
    }

    private CertificateRefusedException refusal(CertPathValidatorException e, List<X509Certificate> path) {
        X509Certificate at = path.get(e.getIndex() < 0 ? 0 : e.getIndex());
        String found = "found " + (at.equals(path.get(0)) ? "the certificate of " : "the authority ")
            + at.getSubjectX500Principal();
        if (e.getReason() == BasicReason.EXPIRED) {
            return new CertificateRefusedException(RefusalReason.CERTIFICATE_EXPIRED, found + " expired at "
                + at.getNotAfter().toInstant() + ", expected one that is valid at " + time.instant(), e);
        }
        if (e.getReason() == BasicReason.NOT_YET_VALID) {
            return new CertificateRefusedException(RefusalReason.CERTIFICATE_NOT_YET_VALID, found + " not valid before "
                + at.getNotBefore().toInstant() + ", expected one that is valid at " + time.instant(), e);
        }
        if (e.getReason() == PKIXReason.NO_TRUST_ANCHOR) {
            return new CertificateRefusedException(RefusalReason.UNTRUSTED_AUTHORITY, found + " without an "
                + "authority", e);
        }
        return new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID, found + " which fails path "
            + "validation: " + e.getMessage(), e);
    }

    private static void requireUsage(X509Certificate leaf, PeerIdentity identity, Role role)
            throws CertificateRefusedException {
        boolean[] usage = leaf.getKeyUsage();
        if (usage == null || !usage[DIGITAL_SIGNATURE] || usage[KEY_CERT_SIGN] || usage[CRL_SIGN]) {
            // SPIFFE X.509-SVID §4.3: a leaf's key signs handshakes and nothing that others would trust.
            throw new CertificateRefusedException(RefusalReason.WRONG_KEY_USAGE, "found key usage "
                + KeyUsages.names(leaf) + " in the certificate of " + identity
                + ", expected digitalSignature, and neither keyCertSign nor cRLSign");
        }
        boolean node = identity.kind() == PeerIdentity.Kind.NODE;
        boolean serverAuth = node || role == Role.SERVER;
        boolean clientAuth = node || role != Role.SERVER;
        List<String> extended = extendedKeyUsage(leaf);
        if (serverAuth && !extended.contains(SERVER_AUTH) || clientAuth && !extended.contains(CLIENT_AUTH)) {
            throw new CertificateRefusedException(RefusalReason.WRONG_KEY_USAGE, "found extended key usage "
                + KeyUsages.extendedNames(extended) + " in the certificate of " + identity + ", expected "
                + (serverAuth && clientAuth ? "serverAuth and clientAuth" : serverAuth ? "serverAuth" : "clientAuth"));
        }
    }

    private static List<String> extendedKeyUsage(X509Certificate leaf) throws CertificateRefusedException {
        try {
            List<String> usage = leaf.getExtendedKeyUsage();
            return usage == null ? List.of() : usage;
        } catch (CertificateParsingException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID,
                "found extended key usage that cannot be parsed: " + e.getMessage(), e);
        }
    }

    /**
     * Finds a path from the leaf to an authority among what was presented, in whatever order. Only names and signatures
     * are looked at; the verdict is path validation's.
     */
    private final class PathSearch {

        private final List<X509Certificate> presented;
        private final List<X509Certificate> path = new ArrayList<>();
        private int signatureChecks;

        PathSearch(List<X509Certificate> presented) {
            this.presented = presented;
        }

        List<X509Certificate> find() throws CertificateRefusedException {
            X509Certificate leaf = presented.get(0);
            path.add(leaf);
            if (!extend()) {
                throw new CertificateRefusedException(RefusalReason.UNTRUSTED_AUTHORITY, "found the certificate of "
                    + leaf.getSubjectX500Principal() + " issued by " + leaf.getIssuerX500Principal()
                    + ", expected one that leads to " + KeyUsages.subjects(authorities));
            }
            return path;
        }

        /** Goes on from the path's end, and back where that leads nowhere (two cross certificates of one key). */
        private boolean extend() {
            X509Certificate last = path.get(path.size() - 1);
            for (X509Certificate authority : authorities) {
                if (authority.equals(last)) {
                    return true;
                }
                if (issued(authority, last)) {
                    path.add(authority);
                    return true;
                }
            }
            for (X509Certificate candidate : presented) {
                if (!path.contains(candidate) && isCheap(candidate.getPublicKey()) && issued(candidate, last)) {
                    path.add(candidate);
                    if (extend()) {
                        return true;
                    }
                    path.remove(path.size() - 1);
                }
            }
            return false;
        }

        /**
         * Whether a signature by this key is checked in little time. The key is a stranger's so far: an RSA key of
         * unusual size, above all with a large exponent, could keep an I/O thread busy for a third of a second.
         */
        private static boolean isCheap(PublicKey key) {
            return switch (key) {
                case RSAPublicKey rsa -> rsa.getModulus().bitLength() <= MAX_RSA_BITS
                    && rsa.getPublicExponent().bitLength() <= MAX_RSA_EXPONENT_BITS;
                case ECPublicKey ec -> ec.getParams().getOrder().bitLength() <= MAX_EC_BITS;
                default -> false;
            };
        }

        private boolean issued(X509Certificate issuer, X509Certificate subject) {
            if (!issuer.getSubjectX500Principal().equals(subject.getIssuerX500Principal())
                || signatureChecks >= MAX_SIGNATURE_CHECKS) {
                return false;
            }
            signatureChecks++;
            try {
                subject.verify(issuer.getPublicKey());
                return true;
            } catch (GeneralSecurityException notSignedByThisKey) {
                return false;
            }
        }
    }
}
