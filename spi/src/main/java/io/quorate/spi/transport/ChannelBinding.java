package io.quorate.spi.transport;

import io.quorate.api.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;

/**
 * Computes the channel binding of a mutually authenticated TLS session from the certificates of <em>both</em> ends,
 * after the model of {@code tls-server-end-point} (RFC 5929 §4.1).
 *
 * <p>The stacks in use export no keying material (RFC 9266). Under mutual TLS 1.3 both ends have proved their keys
 * in the handshake's signatures, so whoever stands in between must present a certificate of its own to at least one
 * side, and the two sides' bindings then differ. Replays between the same two certificates are caught by the nonces
 * of the hello.
 */
public final class ChannelBinding {

    private static final byte[] LABEL = "quorate tls-end-points v1".getBytes(StandardCharsets.US_ASCII);

    private ChannelBinding() {
    }

    /**
     * @param dialerLeaf the certificate of the side that dialed
     * @param accepterLeaf the certificate of the side that accepted
     * @return 32 bytes
     */
    public static Bytes ofEndPoints(X509Certificate dialerLeaf, X509Certificate accepterLeaf) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(LABEL);
            sha256.update(MessageDigest.getInstance("SHA-256").digest(dialerLeaf.getEncoded()));
            sha256.update(MessageDigest.getInstance("SHA-256").digest(accepterLeaf.getEncoded()));
            return Bytes.wrap(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException("a certificate that TLS has used cannot be encoded", e);
        }
    }
}
