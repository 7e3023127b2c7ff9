package io.quorate.testing.identity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.CertificateRefusedException;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TlsCredentials;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;

class TestCertificateAuthorityTest {

    private static final String URI = "spiffe://test.example/node/n1";

    private final TestCertificateAuthority authority = new TestCertificateAuthority("test.example");

    private RefusalReason refused(TlsCredentials credentials, boolean server) {
        X509Certificate[] chain = credentials.chain().toArray(X509Certificate[]::new);
        return assertThrows(CertificateRefusedException.class, () -> {
            if (server) {
                authority.judge().checkServerTrusted(chain, "UNKNOWN", (SSLEngine) null);
            } else {
                authority.judge().checkClientTrusted(chain, "UNKNOWN", (SSLEngine) null);
            }
        }).reason();
    }

    @Test
    void livesInANamedModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    /** The platform's own path validation finds nothing wrong with what is written here by hand. */
    @Test
    void certificatesPassPathValidation() throws Exception {
        for (TlsCredentials credentials : List.of(
                authority.node("n1"), authority.client("c"), authority.operator("o"))) {
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority.certificate(), null)));
            parameters.setRevocationEnabled(false);
            CertPathValidator.getInstance("PKIX").validate(
                CertificateFactory.getInstance("X.509").generateCertPath(credentials.chain()), parameters);
            authority.certificate().verify(authority.certificate().getPublicKey());
        }
    }

    @Test
    void aLeafSaysWhatItIs() throws Exception {
        X509Certificate leaf = authority.node("n1").chain().get(0);
        assertEquals(List.of(List.of(6, URI)), List.copyOf(leaf.getSubjectAlternativeNames()));
        assertEquals("CN=n1", leaf.getSubjectX500Principal().getName());
        assertEquals(-1, leaf.getBasicConstraints());
        assertTrue(leaf.getKeyUsage()[0], "digitalSignature");
        assertEquals(List.of(TestChainJudge.SERVER_AUTH, TestChainJudge.CLIENT_AUTH), leaf.getExtendedKeyUsage());
        assertTrue(authority.certificate().getBasicConstraints() >= 0);
        assertTrue(authority.certificate().getKeyUsage()[5], "keyCertSign");
        assertEquals(3, leaf.getVersion());
    }

    /** RFC 5280 §4.1.2.5: two digits of the year through 2049, four from 2050 on. */
    @Test
    void timesAreReadAsTheyWereWritten() {
        Instant from = Instant.parse("2049-12-31T23:59:59Z");
        Instant to = Instant.parse("2050-01-01T00:00:00Z");
        X509Certificate leaf = authority.leaf("n1").uri(URI).valid(from, to).credentials().chain().get(0);
        assertEquals(from, leaf.getNotBefore().toInstant());
        assertEquals(to, leaf.getNotAfter().toInstant());
    }

    @Test
    void numbersAndLengthsAreWrittenInTheirShortestForm() {
        assertArrayEquals(new byte[] {2, 2, 0, (byte) 0x80}, Der.integer(128));
        assertArrayEquals(new byte[] {6, 3, 0x55, 0x1D, 0x11}, Der.oid("2.5.29.17"));
        assertArrayEquals(new byte[] {6, 6, 0x2A, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xF7, 0x0D},
            Der.oid("1.2.840.113549"));
        assertEquals(2 + 127, Der.octets(new byte[127]).length);
        assertEquals(3 + 128, Der.octets(new byte[128]).length);
        assertEquals(4 + 256, Der.octets(new byte[256]).length);
    }

    @Test
    void goodOnesAreTrustedInEachRoleOfTheirKind() {
        X509Certificate[] node = authority.node("n1").chain().toArray(X509Certificate[]::new);
        X509Certificate[] client = authority.client("c").chain().toArray(X509Certificate[]::new);
        assertDoesNotThrow(() -> authority.judge().checkServerTrusted(node, "UNKNOWN", (SSLEngine) null));
        assertDoesNotThrow(() -> authority.judge().checkClientTrusted(node, "UNKNOWN", (SSLEngine) null));
        assertDoesNotThrow(() -> authority.judge().checkClientTrusted(client, "UNKNOWN", (SSLEngine) null));
    }

    @Test
    void eachBadOneIsRefusedForItsReason() {
        for (boolean server : List.of(true, false)) {
            assertEquals(RefusalReason.UNTRUSTED_AUTHORITY,
                refused(new TestCertificateAuthority("test.example").node("n1"), server));
            assertEquals(RefusalReason.CERTIFICATE_EXPIRED,
                refused(authority.leaf("n1").uri(URI).expired().credentials(), server));
            assertEquals(RefusalReason.CERTIFICATE_NOT_YET_VALID,
                refused(authority.leaf("n1").uri(URI).notYetValid().credentials(), server));
            assertEquals(RefusalReason.CA_AS_LEAF,
                refused(authority.leaf("n1").uri(URI).asAuthority().credentials(), server));
            assertEquals(RefusalReason.SPIFFE_ID_MISSING, refused(authority.leaf("n1").credentials(), server));
            assertEquals(RefusalReason.SPIFFE_ID_AMBIGUOUS,
                refused(authority.leaf("n1").uri(URI).uri(URI + "2").credentials(), server));
            assertEquals(RefusalReason.SPIFFE_ID_MALFORMED,
                refused(authority.leaf("n1").uri("spiffe://test.example/person/n1").credentials(), server));
            assertEquals(RefusalReason.WRONG_TRUST_DOMAIN,
                refused(authority.leaf("n1").uri("spiffe://else.example/node/n1").credentials(), server));
            assertEquals(RefusalReason.WRONG_KEY_USAGE,
                refused(authority.leaf("n1").uri(URI).wrongKeyUsage().credentials(), server));
            assertEquals(RefusalReason.WRONG_KEY_USAGE,
                refused(authority.leaf("n1").uri(URI).purposes(TestChainJudge.SERVER_AUTH).credentials(), server));
        }
        assertEquals(RefusalReason.NO_CERTIFICATE, assertThrows(CertificateRefusedException.class,
            () -> authority.judge().checkClientTrusted(new X509Certificate[0], "UNKNOWN", (SSLEngine) null)).reason());
    }
}
