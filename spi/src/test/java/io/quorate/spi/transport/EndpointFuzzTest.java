package io.quorate.spi.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import org.junit.jupiter.api.Test;

/** Endpoints as people and strangers write them. */
public final class EndpointFuzzTest {

    private static final Reached REACHED = new Reached();

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 6_000, EndpointFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(20, "read", "refused");
        REACHED.require(20, "IPv6");
    }

    public static void fuzzerTestOneInput(byte[] data) {
        FuzzInput in = new FuzzInput(data);
        String text = in.oneIn(5) ? in.text(400) : written(in);
        Endpoint endpoint;
        try {
            endpoint = Endpoint.parse(text);
        } catch (IllegalArgumentException e) {
            REACHED.count("refused");
            assertTrue(e.getMessage().contains("found") && e.getMessage().contains("expected"), e.getMessage());
            return;
        }
        REACHED.count("read");
        if (endpoint.host().contains(":")) {
            REACHED.count("IPv6");
        }
        assertEquals(endpoint, Endpoint.parse(endpoint.toString()));
        assertTrue(endpoint.toString().length() <= Endpoint.MAX_LENGTH);
        assertTrue(endpoint.port() >= 0 && endpoint.port() <= 65_535);
    }

    private static String written(FuzzInput in) {
        String scheme = in.pick("tcp", "quic", "t", "TCP", "", "0tcp", "averyveryverylongscheme");
        String host = in.pick("127.0.0.1", "[::1]", "::1", "[fe80::1%eth0]", "node-1.example.org", "", "[]", "[[::1]]",
            in.text(80), "x".repeat(in.below(300)));
        String port = in.pick("7400", "0", "65535", "65536", "-1", "+7", "", "0x10", Long.toString(in.number()));
        return scheme + in.pick("://", "://", "://", ":/", "://:") + host + in.pick(":", ":", ":", "") + port;
    }
}
