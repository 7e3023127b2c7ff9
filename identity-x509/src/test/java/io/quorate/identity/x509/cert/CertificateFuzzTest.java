package io.quorate.identity.x509.cert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.identity.x509.ca.CertificateDescription;
import io.quorate.identity.x509.cert.ChainJudge.Role;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import java.io.ByteArrayInputStream;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;

/**
 * Chains made from good ones by changing any value in them, most of them signed anew: what is behind the signature is
 * looked at as well. They are refused with a reason, or name the one whom they should.
 */
public final class CertificateFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final String NODE = "spiffe://example.org/node/n1";
    private static final TestCertificate ROOT = TestCertificate.root("root");
    private static final TestCertificate BELOW = ROOT.intermediate("below");
    private static final TestCertificate LEAF = ROOT.leaf(NODE);
    private static final TestCertificate LEAF_BELOW = BELOW.leaf(NODE);
    /** Each wrong in one way, and right otherwise: what a check that is left out would let in. */
    private static final List<TestCertificate> WRONG = List.of(ROOT.leaf(NODE).authority(true),
        ROOT.leaf(NODE).keyUsage(null), ROOT.leaf(NODE).keyUsage(KeyUsage.keyAgreement),
        ROOT.leaf(NODE).keyUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign), ROOT.leaf(),
        ROOT.leaf(NODE).uri("spiffe://example.org/node/n2"), ROOT.leaf("spiffe://example.com/node/n1"),
        ROOT.leaf(NODE).purposes(KeyPurposeId.id_kp_clientAuth));
    private static final ChainJudge JUDGE =
        new ChainJudge(List.of(ROOT.get()), "example.org", new ManualTime());

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 500, CertificateFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(25, "parsed", "not parsed");
        REACHED.require(5, "accepted");
        REACHED.require(1, RefusalReason.UNTRUSTED_AUTHORITY, RefusalReason.CERTIFICATE_INVALID,
            RefusalReason.SPIFFE_ID_MISSING, RefusalReason.SPIFFE_ID_MALFORMED, RefusalReason.WRONG_KEY_USAGE,
            RefusalReason.CA_AS_LEAF, RefusalReason.SPIFFE_ID_AMBIGUOUS, RefusalReason.WRONG_TRUST_DOMAIN);
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        boolean below = in.oneIn(3);
        int mutated = in.below(4) == 3 && below ? 1 : 0;
        List<byte[]> chain = new ArrayList<>();
        boolean wrong = !below && in.oneIn(4);
        TestCertificate base = below ? LEAF_BELOW : wrong ? in.pick(WRONG) : LEAF;
        chain.add(base.get().getEncoded());
        if (below) {
            chain.add(BELOW.get().getEncoded());
        }
        PrivateKey signer = below && mutated == 0 ? BELOW.key() : ROOT.key();
        chain.set(mutated, in.oneIn(12) ? damaged(in, chain.get(mutated))
            : mutated(in, chain.get(mutated), wrong ? 2 : 8, in.oneIn(10) ? LEAF.key() : signer));
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            for (byte[] one : chain) {
                certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(one)));
            }
        } catch (CertificateException e) {
            REACHED.count("not parsed");
            return;
        }
        REACHED.count("parsed");
        judge(certificates, in.pick(Role.values()));
        for (X509Certificate certificate : certificates) {
            CertificateDescription description = CertificateDescription.of(certificate);
            assertEquals(64, description.fingerprint().length());
            AuthorityFile.isSelfSigned(certificate);
        }
    }

    private static void judge(List<X509Certificate> certificates, Role role) {
        try {
            PeerIdentity identity = JUDGE.judge(certificates, role);
            REACHED.count("accepted");
            X509Certificate leaf = certificates.get(0);
            assertEquals("example.org", identity.trustDomain());
            assertEquals(-1, leaf.getBasicConstraints(), "an authority as leaf");
            assertTrue(leaf.getKeyUsage()[0] && !leaf.getKeyUsage()[5] && !leaf.getKeyUsage()[6]);
        } catch (CertificateRefusedException e) {
            REACHED.count(e.reason());
            assertFalse(e.getMessage().isBlank());
        }
    }

    private static byte[] damaged(FuzzInput in, byte[] der) {
        in.damage(der, 0, der.length);
        return der;
    }

    /** Changes the signed part in one or two places, or once in {@code spared} times in none, and signs it. */
    private static byte[] mutated(FuzzInput in, byte[] der, int spared, PrivateKey key) throws Exception {
        DerTree certificate = DerTree.read(der);
        for (int i = in.oneIn(spared) ? 0 : 1 + in.below(2); i > 0; i--) {
            certificate.child(0).mutate(in);
        }
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update(certificate.child(0).write());
        byte[] signed = signature.sign();
        byte[] bits = new byte[signed.length + 1];
        System.arraycopy(signed, 0, bits, 1, signed.length);
        certificate.child(2).set(bits);
        return certificate.write();
    }
}
