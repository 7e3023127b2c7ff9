package io.quorate.identity.x509.cert;

import io.quorate.spi.identity.IdentityException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;

/** Reads and writes certificates and private keys as PEM (RFC 7468). */
public final class PemFile {

    /** The largest file that is read, in bytes. A bundle of a hundred authorities stays far below. */
    public static final int MAX_FILE_BYTES = 1 << 20;

    private static final String CERTIFICATE = "CERTIFICATE";
    private static final String PRIVATE_KEY = "PRIVATE KEY";

    private PemFile() {
    }

    /**
     * Reads a file of certificates and nothing else.
     *
     * @param what the file's role, for messages
     * @return at least one, in the order of the file
     * @throws IdentityException if it is missing, not readable, or holds anything else
     */
    public static List<X509Certificate> readCertificates(String what, Path file) throws IdentityException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (PemObject object : readObjects(what, file)) {
            if (!object.getType().equals(CERTIFICATE)) {
                throw new IdentityException(what + " " + file + ": found a block \"" + object.getType()
                    + "\", expected certificates alone; move it to a file of its own");
            }
            try {
                certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(object.getContent())));
            } catch (CertificateException e) {
                throw new IdentityException(what + " " + file + ": found a damaged certificate (number "
                    + (certificates.size() + 1) + "), expected X.509; copy the file anew", e);
            }
        }
        return List.copyOf(certificates);
    }

    /**
     * Reads a private key that only this process's user can read.
     *
     * @throws IdentityException if it is missing, damaged, encrypted, of another form or algorithm, or open to others
     */
    public static PrivateKey readPrivateKey(Path file) throws IdentityException {
        String what = "key";
        requireOwnerOnly(what, file);
        List<PemObject> objects = readObjects(what, file);
        if (objects.size() != 1 || !objects.get(0).getType().equals(PRIVATE_KEY)) {
            throw new IdentityException(what + " " + file + ": found "
                + objects.stream().map(PemObject::getType).toList()
                + ", expected one block \"" + PRIVATE_KEY + "\" (PKCS#8, not encrypted); run: openssl pkcs8 -topk8 "
                + "-nocrypt");
        }
        byte[] encoded = objects.get(0).getContent();
        String algorithm = algorithmName(file, algorithm(file, encoded));
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (GeneralSecurityException e) {
            throw damagedKey(file);
        }
    }

    private static ASN1ObjectIdentifier algorithm(Path file, byte[] encoded) throws IdentityException {
        try {
            return PrivateKeyInfo.getInstance(encoded).getPrivateKeyAlgorithm().getAlgorithm();
        } catch (RuntimeException e) {
            // The parser reports damage by whatever goes wrong within it: an ArithmeticException for a version beyond
            // an int, a NoSuchElementException for a field that is not there, and more.
            throw damagedKey(file);
        }
    }

    /** No cause: a parser's message may quote what it could not parse, and this is a secret. */
    private static IdentityException damagedKey(Path file) {
        return new IdentityException("key " + file + ": found a damaged private key, expected PKCS#8; copy the "
            + "file anew, or have a new certificate issued");
    }

    private static String algorithmName(Path file, ASN1ObjectIdentifier algorithm) throws IdentityException {
        if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            return "EC";
        }
        if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
            return "RSA";
        }
        throw new IdentityException("key " + file + ": found a key of algorithm " + algorithm
            + ", expected EC (better) or RSA; have a certificate issued for such a key");
    }

    private static void requireOwnerOnly(String what, Path file) throws IdentityException {
        try {
            OwnerOnlyFiles.requireOwnerOnly(what, file);
        } catch (IOException e) {
            throw unreadable(what, file, e);
        }
    }

    private static List<PemObject> readObjects(String what, Path file) throws IdentityException {
        List<PemObject> objects = new ArrayList<>();
        try (PemReader reader = new PemReader(new StringReader(readText(what, file)))) {
            for (PemObject object = reader.readPemObject(); object != null; object = reader.readPemObject()) {
                objects.add(object);
            }
        } catch (IOException | IllegalStateException | IllegalArgumentException e) {
            throw new IdentityException(what + " " + file + ": found damaged PEM in block " + (objects.size() + 1)
                + ", expected base64 between BEGIN and END lines; copy the file anew");
        }
        if (objects.isEmpty()) {
            throw new IdentityException(what + " " + file + ": found no PEM block, expected \"-----BEGIN ...\"; "
                + "a DER file can be turned into PEM with openssl");
        }
        return objects;
    }

    private static String readText(String what, Path file) throws IdentityException {
        try {
            long size = Files.size(file);
            if (size > MAX_FILE_BYTES) {
                throw new IdentityException(what + " " + file + ": found " + size + " bytes, expected at most "
                    + MAX_FILE_BYTES + "; is it the right file?");
            }
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw unreadable(what, file, e);
        }
    }

    private static IdentityException unreadable(String what, Path file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return new IdentityException(what + " " + file + ": found no such file, expected a PEM file; check the "
                + "path in the configuration, or have one issued with the command pki", e);
        }
        if (e instanceof AccessDeniedException) {
            return new IdentityException(what + " " + file + ": found that it may not be read, expected a file "
                + "readable by the user of this process; change its owner", e);
        }
        return new IdentityException(what + " " + file + ": found that it cannot be read (" + e + "), expected a PEM "
            + "file", e);
    }

    /** Certificates as PEM text, in order. */
    public static byte[] encodeCertificates(List<X509Certificate> certificates) {
        List<PemObject> objects = new ArrayList<>();
        try {
            for (X509Certificate certificate : certificates) {
                objects.add(new PemObject(CERTIFICATE, certificate.getEncoded()));
            }
        } catch (CertificateException e) {
            throw new IllegalArgumentException("a certificate cannot be encoded", e);
        }
        return encode(objects);
    }

    /** A private key as PEM text (PKCS#8). A secret: write it with {@link OwnerOnlyFiles#writeSecret} alone. */
    public static byte[] encodePrivateKey(PrivateKey key) {
        return encode(List.of(new PemObject(PRIVATE_KEY, key.getEncoded())));
    }

    private static byte[] encode(List<PemObject> objects) {
        StringWriter text = new StringWriter();
        try (PemWriter writer = new PemWriter(text)) {
            for (PemObject object : objects) {
                writer.writeObject(object);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
