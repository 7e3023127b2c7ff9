package io.quorate.identity.x509.cert;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes certificates as no decent authority would: every field can be made wrong by itself. */
public final class TestCertificate {

    private static final AtomicLong SERIAL_NUMBERS = new AtomicLong(1);

    private final KeyPair keys;
    private String subject;
    private TestCertificate issuer;
    private final List<String> uris = new ArrayList<>();
    private boolean authority;
    private Integer pathLength;
    private Integer keyUsage = KeyUsage.digitalSignature;
    private List<KeyPurposeId> purposes = List.of(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth);
    private Instant from = ManualTime.START.minus(Duration.ofDays(1));
    private Instant to = ManualTime.START.plus(Duration.ofDays(30));
    private byte[] alternativeNames;
    private String criticalExtension;
    private boolean damagedSignature;
    private X509Certificate built;

    private TestCertificate(String subject) {
        this.subject = subject;
        this.keys = newKeys("EC");
    }

    /** A self-signed authority of unlimited path length. */
    public static TestCertificate root(String name) {
        TestCertificate root = new TestCertificate(name);
        root.authority = true;
        root.keyUsage = KeyUsage.keyCertSign | KeyUsage.cRLSign;
        root.purposes = List.of();
        return root;
    }

    /** An authority below another. */
    public TestCertificate intermediate(String name) {
        TestCertificate intermediate = root(name);
        intermediate.issuer = this;
        return intermediate;
    }

    /** A leaf with no name yet, else as it should be. */
    public TestCertificate leaf() {
        TestCertificate leaf = new TestCertificate("leaf");
        leaf.issuer = this;
        return leaf;
    }

    /** A leaf as it should be, with this name. */
    public TestCertificate leaf(String uri) {
        return leaf().uri(uri);
    }

    public TestCertificate uri(String uri) {
        uris.add(uri);
        return this;
    }

    public TestCertificate named(String commonName) {
        subject = commonName;
        return this;
    }

    public TestCertificate authority(boolean is) {
        authority = is;
        return this;
    }

    public TestCertificate pathLength(int length) {
        pathLength = length;
        return this;
    }

    public TestCertificate keyUsage(Integer usage) {
        keyUsage = usage;
        return this;
    }

    public TestCertificate purposes(KeyPurposeId... of) {
        purposes = List.of(of);
        return this;
    }

    public TestCertificate valid(Instant begin, Instant end) {
        from = begin;
        to = end;
        return this;
    }

    public TestCertificate rawAlternativeNames(byte[] extension) {
        alternativeNames = extension;
        return this;
    }

    public TestCertificate criticalExtension(String oid) {
        criticalExtension = oid;
        return this;
    }

    public TestCertificate damagedSignature() {
        damagedSignature = true;
        return this;
    }

    public PrivateKey key() {
        return keys.getPrivate();
    }

    /** The certificate; the same one at each call. */
    public X509Certificate get() {
        if (built == null) {
            built = build();
        }
        return built;
    }

    private X509Certificate build() {
        try {
            TestCertificate signer = issuer == null ? this : issuer;
            X509v3CertificateBuilder builder = new X509v3CertificateBuilder(new X500Name("CN=" + signer.subject),
                BigInteger.valueOf(SERIAL_NUMBERS.getAndIncrement()), Date.from(from), Date.from(to),
                new X500Name("CN=" + subject), SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
            addExtensions(builder);
            byte[] encoded = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.key()))
                .getEncoded();
            if (damagedSignature) {
                encoded[encoded.length - 1] ^= 1;
            }
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(encoded));
        } catch (Exception e) {
            throw new AssertionError("a test's certificate could not be made", e);
        }
    }

    private void addExtensions(X509v3CertificateBuilder builder) throws Exception {
        BasicConstraints constraints = pathLength != null ? new BasicConstraints(pathLength)
            : new BasicConstraints(authority);
        builder.addExtension(Extension.basicConstraints, true, constraints);
        if (keyUsage != null) {
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(keyUsage));
        }
        if (!purposes.isEmpty()) {
            builder.addExtension(Extension.extendedKeyUsage, false,
                new ExtendedKeyUsage(purposes.toArray(KeyPurposeId[]::new)));
        }
        if (alternativeNames != null) {
            builder.addExtension(Extension.subjectAlternativeName, false, alternativeNames);
        } else if (!uris.isEmpty()) {
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(uris.stream()
                .map(uri -> new GeneralName(GeneralName.uniformResourceIdentifier, uri))
                .toArray(GeneralName[]::new)));
        }
        if (criticalExtension != null) {
            builder.addExtension(new ASN1ObjectIdentifier(criticalExtension), true, new DEROctetString(new byte[1]));
        }
    }

    public static KeyPair newKeys(String algorithm) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (algorithm.equals("EC")) {
                generator.initialize(new ECGenParameterSpec("secp256r1"));
            }
            return generator.generateKeyPair();
        } catch (Exception e) {
            throw new AssertionError("a test's keys could not be made", e);
        }
    }
}
