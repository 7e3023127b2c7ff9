package io.quorate.identity.x509;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.identity.x509.ca.CertificateAuthority;
import io.quorate.identity.x509.ca.IdentityRequest;
import io.quorate.identity.x509.ca.IssuedIdentity;
import io.quorate.identity.x509.ca.TrustBundle;
import io.quorate.identity.x509.cert.ManualTime;
import io.quorate.identity.x509.cert.OwnerOnlyFiles;
import io.quorate.identity.x509.cert.PemFile;
import io.quorate.identity.x509.cert.TestCertificate;
import io.quorate.spi.identity.IdentityContext;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.identity.IdentityProvider;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a starting node refuses about itself, and how files are renewed under a running one. */
class X509IdentityTest {

    private static final Duration CHECK = Duration.ofMillis(X509Identity.CHECK_INTERVAL_MILLIS);
    private static final Duration RETRY = Duration.ofMillis(X509Identity.RETRY_INTERVAL_MILLIS);

    @TempDir
    private Path base;

    private final ManualTime time = new ManualTime();
    private final RecordingLog log = new RecordingLog();
    private final CertificateAuthority authority = CertificateAuthority.create("example.org", time);
    private Path certificate;
    private Path key;
    private Path trust;

    @BeforeEach
    void issue() throws IOException {
        certificate = base.resolve(IssuedIdentity.CERTIFICATE_FILE);
        key = base.resolve(IssuedIdentity.KEY_FILE);
        trust = base.resolve(IssuedIdentity.TRUST_FILE);
        issued("n1").writeTo(base, false);
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void itIsFoundByItsName() {
        getClass().getModule().addUses(IdentityProvider.class);
        List<String> names = ServiceLoader.load(getClass().getModule().getLayer(), IdentityProvider.class).stream()
            .map(provider -> provider.get().name()).toList();
        assertTrue(names.contains("x509"), names.toString());
    }

    @Test
    void whatTheAuthorityWroteStarts() throws Exception {
        X509Identity identity = started();
        assertEquals("spiffe://example.org/node/n1", identity.self().uri());
        assertEquals("spiffe://example.org/node/n1",
            identity.verify(evidence(identity.credentials().chain())).uri());
        assertSame(identity.credentials(), identity.credentials());
        assertTrue(log.warnings().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"CLIENT", "OPERATOR"})
    void clientsAndOperatorsStartToo(PeerIdentity.Kind kind) throws Exception {
        authority.issue(IdentityRequest.of(kind, "somebody")).writeTo(base, true);
        assertEquals(kind, started().self().kind());
    }

    @Test
    void beforeItsStartThereIsNothingToAsk() {
        assertThrows(IllegalStateException.class, () -> identity().credentials());
        assertThrows(IllegalStateException.class, () -> identity().self());
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        for (Path file : List.of(certificate, key, trust)) {
            byte[] content = Files.readAllBytes(file);
            Files.delete(file);
            refused(file.toString(), "no such file");
            OwnerOnlyFiles.writeSecret(file, content, false);
        }
    }

    @Test
    void aKeyOfAnotherCertificateIsRefused() throws IOException {
        OwnerOnlyFiles.writeSecret(key, PemFile.encodePrivateKey(issued("n1").key()), true);
        refused(key.toString(), "does not belong to the certificate " + certificate);
    }

    @Test
    void aKeyOfAnotherAlgorithmIsRefused() throws IOException {
        OwnerOnlyFiles.writeSecret(key, PemFile.encodePrivateKey(TestCertificate.newKeys("RSA").getPrivate()), true);
        refused(key.toString(), "does not belong");
        OwnerOnlyFiles.writeSecret(key, PemFile.encodePrivateKey(TestCertificate.newKeys("Ed25519").getPrivate()),
            true);
        refused(key.toString(), "expected EC (better) or RSA");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-rw-rw-", "rwx------"})
    void aKeyOpenToOthersIsRefused(String permissions) throws IOException {
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(permissions));
        refused(key.toString(), permissions, "0600", "chmod 600");
    }

    @Test
    void aKeyThatItsOwnerCanOnlyReadIsFine() throws Exception {
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("r--------"));
        assertEquals("n1", started().self().name());
    }

    @Test
    void aKeyOfAnotherUserIsRefused() throws IOException {
        Assumptions.assumeTrue((int) Files.getAttribute(key, "unix:uid") == 0, "only root can give files away");
        Files.setAttribute(key, "unix:uid", 12_345);
        refused(key.toString(), "uid 12345", "chown 0 ");
    }

    @Test
    void aLinkToAKeyOpenToOthersIsRefused() throws Exception {
        Path real = base.resolve("real.pem");
        Files.move(key, real);
        Files.createSymbolicLink(key, real);
        assertEquals("n1", started().self().name());
        Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-r--r--"));
        refused(key.toString(), "rw-r--r--");
    }

    @Test
    void anExpiredCertificateIsRefused() {
        time.advance(IdentityRequest.NODE_VALIDITY.plusSeconds(1));
        refused(certificate.toString(), "expired at 2031-06-15T12:00:00Z", "renew");
    }

    @Test
    void aForeignAuthorityIsRefused() throws IOException {
        Files.delete(trust);
        TrustBundle.add(trust, CertificateAuthority.create("example.org", time).certificate());
        refused(certificate.toString(), "issued by", trust.toString());
    }

    @Test
    void anAuthoritysOwnCertificateIsNoIdentity() throws IOException {
        authority.save(base, false);
        Files.move(base.resolve(CertificateAuthority.CERTIFICATE_FILE), certificate,
            StandardCopyOption.REPLACE_EXISTING);
        Files.move(base.resolve(CertificateAuthority.KEY_FILE), key,
            StandardCopyOption.REPLACE_EXISTING);
        refused(certificate.toString(), "as leaf", "leaf first");
    }

    @Test
    void aFileThatBeginsWithTheAuthorityIsRefused() throws IOException {
        IssuedIdentity n1 = issued("n1");
        n1.writeTo(base, true);
        Files.write(certificate, PemFile.encodeCertificates(List.of(n1.authority(), n1.leaf())));
        refused("leaf first");
    }

    @Test
    void anotherTrustDomainIsRefused() throws IOException {
        CertificateAuthority other = CertificateAuthority.create("example.com", time);
        other.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1")).writeTo(base, true);
        refused("found trust domain example.com", "expected example.org", "trust-domain");
    }

    @Test
    void otherThingsInTheFilesAreNamed() throws IOException {
        byte[] goodCertificate = Files.readAllBytes(certificate);
        byte[] goodKey = Files.readAllBytes(key);
        Files.write(certificate, goodKey);
        refused(certificate.toString(), "\"PRIVATE KEY\"");
        Files.write(certificate, "hello".getBytes(StandardCharsets.US_ASCII));
        refused(certificate.toString(), "no PEM block");
        Files.write(certificate, new String(goodCertificate, StandardCharsets.US_ASCII).replaceFirst("MII", "M!I")
            .getBytes(StandardCharsets.US_ASCII));
        refused(certificate.toString(), "damaged");
        Files.write(certificate, new byte[PemFile.MAX_FILE_BYTES + 1]);
        refused(certificate.toString(), "expected at most");
        Files.write(certificate, goodCertificate);
        Files.write(key, goodCertificate);
        refused(key.toString(), "[CERTIFICATE]", "PKCS#8");
        Files.write(key, new String(goodKey, StandardCharsets.US_ASCII).replace("PRIVATE", "ENCRYPTED PRIVATE")
            .getBytes(StandardCharsets.US_ASCII));
        refused(key.toString(), "ENCRYPTED PRIVATE KEY", "not encrypted", "openssl pkcs8");
        Files.write(key, goodKey);
        Files.write(trust, goodCertificate);
        refused(trust.toString(), "no certificate authority");
    }

    @Test
    void anIntermediateIsNoTrustedAuthority() throws IOException {
        Files.write(trust, PemFile.encodeCertificates(List.of(TestCertificate.root("r").intermediate("i").get())));
        refused(trust.toString(), "intermediate", "roots alone");
    }

    @Test
    void aDamagedKeyIsRefusedWithoutShowingIt() throws IOException {
        String pem = Files.readString(key);
        String secret = pem.lines().skip(1).findFirst().orElseThrow();
        Files.writeString(key, pem.replace(secret, secret.substring(4)));
        IdentityException e = assertThrows(IdentityException.class, () -> identity().start());
        assertTrue(e.getMessage().contains("damaged"), e.getMessage());
        assertFalse(e.getMessage().contains(secret.substring(8, 24)));
    }

    @Test
    void unknownAndMissingSettingsAreNamedAtCreation() {
        IllegalArgumentException unknown = assertThrows(IllegalArgumentException.class,
            () -> settings(Map.of("certificat", "x")));
        assertTrue(unknown.getMessage().contains("certificate, key, trust, trust-domain; did you mean \"certificate\""),
            unknown.getMessage());
        IllegalArgumentException typo = assertThrows(IllegalArgumentException.class,
            () -> settings(Map.of("trustdomain", "x")));
        assertTrue(typo.getMessage().contains("did you mean \"trust-domain\""), typo.getMessage());
        IllegalArgumentException missing = assertThrows(IllegalArgumentException.class,
            () -> settings(Map.of("certificate", "c", "key", "k", "trust-domain", "example.org")));
        assertTrue(missing.getMessage().contains("found no setting \"trust\""), missing.getMessage());
        assertThrows(IllegalArgumentException.class, () -> settings(Map.of("certificate", "c", "key", "k",
            "trust", "t", "trust-domain", "Example.org")));
    }

    @Test
    void creationReadsNothing() {
        Path nowhere = base.resolve("nowhere");
        new X509IdentityProvider().create(new IdentityContext(nowhere, Map.of("certificate", "c",
            "key", "k", "trust", "t", "trust-domain", "example.org"), time)).close();
    }

    @Test
    void aRenewedCertificateIsUsedWithoutARestart() throws Exception {
        X509Identity identity = started();
        TlsCredentials before = identity.credentials();
        IssuedIdentity renewed = issued("n1");
        renewed.writeTo(base, true);
        assertSame(before, identity.credentials(), "looks at the files once a second at most");
        time.advance(CHECK);
        TlsCredentials after = identity.credentials();
        assertNotSame(before, after);
        assertEquals(renewed.leaf(), after.chain().get(0));
        assertEquals(renewed.key(), after.key());
        assertSame(after, identity.credentials());
        time.advance(CHECK);
        assertSame(after, identity.credentials());
    }

    @Test
    void filesThatWereOnlyTouchedChangeNothing() throws Exception {
        X509Identity identity = started();
        TlsCredentials before = identity.credentials();
        Files.write(certificate, Files.readAllBytes(certificate));
        Files.setLastModifiedTime(certificate, FileTime.fromMillis(1));
        time.advance(CHECK);
        assertSame(before, identity.credentials());
    }

    @Test
    void halfOfARenewalKeepsTheOldAndIsLoggedOnce() throws Exception {
        X509Identity identity = started();
        TlsCredentials before = identity.credentials();
        IssuedIdentity renewed = issued("n1");
        OwnerOnlyFiles.writeSecret(key, PemFile.encodePrivateKey(renewed.key()), true);
        for (int i = 0; i < 30; i++) {
            time.advance(CHECK);
            assertSame(before, identity.credentials());
        }
        assertEquals(1, log.warnings().size(), log.warnings().toString());
        assertTrue(log.warnings().get(0).contains("does not belong"), log.warnings().get(0));
        OwnerOnlyFiles.writePublic(certificate, PemFile.encodeCertificates(renewed.chain()), true);
        time.advance(CHECK);
        assertEquals(renewed.leaf(), identity.credentials().chain().get(0));
    }

    @Test
    void aRenewalThatIsOnlyGoodLaterIsTakenUpLater() throws Exception {
        X509Identity identity = started();
        TlsCredentials before = identity.credentials();
        ManualTime ahead = new ManualTime();
        ahead.advance(CertificateAuthority.CLOCK_TOLERANCE.plus(CHECK).plus(RETRY));
        authority.save(base, false);
        IssuedIdentity early = CertificateAuthority.load(base, ahead)
            .issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n1"));
        early.writeTo(base, true);
        time.advance(CHECK);
        assertSame(before, identity.credentials());
        assertTrue(log.warnings().get(0).contains("not valid before"), log.warnings().toString());
        time.advance(RETRY);
        assertEquals(early.leaf(), identity.credentials().chain().get(0));
    }

    @Test
    void anotherIdentityIsNotTakenUpWhileRunning() throws Exception {
        X509Identity identity = started();
        issued("n2").writeTo(base, true);
        time.advance(CHECK);
        assertEquals("n1", identity.verify(evidence(identity.credentials().chain())).name());
        assertEquals("n1", identity.self().name());
        assertTrue(log.warnings().get(0).contains("expected one of spiffe://example.org/node/n1"));
    }

    @Test
    void filesThatVanishChangeNothing() throws Exception {
        X509Identity identity = started();
        TlsCredentials before = identity.credentials();
        Files.delete(certificate);
        time.advance(CHECK);
        assertSame(before, identity.credentials());
        assertEquals(1, log.warnings().size());
    }

    @Test
    void aWholeAuthorityIsReplacedWithoutAnInterruption() throws Exception {
        CertificateAuthority next = CertificateAuthority.create("example.org", time);
        IssuedIdentity peerOfNext = next.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, "n2"));
        X509Identity identity = started();
        assertEquals(RefusalReason.UNTRUSTED_AUTHORITY, reasonOf(identity, peerOfNext));

        TrustBundle.add(trust, next.certificate());
        time.advance(CHECK);
        assertEquals("n2", identity.verify(evidence(peerOfNext.chain())).name());
        assertEquals("n2", identity.verify(evidence(issued("n2").chain())).name());
        identity.credentials().trust().checkClientTrusted(peerOfNext.chain().toArray(X509Certificate[]::new), "EC");

        next.renew(identity.credentials().chain().get(0)).writeTo(base, true);
        TrustBundle.remove(trust, authority.certificate());
        time.advance(CHECK);
        assertEquals(next.certificate().getSubjectX500Principal(),
            identity.credentials().chain().get(0).getIssuerX500Principal());
        assertEquals(RefusalReason.UNTRUSTED_AUTHORITY, reasonOf(identity, issued("n2")));
    }

    @Test
    void verifyJudgesInFull() throws Exception {
        X509Identity identity = started();
        X509Certificate strange = TestCertificate.root("other").leaf("spiffe://example.org/node/n2").get();
        CertificateRefusedException e = assertThrows(CertificateRefusedException.class,
            () -> identity.verify(evidence(List.of(strange, issued("n2").leaf()))));
        assertEquals(RefusalReason.UNTRUSTED_AUTHORITY, e.reason());
        IssuedIdentity short1 = authority.issue(IdentityRequest.of(PeerIdentity.Kind.CLIENT, "app")
            .withValidity(Duration.ofMinutes(5)));
        assertEquals("app", identity.verify(evidence(short1.chain())).name());
        time.advance(Duration.ofMinutes(6));
        assertEquals(RefusalReason.CERTIFICATE_EXPIRED, reasonOf(identity, short1));
    }

    @Test
    void aCertificateNearItsEndIsWarnedOfOnce() throws Exception {
        X509Identity identity = started();
        time.advance(IdentityRequest.NODE_VALIDITY.minus(X509Identity.EXPIRY_WARNING));
        identity.credentials();
        time.advance(CHECK);
        identity.credentials();
        assertEquals(1, log.warnings().size(), log.warnings().toString());
        assertTrue(log.warnings().get(0).contains("2031-06-15T12:00:00Z"), log.warnings().toString());
    }

    @Test
    void manyThreadsSeeOneRenewal() throws Exception {
        X509Identity identity = started();
        IssuedIdentity renewed = issued("n1");
        renewed.writeTo(base, true);
        time.advance(CHECK);
        int threads = 8;
        CyclicBarrier barrier = new CyclicBarrier(threads);
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            Callable<TlsCredentials> ask = () -> {
                barrier.await();
                return identity.credentials();
            };
            for (Future<TlsCredentials> answer : executor.invokeAll(
                    IntStream.range(0, threads).mapToObj(i -> ask).toList())) {
                assertEquals("CN=n1,OU=node", answer.get().chain().get(0).getSubjectX500Principal().getName());
            }
        }
        assertEquals(renewed.leaf(), identity.credentials().chain().get(0));
        assertEquals(1, log.lines().stream().filter(line -> line.contains("have changed")).count());
    }

    @Test
    void nothingSecretIsShown() throws Exception {
        X509Identity identity = started();
        String shown = identity.credentials() + " " + issued("n1") + " " + authority;
        assertFalse(shown.contains("PrivateKey"), shown);
    }

    private IssuedIdentity issued(String name) {
        return authority.issue(IdentityRequest.of(PeerIdentity.Kind.NODE, name));
    }

    private X509Settings settings(Map<String, String> settings) {
        return X509Settings.of(new IdentityContext(base, settings, time));
    }

    private X509Identity identity() {
        return new X509Identity(settings(Map.of("certificate", "certificate.pem", "key", "key.pem",
            "trust", "trust.pem", "trust-domain", "example.org")), time, log.logger());
    }

    private X509Identity started() throws IdentityException {
        X509Identity identity = identity();
        identity.start();
        return identity;
    }

    private void refused(String... words) {
        IdentityException e = assertThrows(IdentityException.class, () -> identity().start());
        for (String word : words) {
            assertTrue(e.getMessage().contains(word), () -> "expected \"" + word + "\" in: " + e.getMessage());
        }
        assertTrue(e.getMessage().contains("found") && e.getMessage().contains("expected"), e.getMessage());
    }

    private static RefusalReason reasonOf(X509Identity identity, IssuedIdentity other) {
        return assertThrows(CertificateRefusedException.class, () -> identity.verify(evidence(other.chain()))).reason();
    }

    private static Evidence evidence(List<X509Certificate> chain) {
        return new Evidence(chain, Bytes.empty(), Optional.empty(), "test");
    }
}
