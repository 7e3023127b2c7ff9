package io.quorate.distribution.alike;

import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.IdentityContext;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateParsingException;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Those who meet: honest ones with the identity provider in the box, and dishonest ones with any certificate. */
final class Parties {

    static final String TRUST_DOMAIN = "alike.test";

    final TestCertificateAuthority authority = new TestCertificateAuthority(TRUST_DOMAIN);
    final TestCertificateAuthority another = new TestCertificateAuthority(TRUST_DOMAIN);
    private final Path folder;

    Parties(Path folder) {
        this.folder = folder;
    }

    static PeerIdentity node(String name) {
        return new PeerIdentity(TRUST_DOMAIN, PeerIdentity.Kind.NODE, name);
    }

    /** A node as it should be: the provider reads its files. */
    Identity honest(String name) throws Exception {
        TlsCredentials credentials = authority.node(name);
        Path own = Files.createTempDirectory(folder, name);
        write(own.resolve("certificate.pem"), "CERTIFICATE", credentials.chain().get(0).getEncoded());
        write(own.resolve("key.pem"), "PRIVATE KEY", credentials.key().getEncoded());
        write(own.resolve("trust.pem"), "CERTIFICATE", authority.certificate().getEncoded());
        Map<String, String> settings = Map.of("certificate", "certificate.pem", "key", "key.pem", "trust", "trust.pem",
            "trust-domain", TRUST_DOMAIN);
        Identity identity = RealTransports.x509().create(new IdentityContext(own, settings, InstantSource.system()));
        identity.start();
        return identity;
    }

    private static void write(Path file, String type, byte[] content) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, "-----BEGIN " + type + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + type + "-----\n",
            StandardCharsets.US_ASCII);
    }

    /** Claims to be {@code self}, whatever its credentials prove, and trusts the authority itself. */
    Identity dishonest(PeerIdentity self, TlsCredentials credentials) {
        return new Claimed(self, new TlsCredentials(credentials.key(), credentials.chain(), authority.judge()));
    }

    /**
     * A leaf of another authority, which bears the good one's name, in front of the good authority's own certificate:
     * whoever is content with something good somewhere in the chain is fooled (lesson 3).
     */
    TlsCredentials swappedLeaf(String victim) {
        TlsCredentials own = another.node(victim);
        return new TlsCredentials(own.key(), List.of(own.chain().get(0), authority.certificate()), authority.judge());
    }

    private record Claimed(PeerIdentity self, TlsCredentials credentials) implements Identity {
        @Override
        public void start() {
            // nothing to load
        }

        @Override
        public PeerIdentity verify(Evidence evidence) throws CertificateRefusedException {
            try {
                for (List<?> name : evidence.chain().get(0).getSubjectAlternativeNames()) {
                    if (name.get(1) instanceof String uri) {
                        return node(uri.substring(uri.lastIndexOf('/') + 1));
                    }
                }
                throw new CertificateRefusedException(RefusalReason.SPIFFE_ID_MISSING, "found no name");
            } catch (CertificateParsingException e) {
                throw new CertificateRefusedException(RefusalReason.CERTIFICATE_INVALID, "found no readable name", e);
            }
        }

        @Override
        public void close() {
            // nothing is held
        }
    }
}
