package io.quorate.registry.node;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Names certificates by their digest. */
final class Fingerprints {

    private Fingerprints() {
    }

    /** SHA-256 of the leaf, lower-case hexadecimal; empty if there is none that can be encoded. Status needs it not. */
    static Optional<String> of(List<X509Certificate> chain) {
        if (chain.isEmpty()) {
            return Optional.empty();
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(chain.get(0).getEncoded());
            return Optional.of(HexFormat.of().formatHex(digest));
        } catch (CertificateEncodingException e) {
            return Optional.empty();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
