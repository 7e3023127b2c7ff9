package io.quorate.spi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndpointTest {

    @Test
    void theWrittenFormIsRead() {
        for (String text : new String[] {"tcp://127.0.0.1:7401", "quic://[::1]:1", "tcp://host-1.example:65535"}) {
            assertEquals(text, Endpoint.parse(text).toString());
        }
        assertEquals("::1", Endpoint.parse("tcp://[::1]:80").host());
    }

    @Test
    void whatIsNotAnEndpointIsNamed() {
        for (String bad : new String[] {"", "127.0.0.1:1", "tcp://:1", "tcp://host", "tcp://host:", "tcp://host:x",
            "tcp://host:65536", "tcp://host:-1", "TCP://host:1", "tcp://a b:1", "tcp://" + "h".repeat(400) + ":1"}) {
            String message = assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(bad), bad).getMessage();
            assertNotNull(message);
        }
    }

    @Test
    void reasonsHaveCodesOfTheirOwn() {
        Set<Integer> codes = new HashSet<>();
        for (RefusalReason reason : RefusalReason.values()) {
            assertEquals(reason, RefusalReason.ofCode(reason.code()));
            codes.add(reason.code());
        }
        assertEquals(RefusalReason.values().length, codes.size());
        assertNull(RefusalReason.ofCode(0));
        assertEquals("handshake.refused.no-certificate", RefusalReason.NO_CERTIFICATE.counterName());
    }
}
