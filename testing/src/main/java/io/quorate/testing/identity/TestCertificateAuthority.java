package io.quorate.testing.identity;

import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.TlsCredentials;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A certificate authority for tests: issues real X.509 certificates with SPIFFE names (RFC 5280, ECDSA on P-256), good
 * ones and every kind of bad one, and judges those of others. TLS takes them, so a real transport can be tested.
 *
 * <p>Written on the JDK alone. This module may require the API, the SPI and JUnit, and no more: whoever tests a
 * transport of his own must not get a second cryptographic library for it, whose version then argues with his. The
 * JDK reads certificates but has no public way to make one; the few rules of DER that it takes are in {@link Der}.
 *
 * <p>Keys live in memory and are as good as the platform's random numbers; nothing else about it is fit for
 * production. Thread-safe.
 */
public final class TestCertificateAuthority {

    private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    private static final String COMMON_NAME = "2.5.4.3";
    private static final String SUBJECT_KEY_ID = "2.5.29.14";
    private static final String KEY_USAGE = "2.5.29.15";
    private static final String ALTERNATIVE_NAME = "2.5.29.17";
    private static final String BASIC_CONSTRAINTS = "2.5.29.19";
    private static final String AUTHORITY_KEY_ID = "2.5.29.35";
    private static final String EXTENDED_KEY_USAGE = "2.5.29.37";

    private static final Duration VALIDITY = Duration.ofDays(30);
    /** An uncompressed point of P-256: what is hashed for a key's identifier. */
    private static final int PUBLIC_POINT_BYTES = 65;

    private static final AtomicLong SERIAL_NUMBERS = new AtomicLong(System.nanoTime() >>> 1);

    private final String trustDomain;
    private final KeyPair keys = newKeys();
    private final X509Certificate certificate;
    private final X509ExtendedTrustManager judge;

    /** A new authority, with a key of its own, of {@code trustDomain}. */
    public TestCertificateAuthority(String trustDomain) {
        this.trustDomain = trustDomain;
        this.certificate = new Leaf("authority of " + trustDomain).uri("spiffe://" + trustDomain).asAuthority()
            .sign(keys);
        this.judge = new TestTrust(new TestChainJudge(certificate, trustDomain));
    }

    public String trustDomain() {
        return trustDomain;
    }

    /** The authority's own certificate. */
    public X509Certificate certificate() {
        return certificate;
    }

    /**
     * A judge that trusts this authority alone. It refuses with a {@link
     * io.quorate.spi.transport.CertificateRefusedException} that has the reason.
     */
    public X509ExtendedTrustManager judge() {
        return judge;
    }

    /** Good credentials of a node; this authority is trusted. */
    public TlsCredentials node(String name) {
        return of(new PeerIdentity(trustDomain, PeerIdentity.Kind.NODE, name));
    }

    /** Good credentials of a node that judges others as {@code judge} does: this authority is not asked. */
    public TlsCredentials node(String name, Judge judge) {
        TlsCredentials good = node(name);
        return new TlsCredentials(good.key(), good.chain(), new TestTrust((chain, server) -> judge.judge(chain)));
    }

    /** Good credentials of an application. */
    public TlsCredentials client(String name) {
        return of(new PeerIdentity(trustDomain, PeerIdentity.Kind.CLIENT, name));
    }

    /** Good credentials of an administrator. */
    public TlsCredentials operator(String name) {
        return of(new PeerIdentity(trustDomain, PeerIdentity.Kind.OPERATOR, name));
    }

    /** Good credentials. */
    public TlsCredentials of(PeerIdentity identity) {
        return leaf(identity.name()).uri(identity.uri()).credentials();
    }

    /** A leaf without a URI name yet, else as it should be; to be made wrong in one thing or another. */
    public Leaf leaf(String commonName) {
        return new Leaf(commonName);
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("found no P-256 in the Java platform", e);
        }
    }

    /** A test's own judge. Called on the threads of TLS, and several at once. */
    @FunctionalInterface
    public interface Judge {

        /**
         * Returns if the one who presents {@code chain}, his leaf first, is trusted.
         *
         * @throws CertificateException if not; of kind {@link
         *     io.quorate.spi.transport.CertificateRefusedException} if it is to have a reason
         */
        void judge(X509Certificate[] chain) throws CertificateException;
    }

    /** A certificate on its way. Not thread-safe. */
    public final class Leaf {

        private final String commonName;
        private final List<String> uris = new ArrayList<>();
        private Instant from = Instant.now().minus(Duration.ofHours(1));
        private Instant to = Instant.now().plus(VALIDITY);
        private boolean authority;
        /** The octet of RFC 5280 §4.2.1.3 and how many of its bits are unused: digitalSignature. */
        private int usage = 0x80;
        private int unusedUsageBits = 7;
        private List<String> purposes = List.of(TestChainJudge.SERVER_AUTH, TestChainJudge.CLIENT_AUTH);

        private Leaf(String commonName) {
            this.commonName = commonName;
        }

        /** Adds a URI name. A good leaf has exactly one. */
        public Leaf uri(String uri) {
            uris.add(uri);
            return this;
        }

        /** From when to when it is valid. */
        public Leaf valid(Instant begin, Instant end) {
            from = begin;
            to = end;
            return this;
        }

        /** Expired an hour ago. */
        public Leaf expired() {
            Instant now = Instant.now();
            return valid(now.minus(VALIDITY), now.minus(Duration.ofHours(1)));
        }

        /** Valid from tomorrow. */
        public Leaf notYetValid() {
            Instant now = Instant.now();
            return valid(now.plus(Duration.ofDays(1)), now.plus(VALIDITY));
        }

        /** May issue certificates, as no leaf may. */
        public Leaf asAuthority() {
            authority = true;
            // keyCertSign and cRLSign; and digitalSignature, so that this alone is wrong with it as a leaf
            usage = 0x86;
            unusedUsageBits = 1;
            return this;
        }

        /** Its key may not sign handshakes: keyEncipherment alone. */
        public Leaf wrongKeyUsage() {
            usage = 0x20;
            unusedUsageBits = 5;
            return this;
        }

        /** The extended key usages, as numbers; none at all if empty. */
        public Leaf purposes(String... oids) {
            purposes = List.of(oids);
            return this;
        }

        /** Issues it, with a new key. The credentials trust this authority. */
        public TlsCredentials credentials() {
            KeyPair own = newKeys();
            return new TlsCredentials(own.getPrivate(), List.of(sign(own)), judge);
        }

        private X509Certificate sign(KeyPair subject) {
            byte[] algorithm = Der.sequence(Der.oid(ECDSA_WITH_SHA256));
            byte[] content = Der.sequence(
                Der.tagged(0xA0, Der.integer(2)),
                Der.integer(SERIAL_NUMBERS.incrementAndGet()),
                algorithm,
                name("authority of " + trustDomain),
                Der.sequence(Der.time(from), Der.time(to)),
                name(commonName),
                subject.getPublic().getEncoded(),
                Der.tagged(0xA3, extensions(subject)));
            try {
                Signature signature = Signature.getInstance("SHA256withECDSA");
                signature.initSign(keys.getPrivate());
                signature.update(content);
                byte[] whole = Der.sequence(content, algorithm, Der.bits(0, signature.sign()));
                return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(whole));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("found no ECDSA or no X.509 in the Java platform", e);
            }
        }

        private byte[] extensions(KeyPair subject) {
            List<byte[]> all = new ArrayList<>();
            all.add(extension(BASIC_CONSTRAINTS, true, authority ? Der.sequence(Der.bool(true)) : Der.sequence()));
            all.add(extension(KEY_USAGE, true, Der.bits(unusedUsageBits, new byte[] {(byte) usage})));
            all.add(extension(SUBJECT_KEY_ID, false, Der.octets(keyId(subject))));
            all.add(extension(AUTHORITY_KEY_ID, false, Der.sequence(Der.tagged(0x80, keyId(keys)))));
            if (!authority && !purposes.isEmpty()) {
                all.add(extension(EXTENDED_KEY_USAGE, false,
                    Der.sequence(purposes.stream().map(Der::oid).toArray(byte[][]::new))));
            }
            if (!uris.isEmpty()) {
                all.add(extension(ALTERNATIVE_NAME, false, Der.sequence(
                    uris.stream().map(uri -> Der.tagged(0x86, ascii(uri))).toArray(byte[][]::new))));
            }
            return Der.sequence(all.toArray(byte[][]::new));
        }

        private static byte[] extension(String oid, boolean critical, byte[] value) {
            return critical ? Der.sequence(Der.oid(oid), Der.bool(true), Der.octets(value))
                : Der.sequence(Der.oid(oid), Der.octets(value));
        }

        private static byte[] name(String commonName) {
            return Der.sequence(Der.set(Der.sequence(Der.oid(COMMON_NAME), Der.utf8(commonName))));
        }

        private static byte[] ascii(String text) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }

        /** RFC 5280 §4.2.1.2, method 1. */
        private static byte[] keyId(KeyPair of) {
            byte[] encoded = of.getPublic().getEncoded();
            try {
                MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
                sha1.update(encoded, encoded.length - PUBLIC_POINT_BYTES, PUBLIC_POINT_BYTES);
                return sha1.digest();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("found no SHA-1 in the Java platform", e);
            }
        }
    }
}
