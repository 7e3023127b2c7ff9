package io.quorate.identity.x509.cert;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import io.quorate.spi.identity.IdentityException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Files of certificates, authorities and keys, as operators mix them up and disks damage them. */
public final class PemFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final TestCertificate ROOT = TestCertificate.root("root");
    private static final TestCertificate LEAF = ROOT.leaf("spiffe://example.org/node/n1");
    private static final Path FILE = newFile();

    private static Path newFile() {
        try {
            // Made for its owner alone, as a key's file must be.
            Path file = Files.createTempFile("quorate-pem", ".pem");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new IllegalStateException("no temporary file could be made", e);
        }
    }

    @AfterAll
    static void tidyUp() throws IOException {
        Files.deleteIfExists(FILE);
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 300, PemFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(10, "certificates", "no certificates");
        REACHED.requirePercent(3, "key", "no key");
        REACHED.requirePercent(5, "authorities", "no authorities");
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        Files.write(FILE, in.oneIn(16) ? in.rest() : file(in));
        try {
            List<X509Certificate> certificates = PemFile.readCertificates("certificate", FILE);
            assertFalse(certificates.isEmpty());
            REACHED.count("certificates");
            // What was read is written and read again as the same.
            Files.write(FILE, PemFile.encodeCertificates(certificates));
            assertTrue(certificates.equals(PemFile.readCertificates("certificate", FILE)));
            authorities();
        } catch (IdentityException e) {
            explained(e);
            REACHED.count("no certificates");
        }
        try {
            assertFalse(PemFile.readPrivateKey(FILE).getAlgorithm().isEmpty());
            REACHED.count("key");
        } catch (IdentityException e) {
            explained(e);
            REACHED.count("no key");
        }
    }

    private static void authorities() {
        try {
            assertFalse(AuthorityFile.read(FILE, ManualTime.START).isEmpty());
            REACHED.count("authorities");
        } catch (IdentityException e) {
            explained(e);
            REACHED.count("no authorities");
        }
    }

    private static void explained(IdentityException e) {
        assertTrue(e.getMessage().contains("found"), e.getMessage());
    }

    private static byte[] file(FuzzInput in) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 1 + in.below(2); i > 0; i--) {
            boolean root = in.oneIn(2);
            boolean key = in.oneIn(3);
            String type = in.oneIn(12) ? in.pick("RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE", "X509 CRL",
                "EC PARAMETERS", in.text(10)) : key ? "PRIVATE KEY" : "CERTIFICATE";
            out.writeBytes(pem(in, type, key ? LEAF.key().getEncoded() : (root ? ROOT : LEAF).get().getEncoded()));
            out.writeBytes((in.oneIn(8) ? in.text(20) : "").getBytes(StandardCharsets.UTF_8));
        }
        byte[] file = out.toByteArray();
        if (in.oneIn(6)) {
            in.damage(file, 0, file.length);
        }
        return file;
    }

    private static byte[] pem(FuzzInput in, String type, byte[] der) {
        byte[] content = der;
        if (in.oneIn(3)) {
            DerTree tree = DerTree.read(der);
            tree.mutate(in);
            content = tree.write();
        }
        String end = in.oneIn(24) ? in.pick("", "-----END-----", "-----END " + type) : "-----END " + type + "-----\n";
        return ("-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder().encodeToString(content) + "\n" + end)
            .getBytes(StandardCharsets.UTF_8);
    }
}
