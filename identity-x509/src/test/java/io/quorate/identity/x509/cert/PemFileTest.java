package io.quorate.identity.x509.cert;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.identity.IdentityException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage to key files for which the parser below has exceptions of its own. */
class PemFileTest {

    @TempDir
    private Path folder;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    /** Nothing within; a version alone; a version beyond an int; no sequence; an algorithm that is no name. */
    @ParameterizedTest
    @ValueSource(strings = {"3000", "3003020100", "300702050100000000", "0400", "300c020100300404020102040100"})
    void aDamagedKeyIsAnErrorOfItsFile(String hex) throws Exception {
        Path file = folder.resolve("key.pem");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, ("-----BEGIN PRIVATE KEY-----\n" + Base64.getEncoder().encodeToString(HexFormat.of()
            .parseHex(hex)) + "\n-----END PRIVATE KEY-----\n").getBytes(StandardCharsets.US_ASCII));
        IdentityException refusal = assertThrows(IdentityException.class, () -> PemFile.readPrivateKey(file));
        assertTrue(refusal.getMessage().contains("found a damaged private key"), refusal.getMessage());
    }
}
