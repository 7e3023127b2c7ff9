package io.quorate.testing.identity;

import io.quorate.spi.identity.PeerIdentity;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.Set;
import javax.security.auth.x500.X500Principal;

/**
 * A certificate that proves nothing: it carries a SPIFFE URI for simulations, in which nobody needs to be convinced.
 */
final class TestCertificate extends X509Certificate {

    private static final long serialVersionUID = 1L;

    private final String uri;
    private final long notAfterMillis;

    TestCertificate(PeerIdentity identity, long notAfterMillis) {
        this.uri = identity.uri();
        this.notAfterMillis = notAfterMillis;
    }

    String uri() {
        return uri;
    }

    @Override
    public byte[] getEncoded() {
        String until = notAfterMillis == Long.MAX_VALUE ? "" : " until " + notAfterMillis;
        return ("test certificate of " + uri + until).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public X500Principal getSubjectX500Principal() {
        return new X500Principal("CN=" + uri.substring(uri.lastIndexOf('/') + 1));
    }

    @Override
    public X500Principal getIssuerX500Principal() {
        return new X500Principal("CN=test");
    }

    @Override
    @Deprecated
    public Principal getSubjectDN() {
        return getSubjectX500Principal();
    }

    @Override
    @Deprecated
    public Principal getIssuerDN() {
        return getIssuerX500Principal();
    }

    @Override
    public void checkValidity() {
        // Always valid: time is virtual.
    }

    @Override
    public void checkValidity(Date date) {
        // Always valid: time is virtual.
    }

    @Override
    public int getVersion() {
        return 3;
    }

    @Override
    public BigInteger getSerialNumber() {
        return BigInteger.valueOf(uri.hashCode()).abs();
    }

    @Override
    public Date getNotBefore() {
        return new Date(0);
    }

    @Override
    public Date getNotAfter() {
        return new Date(notAfterMillis);
    }

    @Override
    public byte[] getTBSCertificate() {
        return getEncoded();
    }

    @Override
    public byte[] getSignature() {
        return new byte[0];
    }

    @Override
    public String getSigAlgName() {
        return "NONE";
    }

    @Override
    public String getSigAlgOID() {
        return "0.0";
    }

    @Override
    public byte[] getSigAlgParams() {
        return new byte[0];
    }

    @Override
    public boolean[] getIssuerUniqueID() {
        return null;
    }

    @Override
    public boolean[] getSubjectUniqueID() {
        return null;
    }

    @Override
    public boolean[] getKeyUsage() {
        return new boolean[] {true, false, false, false, false, false, false, false, false};
    }

    @Override
    public int getBasicConstraints() {
        return -1;
    }

    @Override
    public void verify(PublicKey key) {
        // Nothing to verify.
    }

    @Override
    public void verify(PublicKey key, String provider) {
        // Nothing to verify.
    }

    @Override
    public String toString() {
        return "TestCertificate[" + uri + "]";
    }

    @Override
    public PublicKey getPublicKey() {
        return null;
    }

    @Override
    public boolean hasUnsupportedCriticalExtension() {
        return false;
    }

    @Override
    public Set<String> getCriticalExtensionOIDs() {
        return Set.of();
    }

    @Override
    public Set<String> getNonCriticalExtensionOIDs() {
        return Set.of();
    }

    @Override
    public byte[] getExtensionValue(String oid) {
        return null;
    }
}
