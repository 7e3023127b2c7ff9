package io.quorate.spi.transport.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportException;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class ListenAddressTest {

    private static final Endpoint HERE = new Endpoint("tcp", "127.0.0.1", 7400);

    private static void assertSays(String expected, String cause) {
        IOException thrown = new IOException(cause);
        TransportException told = ListenAddress.cannotBind(HERE, thrown);
        assertEquals(expected, told.getMessage());
        assertSame(thrown, told.getCause());
    }

    @Test
    void livesInANamedModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void anAddressNeedsNoLookUp() throws TransportException {
        assertEquals(new InetSocketAddress("127.0.0.1", 7400), ListenAddress.of(HERE));
    }

    @Test
    void aNameWithoutAnAddressIsNamed() {
        Endpoint nowhere = new Endpoint("quic", "no-such-host.invalid", 7400);
        TransportException told = assertThrows(TransportException.class, () -> ListenAddress.of(nowhere));
        assertEquals("cannot listen at quic://no-such-host.invalid:7400: found no address for "
            + "\"no-such-host.invalid\", expected a name or address of this machine", told.getMessage());
    }

    /** As the platform's sockets and the native ones say it, which differ in how they begin. */
    @Test
    void eachReasonHasItsRemedy() {
        assertSays("address tcp://127.0.0.1:7400 is in use by another process, expected it to be free; stop that "
            + "process, or configure another port", "bind(..) failed: Address already in use");
        assertSays("address tcp://127.0.0.1:7400 is not one of this machine's, expected one that is; configure one, or "
            + "0.0.0.0 for all", "Cannot assign requested address: bind");
        assertSays("address tcp://127.0.0.1:7400 may not be bound by this user, expected a port of 1024 or higher, or "
            + "the right to bind a lower one", "Permission denied");
        assertSays("cannot listen at tcp://127.0.0.1:7400: no buffer space", "no buffer space");
    }
}
