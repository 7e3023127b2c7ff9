package io.quorate.identity.x509.ca;

import io.quorate.identity.x509.cert.OwnerOnlyFiles;
import io.quorate.identity.x509.cert.PemFile;
import io.quorate.spi.identity.PeerIdentity;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;

/**
 * A certificate just issued, with its key. Immutable.
 *
 * @param identity whom it names
 * @param key its private key, a secret
 * @param chain the certificate, leaf first
 * @param authority the authority's own certificate, to be trusted by whoever holds this identity
 */
public record IssuedIdentity(
    PeerIdentity identity, PrivateKey key, List<X509Certificate> chain, X509Certificate authority) {

    /** The name of the certificate's file in an identity's directory. */
    public static final String CERTIFICATE_FILE = "certificate.pem";

    /** The name of the key's file. */
    public static final String KEY_FILE = "key.pem";

    /** The name of the file of trusted authorities. */
    public static final String TRUST_FILE = "trust.pem";

    public IssuedIdentity {
        chain = List.copyOf(chain);
    }

    /** The certificate itself. */
    public X509Certificate leaf() {
        return chain.get(0);
    }

    /**
     * Writes the three files into {@code directory}, which is created for its owner alone (0700) if it is missing. The
     * key is readable by its owner alone from its first moment. Each file is durable on return, and never there in
     * part.
     *
     * <p>With {@code replace} a running node takes the new files up by itself; between the key's replacement and the
     * certificate's it sees that the two do not match, and waits. Authorities that the trust file holds already are
     * kept.
     *
     * @param replace whether existing files may be replaced
     * @throws FileAlreadyExistsException if one of the files exists and may not be replaced; then none is written
     * @throws IOException if writing fails, or if an existing trust file cannot be read
     */
    public void writeTo(Path directory, boolean replace) throws IOException {
        OwnerOnlyFiles.createDirectories(directory);
        Path certificateFile = directory.resolve(CERTIFICATE_FILE);
        Path keyFile = directory.resolve(KEY_FILE);
        Path trustFile = directory.resolve(TRUST_FILE);
        if (!replace) {
            for (Path file : List.of(certificateFile, keyFile, trustFile)) {
                if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                    throw new FileAlreadyExistsException(file.toString(), null, "it is not to be replaced");
                }
            }
        }
        TrustBundle.add(trustFile, authority);
        OwnerOnlyFiles.writeSecret(keyFile, PemFile.encodePrivateKey(key), replace);
        OwnerOnlyFiles.writePublic(certificateFile, PemFile.encodeCertificates(chain), replace);
    }

    /** The settings of the identity provider {@code x509} for the files in {@code directory}. */
    public Map<String, String> settings(Path directory) {
        Path absolute = directory.toAbsolutePath();
        return Map.of(
            "certificate", absolute.resolve(CERTIFICATE_FILE).toString(),
            "key", absolute.resolve(KEY_FILE).toString(),
            "trust", absolute.resolve(TRUST_FILE).toString(),
            "trust-domain", identity.trustDomain());
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "IssuedIdentity[" + identity + "]";
    }
}
