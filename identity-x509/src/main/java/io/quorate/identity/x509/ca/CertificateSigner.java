package io.quorate.identity.x509.ca;

import io.quorate.spi.identity.PeerIdentity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes keys and signs certificates (RFC 5280, SPIFFE X.509-SVID). Bouncy Castle lays the certificates out; keys and
 * signatures are the JDK's, so that no security provider has to be registered in an application's process.
 */
final class CertificateSigner {

    private static final String SIGNATURE = "SHA256withECDSA";
    private static final String CURVE = "secp256r1";
    private static final int SERIAL_NUMBER_BITS = 128;

    private CertificateSigner() {
    }

    static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(CURVE));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("found no elliptic curve " + CURVE + " in this Java runtime, expected the "
                + "module jdk.crypto.ec", e);
        }
    }

    /** A root that says of itself what it is: its trust domain as URI, and a common name that no other root has. */
    static X509Certificate selfSigned(KeyPair keys, String uri, Instant from, Instant to) {
        try {
            X500Name name = new X500NameBuilder(BCStyle.INSTANCE)
                .addRDN(BCStyle.OU, "quorate")
                .addRDN(BCStyle.CN, "authority " + serialNumber().toString(16))
                .build();
            JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder = builder(name, name, keys.getPublic(), from, to)
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                .addExtension(Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(keys.getPublic()))
                .addExtension(Extension.authorityKeyIdentifier, false,
                ids.createAuthorityKeyIdentifier(keys.getPublic()))
                .addExtension(Extension.subjectAlternativeName, false,
                    new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
            return sign(builder, keys.getPrivate());
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("a certificate could not be laid out", e);
        }
    }

    static X509Certificate leaf(PrivateKey authorityKey, X509Certificate authority, PublicKey key,
        PeerIdentity identity,
            IdentityRequest request, Instant from, Instant to) {
        List<GeneralName> names = new ArrayList<>();
        names.add(new GeneralName(GeneralName.uniformResourceIdentifier, identity.uri()));
        request.dnsNames().forEach(name -> names.add(new GeneralName(GeneralName.dNSName, requireDnsName(name))));
        request.ipAddresses().forEach(address -> names.add(new GeneralName(GeneralName.iPAddress, address)));
        X500Name subject = new X500NameBuilder(BCStyle.INSTANCE)
            .addRDN(BCStyle.OU, identity.kind().segment())
            .addRDN(BCStyle.CN, identity.name())
            .build();
        X500Name issuer = X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
        // Nodes dial and accept; everyone else dials alone, and is refused as a server.
        KeyPurposeId[] purposes = identity.kind() == PeerIdentity.Kind.NODE
            ? new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}
            : new KeyPurposeId[] {KeyPurposeId.id_kp_clientAuth};
        try {
            JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
            X509v3CertificateBuilder builder = builder(issuer, subject, key, from, to)
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes))
                .addExtension(Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(key))
                .addExtension(Extension.authorityKeyIdentifier, false,
                    ids.createAuthorityKeyIdentifier(authority.getPublicKey()))
                // Not critical: the subject is not empty (RFC 5280 §4.2.1.6).
                .addExtension(Extension.subjectAlternativeName, false,
                    new GeneralNames(names.toArray(GeneralName[]::new)));
            return sign(builder, authorityKey);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("a certificate could not be laid out", e);
        }
    }

    /** Whether a certificate's key verifies what {@code key} signs. */
    static boolean belongTogether(PrivateKey key, X509Certificate certificate) {
        try {
            Signature signer = Signature.getInstance(SIGNATURE);
            signer.initSign(key);
            signer.update(certificate.getSignature());
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(SIGNATURE);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(certificate.getSignature());
            return verifier.verify(signature);
        } catch (GeneralSecurityException keysOfDifferentKinds) {
            return false;
        }
    }

    private static X509v3CertificateBuilder builder(X500Name issuer, X500Name subject, PublicKey key, Instant from,
            Instant to) {
        return new X509v3CertificateBuilder(issuer, serialNumber(), Date.from(from), Date.from(to), subject,
            SubjectPublicKeyInfo.getInstance(key.getEncoded()));
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException, IOException {
        try {
            byte[] encoded = builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)).getEncoded();
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(encoded));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException("the authority's key cannot sign with " + SIGNATURE, e);
        }
    }

    /** Positive, not zero, and not to be guessed (RFC 5280 §4.1.2.2). */
    private static BigInteger serialNumber() {
        return new BigInteger(SERIAL_NUMBER_BITS, new SecureRandom()).max(BigInteger.ONE);
    }

    private static String requireDnsName(String name) {
        if (name.length() > 253 || !name.matches("(?:[A-Za-z0-9_-]{1,63}\\.)*[A-Za-z0-9_-]{1,63}")) {
            throw new IllegalArgumentException("host name: found \"" + name + "\", expected letters, digits, '-' and "
                + "'.'");
        }
        return name;
    }
}
