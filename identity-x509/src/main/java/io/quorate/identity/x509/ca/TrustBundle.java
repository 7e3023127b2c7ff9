package io.quorate.identity.x509.ca;

import io.quorate.identity.x509.cert.OwnerOnlyFiles;
import io.quorate.identity.x509.cert.PemFile;
import io.quorate.spi.identity.IdentityException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of trusted authorities. To replace an authority without an interruption: add the new one to every bundle, then
 * issue every certificate anew, then remove the old one from every bundle.
 */
public final class TrustBundle {

    private TrustBundle() {
    }

    /**
     * The authorities in {@code file}.
     *
     * @throws IdentityException if it is missing or damaged
     */
    public static List<X509Certificate> read(Path file) throws IdentityException {
        return PemFile.readCertificates("trust", file);
    }

    /**
     * Adds an authority, if it is not there yet; creates the file if it is missing. Durable on return.
     *
     * @return whether the file has changed
     * @throws IOException if the file cannot be read or written; it is then as it was
     */
    public static boolean add(Path file, X509Certificate authority) throws IOException {
        List<X509Certificate> authorities = existing(file);
        if (authorities.contains(authority)) {
            return false;
        }
        authorities.add(authority);
        OwnerOnlyFiles.writePublic(file, PemFile.encodeCertificates(authorities), true);
        return true;
    }

    /**
     * Removes an authority. Durable on return.
     *
     * @return whether the file has changed
     * @throws IOException if the file cannot be read or written, or if nothing would be left in it
     */
    public static boolean remove(Path file, X509Certificate authority) throws IOException {
        List<X509Certificate> authorities = existing(file);
        if (!authorities.remove(authority)) {
            return false;
        }
        if (authorities.isEmpty()) {
            throw new IOException("trust " + file + ": found this authority alone, expected another one to stay; add "
                + "the new authority first");
        }
        OwnerOnlyFiles.writePublic(file, PemFile.encodeCertificates(authorities), true);
        return true;
    }

    private static List<X509Certificate> existing(Path file) throws IOException {
        if (!Files.exists(file)) {
            return new ArrayList<>();
        }
        try {
            return new ArrayList<>(read(file));
        } catch (IdentityException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
