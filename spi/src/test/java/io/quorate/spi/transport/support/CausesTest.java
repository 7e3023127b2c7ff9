package io.quorate.spi.transport.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class CausesTest {

    private static final int LONG = 100_000;

    @Test
    void namesOfClassesAndLibrariesAreLeftOut() {
        assertEquals("connection reset", Causes.plain("java.io.IOException: connection reset"));
        assertEquals("CERTIFICATE_VERIFY_FAILED", Causes.plain(
            "error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED"));
        assertEquals("one two", Causes.plain(" one\r\n\ttwo "));
    }

    @Test
    void theInnermostCauseSpeaks() {
        assertEquals("no room", Causes.root(new IllegalStateException("outer", new IOException("no room"))));
        assertEquals("no reason given", Causes.root(new IOException()));
    }

    /** Words of a goodbye are a stranger's: a pattern that recurses for each "a." of them ended in a full stack. */
    @Test
    void noTextIsTooLongOrTooStrange() {
        for (String piece : new String[] {"a.", "aa.", "a", "A", ".", "a.A", "\n", "error:1:SSL"}) {
            String plain = Causes.plain(piece.repeat(LONG / piece.length()));
            assertTrue(plain.length() <= 301, piece + ": " + plain.length());
        }
    }
}
