package io.quorate.identity.x509.ca;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.identity.x509.cert.ChainJudge;
import io.quorate.identity.x509.cert.ManualTime;
import io.quorate.identity.x509.cert.PemFile;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the authority issues, and how it keeps it. */
class CertificateAuthorityTest {

    private static final Instant NOW = ManualTime.START;
    private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

    @TempDir
    private Path base;

    private final ManualTime time = new ManualTime();
    private final CertificateAuthority authority = CertificateAuthority.create("example.org", time);

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void aRootIssuesLeavesAlone() {
        X509Certificate root = authority.certificate();
        CertificateDescription said = CertificateDescription.of(root);
        assertEquals(0, root.getBasicConstraints());
        assertEquals(List.of("keyCertSign", "cRLSign"), said.keyUsage());
        assertEquals("EC 256", said.publicKey());
        assertEquals("SHA256withECDSA", root.getSigAlgName());
        assertEquals(Optional.of("spiffe://example.org"), said.spiffeId());
        assertEquals(NOW.plus(CertificateAuthority.AUTHORITY_VALIDITY), said.notAfter());
        assertEquals(NOW.minus(CertificateAuthority.CLOCK_TOLERANCE), said.notBefore());
        assertTrue(root.getCriticalExtensionOIDs().containsAll(Set.of("2.5.29.15", "2.5.29.19")));
        assertTrue(said.authority());
    }

    @Test
    void aNodesCertificateSaysWhatItIsTo() throws Exception {
        IssuedIdentity node = authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1")
            .withHosts(List.of("n1.example.org"), List.of("127.0.0.1", "::1")));
        CertificateDescription said = CertificateDescription.of(node.leaf());
        assertEquals("CN=n1,OU=node", said.subject());
        assertEquals(authority.certificate().getSubjectX500Principal().getName(), said.issuer());
        assertEquals(Optional.of("spiffe://example.org/node/n1"), said.spiffeId());
        assertEquals(List.of("digitalSignature"), said.keyUsage());
        assertEquals(List.of("serverAuth", "clientAuth"), said.extendedKeyUsage());
        assertEquals(List.of("dns:n1.example.org", "ip:127.0.0.1", "ip:0:0:0:0:0:0:0:1"), said.alternativeNames());
        assertEquals(NOW.plus(IdentityRequest.NODE_VALIDITY), said.notAfter());
        assertEquals(NOW.minus(CertificateAuthority.CLOCK_TOLERANCE), said.notBefore());
        assertFalse(said.authority());
        assertFalse(node.leaf().getCriticalExtensionOIDs().contains(SUBJECT_ALTERNATIVE_NAME));
        assertEquals(64, said.fingerprint().length());
        assertArrayEquals(keyId(authority.certificate(), "2.5.29.14", 4), keyId(node.leaf(), "2.5.29.35", 6));
        assertEquals("n1", judge().judge(node.chain(), ChainJudge.Role.SERVER).name());
    }

    @Test
    void clientsAndOperatorsOnlyDial() throws Exception {
        for (PeerIdentity.Kind kind : List.of(PeerIdentity.Kind.CLIENT, PeerIdentity.Kind.OPERATOR)) {
            IssuedIdentity caller = authority.issue(IdentityRequest.of(kind, "ada"));
            CertificateDescription said = CertificateDescription.of(caller.leaf());
            assertEquals(List.of("clientAuth"), said.extendedKeyUsage());
            assertEquals(NOW.plus(IdentityRequest.CALLER_VALIDITY), said.notAfter());
            assertEquals(kind, judge().judge(caller.chain(), ChainJudge.Role.CLIENT).kind());
        }
    }

    @Test
    void serialNumbersAreRandomAndPositive() {
        Set<BigInteger> seen = new HashSet<>();
        int longest = 0;
        for (int i = 0; i < 50; i++) {
            BigInteger serial = authority.issue(IdentityRequest.of(PeerIdentity.Kind.CLIENT, "a")).leaf()
                .getSerialNumber();
            assertEquals(1, serial.signum());
            longest = Math.max(longest, serial.bitLength());
            assertTrue(seen.add(serial));
        }
        assertTrue(longest > 120 && longest <= 128, "found " + longest + " bits");
    }

    @Test
    void whatItIssuesEndsWithTheAuthority() {
        time.advance(CertificateAuthority.AUTHORITY_VALIDITY.minusDays(10));
        IssuedIdentity late = authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        assertEquals(authority.certificate().getNotAfter(), late.leaf().getNotAfter());
        time.advance(Duration.ofDays(10));
        assertThrows(IllegalStateException.class,
            () -> authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1")));
    }

    @Test
    void aRenewalKeepsEverythingButKeyAndTime() throws Exception {
        IssuedIdentity first = authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1")
            .withValidity(Duration.ofDays(30)).withHosts(List.of("n1.example.org"), List.of("10.0.0.1")));
        time.advance(Duration.ofDays(40));
        IssuedIdentity second = authority.renew(first.leaf());
        CertificateDescription before = CertificateDescription.of(first.leaf());
        CertificateDescription after = CertificateDescription.of(second.leaf());
        assertEquals(before.spiffeId(), after.spiffeId());
        assertEquals(before.alternativeNames(), after.alternativeNames());
        assertEquals(before.extendedKeyUsage(), after.extendedKeyUsage());
        assertEquals(Duration.between(before.notBefore(), before.notAfter()),
            Duration.between(after.notBefore(), after.notAfter()));
        assertNotEquals(first.key(), second.key());
        assertNotEquals(before.serialNumber(), after.serialNumber());
    }

    @Test
    void aCertificateOfAnotherTrustDomainIsNotRenewed() {
        IssuedIdentity foreign = CertificateAuthority.create("example.com", time)
            .issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        assertEquals(RefusalReason.WRONG_TRUST_DOMAIN,
            assertThrows(CertificateRefusedException.class, () -> authority.renew(foreign.leaf())).reason());
    }

    @Test
    void malformedRequestsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> IdentityRequest.of(PeerIdentity.Kind.NODE, "N1"));
        assertThrows(IllegalArgumentException.class, () -> IdentityRequest.of(PeerIdentity.Kind.NODE, "n1/../n2"));
        IdentityRequest good = IdentityRequest.of(PeerIdentity.Kind.NODE, "n1");
        assertThrows(IllegalArgumentException.class, () -> good.withValidity(Duration.ZERO));
        assertThrows(IllegalArgumentException.class,
            () -> authority.issue(good.withHosts(List.of("a host"), List.of())));
        assertThrows(IllegalArgumentException.class,
            () -> authority.issue(good.withHosts(List.of(), List.of("300.1.1.1"))));
        assertThrows(IllegalArgumentException.class, () -> CertificateAuthority.create("Example.org", time));
        assertThrows(IllegalArgumentException.class, () -> CertificateAuthority.create("", time));
    }

    @Test
    void anAuthorityComesBackFromItsDirectory() throws Exception {
        Path directory = base.resolve("pki/ca");
        authority.save(directory, false);
        CertificateAuthority loaded = CertificateAuthority.load(directory, time);
        assertEquals("example.org", loaded.trustDomain());
        assertEquals(authority.certificate(), loaded.certificate());
        IssuedIdentity node = loaded.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        assertEquals("n1", judge().judge(node.chain(), ChainJudge.Role.ANY).name());
        assertEquals("rwx------", permissions(directory));
        assertEquals("rwx------", permissions(base.resolve("pki")));
        assertEquals("rw-------", permissions(directory.resolve(CertificateAuthority.KEY_FILE)));
        assertEquals(2, names(directory).size(), names(directory).toString());
    }

    @Test
    void anAuthorityIsNeverReplacedUnasked() throws Exception {
        authority.save(base, false);
        CertificateAuthority other = CertificateAuthority.create("example.org", time);
        assertThrows(FileAlreadyExistsException.class, () -> other.save(base, false));
        Files.delete(base.resolve(CertificateAuthority.CERTIFICATE_FILE));
        assertThrows(FileAlreadyExistsException.class, () -> other.save(base, false), "the key is the treasure");
        authority.save(base, true);
        assertEquals(authority.certificate(), CertificateAuthority.load(base, time).certificate());
        other.save(base, true);
        assertEquals(other.certificate(), CertificateAuthority.load(base, time).certificate());
        assertEquals(2, names(base).size(), names(base).toString());
    }

    @Test
    void anAuthorityThatIsNotInOrderIsRefused() throws Exception {
        authority.save(base, false);
        Path keyFile = base.resolve(CertificateAuthority.KEY_FILE);
        Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-r-----"));
        refused("rw-r-----");
        Files.write(keyFile, PemFile.encodePrivateKey(authority.issue(
            IdentityRequest.of(PeerIdentity.Kind.NODE, "n1")).key()));
        Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-------"));
        refused("does not belong");
        authority.save(base, true);
        Files.write(base.resolve(CertificateAuthority.CERTIFICATE_FILE), PemFile.encodeCertificates(
            authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1")).chain()));
        refused("expected the one self-signed certificate");
        authority.save(base, true);
        time.advance(CertificateAuthority.AUTHORITY_VALIDITY.plusSeconds(1));
        refused("expired");
    }

    @Test
    void anIdentitysFilesAreItsOwnersFromTheStart() throws Exception {
        Path directory = base.resolve("n1");
        IssuedIdentity node = authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        node.writeTo(directory, false);
        assertEquals("rwx------", permissions(directory));
        assertEquals("rw-------", permissions(directory.resolve(IssuedIdentity.KEY_FILE)));
        assertEquals(node.key(), PemFile.readPrivateKey(directory.resolve(IssuedIdentity.KEY_FILE)));
        assertEquals(node.chain(), PemFile.readCertificates("certificate",
            directory.resolve(IssuedIdentity.CERTIFICATE_FILE)));
        assertEquals(List.of(authority.certificate()), TrustBundle.read(directory.resolve(IssuedIdentity.TRUST_FILE)));
        assertEquals(3, names(directory).size(), names(directory).toString());
        assertEquals("example.org", node.settings(directory).get("trust-domain"));
    }

    @Test
    void anIdentityIsNeverReplacedUnasked() throws Exception {
        IssuedIdentity first = authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        IssuedIdentity second = authority.renew(first.leaf());
        first.writeTo(base, false);
        for (String file : List.of(IssuedIdentity.CERTIFICATE_FILE, IssuedIdentity.TRUST_FILE)) {
            Files.delete(base.resolve(file));
            assertThrows(FileAlreadyExistsException.class, () -> second.writeTo(base, false));
            assertFalse(Files.exists(base.resolve(file)), "nothing may be written");
        }
        second.writeTo(base, true);
        assertEquals(second.key(), PemFile.readPrivateKey(base.resolve(IssuedIdentity.KEY_FILE)));
    }

    @Test
    void aBundleHoldsAnAuthorityOnceAndNeverNone() throws Exception {
        Path file = base.resolve("trust.pem");
        X509Certificate next = CertificateAuthority.create("example.org", time).certificate();
        assertTrue(TrustBundle.add(file, authority.certificate()));
        assertFalse(TrustBundle.add(file, authority.certificate()));
        assertTrue(TrustBundle.add(file, next));
        assertEquals(List.of(authority.certificate(), next), TrustBundle.read(file));
        assertTrue(TrustBundle.remove(file, authority.certificate()));
        assertFalse(TrustBundle.remove(file, authority.certificate()));
        IOException e = assertThrows(IOException.class, () -> TrustBundle.remove(file, next));
        assertTrue(e.getMessage().contains("add the new authority first"), e.getMessage());
        assertEquals(List.of(next), TrustBundle.read(file));
    }

    @Test
    void aDamagedBundleIsNotOverwritten() throws Exception {
        Path file = base.resolve("trust.pem");
        Files.writeString(file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assertThrows(IOException.class, () -> TrustBundle.add(file, authority.certificate()));
        assertTrue(Files.readString(file).contains("AAAA"));
    }

    @Test
    void noSecurityProviderIsRegistered() {
        authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        assertTrue(Stream.of(Security.getProviders()).noneMatch(provider -> provider.getName().startsWith("BC")));
    }

    private ChainJudge judge() {
        return new ChainJudge(List.of(authority.certificate()), "example.org", time);
    }

    private void refused(String word) {
        IdentityException e = assertThrows(IdentityException.class, () -> CertificateAuthority.load(base, time));
        assertTrue(e.getMessage().contains(word), e.getMessage());
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** A key identifier without the tags around it: 20 bytes, in both extensions the last ones. */
    private static byte[] keyId(X509Certificate certificate, String oid, int headerBytes) {
        byte[] value = certificate.getExtensionValue(oid);
        assertEquals(headerBytes + 20, value.length);
        return Arrays.copyOfRange(value, headerBytes, value.length);
    }
}
