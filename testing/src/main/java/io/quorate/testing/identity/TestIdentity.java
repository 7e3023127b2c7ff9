package io.quorate.testing.identity;

import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * An identity without cryptography, for simulations over the in-memory transport. It refuses other trust domains and
 * certificates that it did not make, and nothing else. Never use it over a network.
 */
public final class TestIdentity implements Identity {

    private final PeerIdentity self;
    private volatile TlsCredentials credentials;

    private TestIdentity(PeerIdentity self) {
        this.self = self;
        renew(Long.MAX_VALUE);
    }

    /**
     * Gives it a new certificate, valid until then by the virtual wall clock, for connections from now on. Whether one
     * is expired is for nobody to find out here: {@link #verify} accepts it all the same.
     */
    public void renew(long notAfterWallMillis) {
        credentials = new TlsCredentials(new TestKey(), List.of(new TestCertificate(self, notAfterWallMillis)),
            new TestTrust((chain, server) -> judge(List.of(chain))));
    }

    /** A node's identity in the trust domain {@code test}. */
    public static TestIdentity node(String name) {
        return of(new PeerIdentity("test", PeerIdentity.Kind.NODE, name));
    }

    /** An application's identity in the trust domain {@code test}. */
    public static TestIdentity client(String name) {
        return of(new PeerIdentity("test", PeerIdentity.Kind.CLIENT, name));
    }

    /** An operator's identity in the trust domain {@code test}. */
    public static TestIdentity operator(String name) {
        return of(new PeerIdentity("test", PeerIdentity.Kind.OPERATOR, name));
    }

    public static TestIdentity of(PeerIdentity identity) {
        return new TestIdentity(identity);
    }

    @Override
    public void start() {
        // Nothing to load.
    }

    @Override
    public PeerIdentity self() {
        return self;
    }

    @Override
    public TlsCredentials credentials() {
        return credentials;
    }

    @Override
    public PeerIdentity verify(Evidence evidence) throws CertificateRefusedException {
        return judge(evidence.chain());
    }

    @Override
    public void close() {
        // Nothing is held.
    }

    private PeerIdentity judge(List<X509Certificate> chain) throws CertificateRefusedException {
        if (chain.isEmpty() || !(chain.get(0) instanceof TestCertificate certificate)) {
            throw new CertificateRefusedException(RefusalReason.UNTRUSTED_AUTHORITY, "found no test certificate");
        }
        String[] parts = certificate.uri().split("/");
        if (!parts[2].equals(self.trustDomain())) {
            throw new CertificateRefusedException(RefusalReason.WRONG_TRUST_DOMAIN, "found trust domain " + parts[2]
                + ", expected " + self.trustDomain());
        }
        for (PeerIdentity.Kind kind : PeerIdentity.Kind.values()) {
            if (kind.segment().equals(parts[3])) {
                return new PeerIdentity(parts[2], kind, parts[4]);
            }
        }
        throw new CertificateRefusedException(RefusalReason.SPIFFE_ID_MALFORMED, "found " + certificate.uri());
    }

    private static final class TestKey implements PrivateKey {
        private static final long serialVersionUID = 1L;

        @Override
        public String getAlgorithm() {
            return "NONE";
        }

        @Override
        public String getFormat() {
            return null;
        }

        @Override
        public byte[] getEncoded() {
            return null;
        }
    }
}
