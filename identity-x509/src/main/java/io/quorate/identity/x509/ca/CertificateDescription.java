package io.quorate.identity.x509.ca;

import io.quorate.identity.x509.cert.KeyUsages;
import io.quorate.identity.x509.cert.PemFile;
import io.quorate.identity.x509.cert.SpiffeNames;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.transport.CertificateRefusedException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * A certificate in words, for listings. It describes what is written there, and says nothing about whether it is true.
 *
 * @param subject the subject's distinguished name
 * @param issuer the issuer's
 * @param spiffeId its URI name, if it has exactly one
 * @param serialNumber in lower-case hexadecimal
 * @param notBefore valid from here
 * @param notAfter to here
 * @param fingerprint SHA-256 of the certificate, lower-case hexadecimal, as in the registry of peers
 * @param authority whether it is a CA certificate
 * @param publicKey the key's algorithm and size, such as {@code EC 256}
 * @param keyUsage what its key may do, in the words of RFC 5280
 * @param extendedKeyUsage for which purposes
 * @param alternativeNames all names but the URI, such as {@code dns:example.org}
 */
public record CertificateDescription(
    String subject,
    String issuer,
    Optional<String> spiffeId,
    String serialNumber,
    Instant notBefore,
    Instant notAfter,
    String fingerprint,
    boolean authority,
    String publicKey,
    List<String> keyUsage,
    List<String> extendedKeyUsage,
    List<String> alternativeNames) {

    public CertificateDescription {
        keyUsage = List.copyOf(keyUsage);
        extendedKeyUsage = List.copyOf(extendedKeyUsage);
        alternativeNames = List.copyOf(alternativeNames);
    }

    /**
     * Describes every certificate in a PEM file, in its order.
     *
     * @throws IdentityException if the file is missing or damaged
     */
    public static List<CertificateDescription> read(Path file) throws IdentityException {
        List<CertificateDescription> descriptions = new ArrayList<>();
        for (X509Certificate certificate : PemFile.readCertificates("certificate", file)) {
            descriptions.add(of(certificate));
        }
        return descriptions;
    }

    /** Describes a certificate; what cannot be parsed in it is left out. */
    public static CertificateDescription of(X509Certificate certificate) {
        return new CertificateDescription(
            certificate.getSubjectX500Principal().getName(),
            certificate.getIssuerX500Principal().getName(),
            uris(certificate).size() == 1 ? Optional.of(uris(certificate).get(0)) : Optional.empty(),
            certificate.getSerialNumber().toString(16),
            certificate.getNotBefore().toInstant(),
            certificate.getNotAfter().toInstant(),
            fingerprint(certificate),
            certificate.getBasicConstraints() != -1,
            publicKey(certificate.getPublicKey()),
            KeyUsages.names(certificate),
            extendedUsage(certificate),
            otherNames(certificate));
    }

    /** SHA-256 of a certificate, lower-case hexadecimal. */
    public static String fingerprint(X509Certificate certificate) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException("a certificate cannot be encoded", e);
        }
    }

    private static List<String> uris(X509Certificate certificate) {
        try {
            return SpiffeNames.uriNames(certificate);
        } catch (CertificateRefusedException unparseable) {
            return List.of();
        }
    }

    private static String publicKey(PublicKey key) {
        if (key instanceof ECKey ec) {
            return "EC " + ec.getParams().getCurve().getField().getFieldSize();
        }
        return key instanceof RSAKey rsa ? "RSA " + rsa.getModulus().bitLength() : key.getAlgorithm();
    }

    private static List<String> extendedUsage(X509Certificate certificate) {
        try {
            List<String> usage = certificate.getExtendedKeyUsage();
            return usage == null ? List.of() : KeyUsages.extendedNames(usage);
        } catch (CertificateParsingException unparseable) {
            return List.of();
        }
    }

    private static List<String> otherNames(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            for (GeneralName name : SpiffeNames.alternativeNames(certificate)) {
                switch (name.getTagNo()) {
                    case GeneralName.dNSName -> names.add("dns:" + name.getName());
                    case GeneralName.iPAddress -> names.add("ip:" + address(name));
                    case GeneralName.uniformResourceIdentifier -> {
                        if (uris(certificate).size() > 1) {
                            names.add("uri:" + name.getName());
                        }
                    }
                    default -> names.add("other:" + name.getTagNo());
                }
            }
        } catch (CertificateRefusedException unparseable) {
            return List.of();
        }
        return names;
    }

    private static String address(GeneralName name) {
        try {
            return InetAddress.getByAddress(ASN1OctetString.getInstance(name.getName()).getOctets()).getHostAddress();
        } catch (UnknownHostException notFourOrSixteenBytes) {
            return "malformed";
        }
    }
}
