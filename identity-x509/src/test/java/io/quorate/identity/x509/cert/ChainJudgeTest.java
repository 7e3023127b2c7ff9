package io.quorate.identity.x509.cert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.identity.x509.cert.ChainJudge.Role;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every reason of the certificate group, and the chains that must pass. */
class ChainJudgeTest {

    private static final String NODE = "spiffe://example.org/node/n1";
    private static final Duration DAY = Duration.ofDays(1);

    private final ManualTime time = new ManualTime();
    private final TestCertificate root = TestCertificate.root("root");
    private final ChainJudge judge = new ChainJudge(List.of(root.get()), "example.org", time);

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    void aNodeIsANodeInEveryRole(Role role) throws Exception {
        PeerIdentity identity = judge.judge(List.of(root.leaf(NODE).get()), role);
        assertEquals(new PeerIdentity("example.org", PeerIdentity.Kind.NODE, "n1"), identity);
        assertEquals(NODE, identity.uri());
    }

    @Test
    void aClientNeedsNoServerAuthUnlessItServes() throws Exception {
        List<X509Certificate> chain = List.of(root.leaf("spiffe://example.org/client/app")
            .purposes(KeyPurposeId.id_kp_clientAuth).get());
        assertEquals(PeerIdentity.Kind.CLIENT, judge.judge(chain, Role.CLIENT).kind());
        assertEquals(PeerIdentity.Kind.CLIENT, judge.judge(chain, Role.ANY).kind());
        refused(RefusalReason.WRONG_KEY_USAGE, chain, Role.SERVER);
    }

    @Test
    void nothingPresentedIsNoCertificate() {
        refused(RefusalReason.NO_CERTIFICATE, List.of());
    }

    @Test
    void anotherAuthorityIsUntrusted() {
        refused(RefusalReason.UNTRUSTED_AUTHORITY, TestCertificate.root("other").leaf(NODE));
    }

    @Test
    void anotherAuthorityOfTheSameNameIsUntrusted() {
        refused(RefusalReason.UNTRUSTED_AUTHORITY, TestCertificate.root("root").leaf(NODE));
    }

    @Test
    void aDamagedSignatureIsUntrusted() {
        refused(RefusalReason.UNTRUSTED_AUTHORITY, root.leaf(NODE).damagedSignature());
    }

    @Test
    void aSelfSignedLeafIsUntrusted() {
        refused(RefusalReason.UNTRUSTED_AUTHORITY, TestCertificate.root("n1").authority(false)
            .keyUsage(KeyUsage.digitalSignature).uri(NODE));
    }

    @Test
    void theAuthorityIsJudgedBeforeWhatAStrangerWrote() {
        refused(RefusalReason.UNTRUSTED_AUTHORITY, TestCertificate.root("other").leaf().authority(true)
            .valid(ManualTime.START.minus(DAY.multipliedBy(9)), ManualTime.START.minus(DAY)));
    }

    @Test
    void anExpiredLeafIsExpiredFromTheSecondAfterItsEnd() throws Exception {
        TestCertificate leaf = root.leaf(NODE).valid(ManualTime.START.minus(DAY), ManualTime.START);
        judge.judge(List.of(leaf.get()), Role.ANY);
        time.advance(Duration.ofSeconds(1));
        refused(RefusalReason.CERTIFICATE_EXPIRED, leaf);
    }

    @Test
    void aLeafOfTheFutureIsNotYetValid() throws Exception {
        TestCertificate leaf = root.leaf(NODE).valid(ManualTime.START.plusSeconds(1), ManualTime.START.plus(DAY));
        refused(RefusalReason.CERTIFICATE_NOT_YET_VALID, leaf);
        time.advance(Duration.ofSeconds(1));
        judge.judge(List.of(leaf.get()), Role.ANY);
    }

    @Test
    void anExpiredAuthorityVouchesForNobody() {
        TestCertificate old = TestCertificate.root("old").valid(ManualTime.START.minus(DAY), ManualTime.START);
        ChainJudge withOld = new ChainJudge(List.of(old.get()), "example.org", time);
        time.advance(Duration.ofSeconds(1));
        CertificateRefusedException e = assertThrows(CertificateRefusedException.class,
            () -> withOld.judge(List.of(old.leaf(NODE).get()), Role.ANY));
        assertEquals(RefusalReason.CERTIFICATE_EXPIRED, e.reason());
        assertTrue(e.getMessage().contains("authority CN=old"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {KeyUsage.keyAgreement, KeyUsage.digitalSignature | KeyUsage.keyCertSign,
        KeyUsage.digitalSignature | KeyUsage.cRLSign})
    void aLeafSignsHandshakesAndNothingElse(int usage) {
        refused(RefusalReason.WRONG_KEY_USAGE, root.leaf(NODE).keyUsage(usage));
    }

    @Test
    void aLeafWithoutKeyUsageIsRefused() {
        refused(RefusalReason.WRONG_KEY_USAGE, root.leaf(NODE).keyUsage(null));
    }

    @Test
    void aNodeNeedsBothPurposesInEveryRole() {
        for (Role role : Role.values()) {
            refused(RefusalReason.WRONG_KEY_USAGE,
                List.of(root.leaf(NODE).purposes(KeyPurposeId.id_kp_clientAuth).get()), role);
            refused(RefusalReason.WRONG_KEY_USAGE,
                List.of(root.leaf(NODE).purposes(KeyPurposeId.id_kp_serverAuth).get()), role);
            refused(RefusalReason.WRONG_KEY_USAGE, List.of(root.leaf(NODE).purposes().get()), role);
            refused(RefusalReason.WRONG_KEY_USAGE,
                List.of(root.leaf(NODE).purposes(KeyPurposeId.anyExtendedKeyUsage).get()), role);
        }
    }

    @Test
    void anAuthorityIsNoLeaf() {
        refused(RefusalReason.CA_AS_LEAF, root.leaf(NODE).authority(true));
        refused(RefusalReason.CA_AS_LEAF, root.intermediate("sub").uri(NODE));
    }

    @Test
    void theRootItselfIsNoLeaf() {
        refused(RefusalReason.CA_AS_LEAF, root);
    }

    @Test
    void aLeafWithoutUriHasNoName() {
        refused(RefusalReason.SPIFFE_ID_MISSING, root.leaf());
    }

    @Test
    void twoUrisAreOneTooMany() {
        refused(RefusalReason.SPIFFE_ID_AMBIGUOUS, root.leaf(NODE).uri("spiffe://example.org/node/n2"));
        refused(RefusalReason.SPIFFE_ID_AMBIGUOUS, root.leaf(NODE).uri("https://example.org/"));
        refused(RefusalReason.SPIFFE_ID_AMBIGUOUS, root.leaf(NODE).uri(NODE));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "https://example.org/node/n1", "SPIFFE://example.org/node/n1", "spiffe:/example.org/node/n1", "spiffe://",
        "spiffe:///node/n1", "spiffe://example.org", "spiffe://example.org/", "spiffe://example.org/node",
        "spiffe://example.org/node/", "spiffe://example.org/node/n1/", "spiffe://example.org//node/n1",
        "spiffe://example.org/node/n1/n2", "spiffe://example.org/Node/n1", "spiffe://example.org/server/n1",
        "spiffe://example.org/node/N1", "spiffe://example.org/node/-n1", "spiffe://example.org/node/n_1",
        "spiffe://example.org/node/n1?x=1", "spiffe://example.org/node/n1#x", "spiffe://example.org/node/n%31",
        "spiffe://EXAMPLE.org/node/n1", "spiffe://user@example.org/node/n1", "spiffe://example.org:1/node/n1",
        "spiffe://example.org/node/n1\n", " spiffe://example.org/node/n1"})
    void aNameOfAnotherFormIsMalformed(String uri) {
        refused(RefusalReason.SPIFFE_ID_MALFORMED, root.leaf(uri));
    }

    @ParameterizedTest
    @ValueSource(strings = {"spiffe://example.com/node/n1", "spiffe://sub.example.org/node/n1",
        "spiffe://example.org.evil/node/n1", "spiffe://example/ns/default/sa/x"})
    void anotherTrustDomainIsWrong(String uri) {
        refused(RefusalReason.WRONG_TRUST_DOMAIN, root.leaf(uri));
    }

    @Test
    void aNamesGrammarIsThatOfANodeId() throws Exception {
        for (String name : List.of("a", "0", "n-1", "a".repeat(63))) {
            assertEquals(new NodeId(name).value(),
                SpiffeNames.parse("spiffe://example.org/node/" + name, "example.org").name());
        }
        for (String name : List.of("", "-a", "a-", "A", "a.b", "a".repeat(64), "ä")) {
            assertThrows(IllegalArgumentException.class, () -> new NodeId(name));
            assertThrows(IllegalArgumentException.class, () -> SpiffeNames.requireName(name));
        }
    }

    @Test
    void namesThatCannotBeParsedMakeTheCertificateInvalid() {
        refused(RefusalReason.CERTIFICATE_INVALID, root.leaf()
            .rawAlternativeNames("not asn.1".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void anUnknownCriticalExtensionMakesTheCertificateInvalid() {
        refused(RefusalReason.CERTIFICATE_INVALID, root.leaf(NODE).criticalExtension("1.3.6.1.4.1.55555.1"));
    }

    @Test
    void aChainLeadsOverIntermediates() throws Exception {
        TestCertificate upper = root.intermediate("upper");
        TestCertificate lower = upper.intermediate("lower");
        judge.judge(List.of(lower.leaf(NODE).get(), lower.get(), upper.get()), Role.ANY);
    }

    @Test
    void theOrderBehindTheLeafDoesNotMatterAndTheRootMayBeSent() throws Exception {
        TestCertificate upper = root.intermediate("upper");
        TestCertificate lower = upper.intermediate("lower");
        judge.judge(List.of(lower.leaf(NODE).get(), root.get(), upper.get(), lower.get()), Role.ANY);
    }

    @Test
    void aMissingIntermediateLeavesTheLeafUntrusted() {
        refused(RefusalReason.UNTRUSTED_AUTHORITY, root.intermediate("upper").leaf(NODE));
    }

    @Test
    void anExpiredIntermediateIsExpired() {
        TestCertificate upper = root.intermediate("upper").valid(ManualTime.START.minus(DAY),
            ManualTime.START.minusSeconds(1));
        refused(RefusalReason.CERTIFICATE_EXPIRED, List.of(upper.leaf(NODE).get(), upper.get()), Role.ANY);
    }

    @Test
    void aLeafIssuesNothing() {
        TestCertificate honest = root.leaf("spiffe://example.org/client/app").named("app");
        refused(RefusalReason.CERTIFICATE_INVALID, List.of(honest.leaf(NODE).get(), honest.get()), Role.ANY);
    }

    @Test
    void anIntermediateThatMayNotSignCertificatesIssuesNothing() {
        TestCertificate upper = root.intermediate("upper").keyUsage(KeyUsage.cRLSign);
        refused(RefusalReason.CERTIFICATE_INVALID, List.of(upper.leaf(NODE).get(), upper.get()), Role.ANY);
    }

    @Test
    void theRootsPathLengthHolds() throws Exception {
        TestCertificate strict = TestCertificate.root("strict").pathLength(0);
        ChainJudge judgeOfStrict = new ChainJudge(List.of(strict.get()), "example.org", time);
        judgeOfStrict.judge(List.of(strict.leaf(NODE).get()), Role.ANY);
        TestCertificate upper = strict.intermediate("upper");
        CertificateRefusedException e = assertThrows(CertificateRefusedException.class,
            () -> judgeOfStrict.judge(List.of(upper.leaf(NODE).get(), upper.get()), Role.ANY));
        assertEquals(RefusalReason.CERTIFICATE_INVALID, e.reason());
    }

    @Test
    void theFirstCertificateIsTheLeafAndNoOther() {
        // A stranger shows a real node's certificate behind its own, or an authority before it.
        X509Certificate real = root.leaf(NODE).get();
        X509Certificate strange = TestCertificate.root("other").leaf(NODE).get();
        refused(RefusalReason.UNTRUSTED_AUTHORITY, List.of(strange, real), Role.ANY);
        refused(RefusalReason.CA_AS_LEAF, List.of(root.get(), real), Role.ANY);
    }

    @Test
    void aClientDoesNotBecomeTheNodeWhoseCertificateItShowsToo() throws Exception {
        X509Certificate client = root.leaf("spiffe://example.org/client/app")
            .purposes(KeyPurposeId.id_kp_clientAuth).get();
        PeerIdentity identity = judge.judge(List.of(client, root.leaf(NODE).get()), Role.CLIENT);
        assertEquals("spiffe://example.org/client/app", identity.uri());
    }

    @Test
    void whatThePathDoesNotNeedIsIgnored() throws Exception {
        TestCertificate stranger = TestCertificate.root("other").valid(ManualTime.START.minus(DAY),
            ManualTime.START.minusSeconds(1));
        judge.judge(List.of(root.leaf(NODE).get(), stranger.get(), stranger.leaf(NODE).get()), Role.ANY);
    }

    @Test
    void anAuthorityThatWasPresentedIsNotTrustedForThat() {
        TestCertificate stranger = TestCertificate.root("other");
        refused(RefusalReason.UNTRUSTED_AUTHORITY, List.of(stranger.leaf(NODE).get(), stranger.get()), Role.ANY);
    }

    @Test
    void oldAndNewAuthorityAreTrustedDuringARotation() throws Exception {
        TestCertificate next = TestCertificate.root("next");
        ChainJudge both = new ChainJudge(List.of(root.get(), next.get()), "example.org", time);
        both.judge(List.of(root.leaf(NODE).get()), Role.ANY);
        both.judge(List.of(next.leaf(NODE).get()), Role.ANY);
    }

    @Test
    void tooManyCertificatesAreRefusedUnread() {
        List<X509Certificate> many = new ArrayList<>();
        for (int i = 0; i <= ChainJudge.MAX_PRESENTED_CERTIFICATES; i++) {
            many.add(root.leaf(NODE).get());
        }
        refused(RefusalReason.CERTIFICATE_INVALID, many, Role.ANY);
    }

    @Test
    void theTrustManagerSaysTheSameInAllItsMethods() throws Exception {
        JudgingTrustManager trust = new JudgingTrustManager(judge);
        X509Certificate[] client = {root.leaf("spiffe://example.org/client/app")
            .purposes(KeyPurposeId.id_kp_clientAuth).get()};
        trust.checkClientTrusted(client, "UNKNOWN");
        trust.checkClientTrusted(client, "UNKNOWN", (Socket) null);
        trust.checkClientTrusted(client, "UNKNOWN", (SSLEngine) null);
        refusedBy(RefusalReason.WRONG_KEY_USAGE, () -> trust.checkServerTrusted(client, "UNKNOWN"));
        refusedBy(RefusalReason.WRONG_KEY_USAGE,
            () -> trust.checkServerTrusted(client, "UNKNOWN", (Socket) null));
        refusedBy(RefusalReason.WRONG_KEY_USAGE,
            () -> trust.checkServerTrusted(client, "UNKNOWN", (SSLEngine) null));
        refusedBy(RefusalReason.NO_CERTIFICATE, () -> trust.checkClientTrusted(null, "UNKNOWN"));
        refusedBy(RefusalReason.NO_CERTIFICATE, () -> trust.checkServerTrusted(new X509Certificate[0], "UNKNOWN"));
        assertEquals(List.of(root.get()), List.of(trust.getAcceptedIssuers()));
    }

    private void refused(RefusalReason reason, TestCertificate leaf) {
        for (Role role : Role.values()) {
            refused(reason, List.of(leaf.get()), role);
        }
    }

    private void refused(RefusalReason reason, List<X509Certificate> chain) {
        refused(reason, chain, Role.ANY);
    }

    private void refused(RefusalReason reason, List<X509Certificate> chain, Role role) {
        refusedBy(reason, () -> judge.judge(chain, role));
    }

    private static void refusedBy(RefusalReason reason, Executable check) {
        CertificateRefusedException e = assertThrows(CertificateRefusedException.class, check);
        assertEquals(reason, e.reason(), e.getMessage());
    }
}
