package io.quorate.identity.x509.cert;

import io.quorate.spi.identity.IdentityException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A bundle of the authorities that are trusted: one as a rule, the old and the new one while one replaces the other.
 */
public final class AuthorityFile {

    private AuthorityFile() {
    }

    /**
     * Reads the bundle. Expired authorities may stay in it (the bundle of a rotation that nobody has tidied up) and
     * judge nothing any more; all of them expired is an error.
     *
     * @throws IdentityException if it is missing or damaged, or if it holds anything but self-signed authorities: an
     *     intermediate here would be trusted without its root's limits
     */
    public static List<X509Certificate> read(Path file, Instant now) throws IdentityException {
        List<X509Certificate> all = PemFile.readCertificates("trust", file);
        for (X509Certificate certificate : all) {
            requireAuthority(file, certificate);
        }
        List<X509Certificate> unexpired = all.stream().distinct()
            .filter(certificate -> !now.isAfter(certificate.getNotAfter().toInstant()))
            .toList();
        if (unexpired.isEmpty()) {
            throw new IdentityException("trust " + file + ": found that every authority in it has expired ("
                + KeyUsages.subjects(all) + "), expected one that is valid at " + now + "; add the new authority");
        }
        return unexpired;
    }

    private static void requireAuthority(Path file, X509Certificate certificate) throws IdentityException {
        if (certificate.getBasicConstraints() == -1) {
            throw new IdentityException("trust " + file + ": found " + certificate.getSubjectX500Principal()
                + " which is no certificate authority, expected authorities alone; put the authority's own "
                + "certificate here");
        }
        if (!isSelfSigned(certificate)) {
            throw new IdentityException("trust " + file + ": found " + certificate.getSubjectX500Principal()
                + " which is an intermediate authority, expected self-signed roots alone; put the root here, and the "
                + "intermediate into the certificate file, behind the leaf");
        }
    }

    /** Whether it is its own issuer, by name and by signature. */
    public static boolean isSelfSigned(X509Certificate certificate) {
        if (!certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
            return false;
        }
        try {
            certificate.verify(certificate.getPublicKey());
            return true;
        } catch (GeneralSecurityException signedByAnother) {
            return false;
        }
    }
}
