package io.quorate.transport.quic;

import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import java.math.BigInteger;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for one test, and a judge that takes its certificates alone. */
final class TestAuthority {

    private static final AtomicLong SERIAL = new AtomicLong();

    private final String name;
    private final KeyPair keys = keys();
    private final X509Certificate root;

    TestAuthority(String name) {
        this.name = name;
        this.root = certificate("CN=" + name, keys, true, null, Duration.ofHours(1));
    }

    TlsCredentials credentials(String node) {
        return credentials(node, Duration.ofHours(1));
    }

    /** Credentials that are past their end already, by this authority's own judge. */
    TlsCredentials expired(String node) {
        return credentials(node, Duration.ofHours(-1));
    }

    /** Credentials whose judge answers as {@code judge} does. */
    TlsCredentials credentials(String node, Judge judge) {
        TlsCredentials good = credentials(node);
        return new TlsCredentials(good.key(), good.chain(), new Trust(judge));
    }

    private TlsCredentials credentials(String node, Duration validity) {
        KeyPair own = keys();
        X509Certificate leaf =
            certificate("CN=" + node, own, false, "spiffe://test.quorate/node/" + node, validity);
        return new TlsCredentials(own.getPrivate(), List.of(leaf), new Trust(this::judge));
    }

    private void judge(X509Certificate[] chain) throws CertificateException {
        try {
            chain[0].verify(root.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateRefusedException(RefusalReason.UNTRUSTED_AUTHORITY,
                "found a certificate of " + chain[0].getIssuerX500Principal() + ", expected one of CN=" + name, e);
        }
        if (chain[0].getNotAfter().toInstant().isBefore(Instant.now())) {
            throw new CertificateRefusedException(RefusalReason.CERTIFICATE_EXPIRED,
                "found a certificate that ended at " + chain[0].getNotAfter().toInstant());
        }
    }

    private X509Certificate certificate(String subject, KeyPair own, boolean authority, String uri, Duration validity) {
        try {
            Instant now = Instant.now();
            var builder = new JcaX509v3CertificateBuilder(new X500Name("CN=" + name),
                BigInteger.valueOf(SERIAL.incrementAndGet()), Date.from(now.minus(Duration.ofHours(2))),
                Date.from(now.plus(validity)), new X500Name(subject), own.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
            if (uri != null) {
                builder.addExtension(Extension.subjectAlternativeName, false,
                    new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
            }
            return new JcaX509CertificateConverter().getCertificate(
                builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
        } catch (CertIOException | OperatorCreationException | CertificateException e) {
            throw new AssertionError(e);
        }
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    interface Judge {
        void judge(X509Certificate[] chain) throws CertificateException;
    }

    private static final class Trust extends X509ExtendedTrustManager {
        private final Judge judge;

        private Trust(Judge judge) {
            this.judge = judge;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            judge.judge(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            judge.judge(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            judge.judge(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            judge.judge(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            judge.judge(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            judge.judge(chain);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
