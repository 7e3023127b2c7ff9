package io.quorate.identity.x509.ca;

import io.quorate.identity.x509.cert.AuthorityFile;
import io.quorate.identity.x509.cert.OwnerOnlyFiles;
import io.quorate.identity.x509.cert.PemFile;
import io.quorate.identity.x509.cert.SpiffeNames;
import io.quorate.spi.identity.IdentityException;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CertificateRefusedException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * A root authority for one trust domain: ECDSA P-256, path length 0, so that it issues leaves and no further
 * authorities.
 *
 * <p>Immutable and thread-safe. Its key is in memory as long as this object lives; {@link #toString} does not show it.
 */
public final class CertificateAuthority {

    /** How long a root is valid. */
    public static final Duration AUTHORITY_VALIDITY = Duration.ofDays(3653);

    /** The name of the authority's certificate in its directory. */
    public static final String CERTIFICATE_FILE = "ca.pem";

    /** The name of the file of its key. */
    public static final String KEY_FILE = "ca-key.pem";

    /**
     * How far in the past a new certificate's validity begins. A node whose clock is behind would otherwise refuse, for
     * that long, what was issued a moment ago.
     */
    public static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(10);

    private final String trustDomain;
    private final PrivateKey key;
    private final X509Certificate certificate;
    private final InstantSource time;

    private CertificateAuthority(String trustDomain, PrivateKey key, X509Certificate certificate, InstantSource time) {
        this.trustDomain = trustDomain;
        this.key = key;
        this.certificate = certificate;
        this.time = time;
    }

    /**
     * Makes a new authority, in memory.
     *
     * @param trustDomain such as {@code example.org}
     * @throws IllegalArgumentException if it is no trust domain
     */
    public static CertificateAuthority create(String trustDomain, InstantSource time) {
        SpiffeNames.requireTrustDomain(trustDomain);
        KeyPair keys = CertificateSigner.newKeys();
        Instant now = time.instant();
        X509Certificate certificate = CertificateSigner.selfSigned(keys, SpiffeNames.authorityUri(trustDomain),
            now.minus(CLOCK_TOLERANCE), now.plus(AUTHORITY_VALIDITY));
        return new CertificateAuthority(trustDomain, keys.getPrivate(), certificate, time);
    }

    /**
     * Reads an authority that {@link #save} wrote.
     *
     * @throws IdentityException if its files are missing, damaged or open to others, if they do not belong together, or
     *     if the authority has expired
     */
    public static CertificateAuthority load(Path directory, InstantSource time) throws IdentityException {
        Path file = directory.resolve(CERTIFICATE_FILE);
        List<X509Certificate> certificates = PemFile.readCertificates("authority", file);
        X509Certificate certificate = certificates.get(0);
        if (certificates.size() != 1 || certificate.getBasicConstraints() == -1
            || !AuthorityFile.isSelfSigned(certificate)) {
            throw new IdentityException("authority " + file + ": found " + certificates.size() + " certificates, the "
                + "first of " + certificate.getSubjectX500Principal() + ", expected the one self-signed certificate "
                + "of an authority");
        }
        if (time.instant().isAfter(certificate.getNotAfter().toInstant())) {
            throw new IdentityException("authority " + file + ": found that it expired at "
                + certificate.getNotAfter().toInstant() + ", expected a valid one; make a new authority and add it to "
                + "every trust file");
        }
        PrivateKey key = PemFile.readPrivateKey(directory.resolve(KEY_FILE));
        if (!CertificateSigner.belongTogether(key, certificate)) {
            throw new IdentityException("key " + directory.resolve(KEY_FILE) + ": found a key that does not belong to "
                + file + ", expected its private key (EC); copy the two files from the same place");
        }
        return new CertificateAuthority(trustDomainOf(file, certificate), key, certificate, time);
    }

    private static String trustDomainOf(Path file, X509Certificate certificate) throws IdentityException {
        String prefix = SpiffeNames.authorityUri("");
        try {
            List<String> uris = SpiffeNames.uriNames(certificate);
            if (uris.size() == 1 && uris.get(0).startsWith(prefix)) {
                return SpiffeNames.requireTrustDomain(uris.get(0).substring(prefix.length()));
            }
            throw new IdentityException("authority " + file + ": found the URI names " + uris
                + ", expected one, spiffe://<trust-domain>; make an authority with the command pki");
        } catch (CertificateRefusedException | IllegalArgumentException e) {
            throw new IdentityException("authority " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Writes the authority's certificate and key into {@code directory}, which is created for its owner alone (0700) if
     * it is missing. The key's file is readable by its owner alone from its first moment. Durable on return.
     *
     * @param replace whether an existing authority may be replaced: what it has issued is then lost to whoever trusts
     *     the new one alone
     * @throws FileAlreadyExistsException if there is an authority and it may not be replaced; nothing is written then
     */
    public void save(Path directory, boolean replace) throws IOException {
        OwnerOnlyFiles.createDirectories(directory);
        Path certificateFile = directory.resolve(CERTIFICATE_FILE);
        if (!replace && Files.exists(certificateFile, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(certificateFile.toString(), null, "it is not to be replaced");
        }
        OwnerOnlyFiles.writeSecret(directory.resolve(KEY_FILE), PemFile.encodePrivateKey(key), replace);
        OwnerOnlyFiles.writePublic(certificateFile, PemFile.encodeCertificates(List.of(certificate)), replace);
    }

    /** The trust domain whose identities it issues. */
    public String trustDomain() {
        return trustDomain;
    }

    /** Its own certificate, to be put into trust files. */
    public X509Certificate certificate() {
        return certificate;
    }

    /**
     * Issues a certificate with a new key. It ends with the authority at the latest.
     *
     * @throws IllegalArgumentException if a host name or an address is malformed
     * @throws IllegalStateException if the authority itself has expired
     */
    public IssuedIdentity issue(IdentityRequest request) {
        Instant now = time.instant();
        Instant authorityEnd = certificate.getNotAfter().toInstant();
        if (!now.isBefore(authorityEnd)) {
            throw new IllegalStateException("the authority expired at " + authorityEnd + "; make a new one");
        }
        Instant end = now.plus(request.validity());
        PeerIdentity identity = new PeerIdentity(trustDomain, request.kind(), request.name());
        KeyPair keys = CertificateSigner.newKeys();
        X509Certificate leaf = CertificateSigner.leaf(key, certificate, keys.getPublic(), identity, request,
            now.minus(CLOCK_TOLERANCE), end.isAfter(authorityEnd) ? authorityEnd : end);
        return new IssuedIdentity(identity, keys.getPrivate(), List.of(leaf), certificate);
    }

    /**
     * Issues a successor: the same identity, names and length of validity, a new key.
     *
     * @param old a certificate of this trust domain; it may have expired, and another authority may have issued it
     * @throws CertificateRefusedException if it names no identity of this trust domain
     */
    public IssuedIdentity renew(X509Certificate old) throws CertificateRefusedException {
        PeerIdentity identity = SpiffeNames.identityOf(old, trustDomain);
        Duration validity = Duration.between(old.getNotBefore().toInstant().plus(CLOCK_TOLERANCE),
            old.getNotAfter().toInstant());
        List<String> dnsNames = new ArrayList<>();
        List<String> ipAddresses = new ArrayList<>();
        for (String name : CertificateDescription.of(old).alternativeNames()) {
            if (name.startsWith("dns:")) {
                dnsNames.add(name.substring("dns:".length()));
            } else if (name.startsWith("ip:")) {
                ipAddresses.add(name.substring("ip:".length()));
            }
        }
        IdentityRequest usual = IdentityRequest.of(identity.kind(), identity.name());
        boolean sensible = validity.compareTo(Duration.ofMinutes(1)) >= 0;
        return issue((sensible ? usual.withValidity(validity) : usual).withHosts(dnsNames, ipAddresses));
    }

    @Override
    public String toString() {
        return "CertificateAuthority[" + trustDomain + "]";
    }
}
