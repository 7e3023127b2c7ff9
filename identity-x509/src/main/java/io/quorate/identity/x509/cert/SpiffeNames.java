package io.quorate.identity.x509.cert;

import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/** The names in certificates: {@code spiffe://<trust-domain>/(node|client|operator)/<name>} and nothing like it. */
public final class SpiffeNames {

    /** The longest trust domain, in characters (SPIFFE-ID §2.1). */
    public static final int MAX_TRUST_DOMAIN_LENGTH = 255;

    private static final String SCHEME = "spiffe://";
    private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
    private static final Pattern TRUST_DOMAIN = Pattern.compile("[a-z0-9._-]{1," + MAX_TRUST_DOMAIN_LENGTH + "}");
    private static final Pattern NAME = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

    private SpiffeNames() {
    }

    /** @throws IllegalArgumentException if {@code trustDomain} is not one */
    public static String requireTrustDomain(String trustDomain) {
        if (!TRUST_DOMAIN.matcher(trustDomain).matches()) {
            throw new IllegalArgumentException("trust domain: found \"" + trustDomain + "\", expected 1 to "
                + MAX_TRUST_DOMAIN_LENGTH + " characters of a-z, 0-9, '.', '-' and '_', such as example.org");
        }
        return trustDomain;
    }

    /** The same grammar as that of a node id, for all kinds. */
    public static String requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("name: found \"" + name + "\", expected 1 to 63 characters of a-z, 0-9 "
                + "and '-', beginning and ending with a letter or digit");
        }
        return name;
    }

    /** The URI of an authority: the trust domain alone (SPIFFE X.509-SVID §2, signing certificates). */
    public static String authorityUri(String trustDomain) {
        return SCHEME + trustDomain;
    }

    /**
     * All URI names of a certificate, as they are written.
     *
     * <p>Read with one parser and nothing else: where two parsers see different names, the weaker one decides.
     *
     * @throws CertificateRefusedException if the names cannot be parsed
     */
    public static List<String> uriNames(X509Certificate certificate) throws CertificateRefusedException {
        List<String> uris = new ArrayList<>();
        for (GeneralName name : alternativeNames(certificate)) {
            if (name.getTagNo() == GeneralName.uniformResourceIdentifier) {
                uris.add(name.getName().toString());
            }
        }
        return uris;
    }

    /** All subject alternative names, of every type. */
    public static List<GeneralName> alternativeNames(X509Certificate certificate) throws CertificateRefusedException {
        byte[] extension = certificate.getExtensionValue(SUBJECT_ALTERNATIVE_NAME);
        if (extension == null) {
            return List.of();
        }
        try {
            return List.of(GeneralNames.getInstance(ASN1OctetString.getInstance(extension).getOctets()).getNames());
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID,
                "found alternative names that cannot be parsed in the certificate of "
                    + certificate.getSubjectX500Principal(), e);
        }
    }

    /**
     * The identity that a leaf names. Its path has to be checked by the caller, before.
     *
     * @throws CertificateRefusedException if it has no URI name, more than one (of whatever scheme), one of another
     *     form, or one of another trust domain
     */
    public static PeerIdentity identityOf(X509Certificate leaf, String trustDomain) throws CertificateRefusedException {
        List<String> uris = uriNames(leaf);
        if (uris.isEmpty()) {
            throw new CertificateRefusedException(RefusalReason.SPIFFE_ID_MISSING, "found no URI name in the "
                + "certificate of " + leaf.getSubjectX500Principal() + ", expected spiffe://" + trustDomain
                + "/(node|client|operator)/<name>");
        }
        if (uris.size() > 1) {
            // With two names, this side could take one for the identity and the next side the other.
            throw new CertificateRefusedException(RefusalReason.SPIFFE_ID_AMBIGUOUS,
                "found " + uris.size() + " URI names, expected exactly one: " + shown(uris.toString()));
        }
        return parse(uris.get(0), trustDomain);
    }

    /**
     * Reads a SPIFFE URI of {@code trustDomain}, character by character: no decoding, no case folding, no empty
     * segment.
     */
    public static PeerIdentity parse(String uri, String trustDomain) throws CertificateRefusedException {
        if (!uri.startsWith(SCHEME)) {
            throw malformed(uri, trustDomain);
        }
        String[] parts = uri.substring(SCHEME.length()).split("/", -1);
        if (!TRUST_DOMAIN.matcher(parts[0]).matches()) {
            throw malformed(uri, trustDomain);
        }
        if (!parts[0].equals(trustDomain)) {
            throw new CertificateRefusedException(RefusalReason.WRONG_TRUST_DOMAIN,
                "found trust domain " + parts[0] + " in " + shown(uri) + ", expected " + trustDomain);
        }
        if (parts.length != 3 || !NAME.matcher(parts[2]).matches()) {
            throw malformed(uri, trustDomain);
        }
        for (PeerIdentity.Kind kind : PeerIdentity.Kind.values()) {
            if (kind.segment().equals(parts[1])) {
                return new PeerIdentity(trustDomain, kind, parts[2]);
            }
        }
        throw malformed(uri, trustDomain);
    }

    private static CertificateRefusedException malformed(String uri, String trustDomain) {
        return new CertificateRefusedException(RefusalReason.SPIFFE_ID_MALFORMED, "found \"" + shown(uri)
            + "\", expected spiffe://" + trustDomain + "/(node|client|operator)/<name>");
    }

    /** What a stranger wrote, fit for a log line: no control characters, no length to fill a disk with. */
    private static String shown(String text) {
        String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() <= 300 ? printable : printable.substring(0, 300) + "...";
    }
}
