package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ServerHelloGroupTest {

    /** Before the extensions of a ServerHello without a session ID. */
    private static final int EXTENSIONS_AT = 44;

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void readsTheSample() {
        assertEquals(Optional.of("X25519"), group(Rfc9001.serverHello()));
    }

    @Test
    void namesTheGroups() {
        Map<Integer, String> names = Map.of(0x0017, "P-256", 0x0018, "P-384", 0x001D, "X25519",
            0x0202, "MLKEM1024", 0x11EB, "SecP256r1MLKEM768", 0x11EC, "X25519MLKEM768", 0x6399, "0x6399",
            0x000A, "0x000A");
        names.forEach((number, name) -> {
            assertEquals(Optional.of(name), group(Hello.server(number, 32, false)));
            assertEquals(Optional.of(name), group(Hello.server(number, 1120, true)));
            assertEquals(Optional.of(name), group(Hello.retry(number)));
        });
    }

    @Test
    void knowsTheGroupAsSoonAsItsShareBegins() {
        byte[] hello = Hello.server(Hello.X25519_MLKEM768, 1120, false);
        for (int size = 0; size <= hello.length; size++) {
            Optional<String> expected = size < EXTENSIONS_AT + 8 ? Optional.empty() : Optional.of("X25519MLKEM768");
            assertEquals(expected, ServerHelloGroup.of(Bytes.wrap(hello, 0, size)), "first " + size);
        }
        byte[] retry = Hello.retry(Hello.X25519);
        for (int size = 0; size < retry.length; size++) {
            assertEquals(Optional.empty(), ServerHelloGroup.of(Bytes.wrap(retry, 0, size)), "first " + size);
        }
    }

    @Test
    void aHelloWithoutAShareHasNoGroup() {
        assertEquals(Optional.empty(), group(Hello.withoutShare()));
    }

    @Test
    void anythingElseHasNoGroup() {
        byte[] good = Hello.server(Hello.X25519, 32, false);
        // Type, version, a session ID longer than allowed, compression.
        for (int at : new int[] {0, 4, 5, 38, 41}) {
            byte[] bad = good.clone();
            bad[at] = 33;
            assertEquals(Optional.empty(), group(bad), "at " + at);
        }
        // The share's size: it must fill its extension, and that one must fit into all extensions.
        for (int at : new int[] {47, 51}) {
            byte[] bad = good.clone();
            bad[at]--;
            assertEquals(Optional.empty(), group(bad), "at " + at);
        }
        byte[] tight = good.clone();
        tight[43] = 40;
        assertEquals(Optional.of("X25519"), group(tight));
        tight[43] = 39;
        assertEquals(Optional.empty(), group(tight));
        // A retry's form in a hello, and a hello's in a retry.
        byte[] retry = Hello.retry(Hello.X25519);
        retry[6] ^= 1;
        assertEquals(Optional.empty(), group(retry));
        byte[] hello = good.clone();
        System.arraycopy(Hello.retry(Hello.X25519), 6, hello, 6, 32);
        assertEquals(Optional.empty(), group(hello));
    }

    @Test
    void garbageThrowsNothing() {
        Random random = new Random(4);
        byte[] good = Hello.server(Hello.X25519_MLKEM768, 40, true);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = good.clone();
            for (int change = random.nextInt(6); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            ServerHelloGroup.of(Bytes.wrap(bytes, 0, random.nextInt(bytes.length + 1)));
        }
    }

    private static Optional<String> group(byte[] message) {
        return ServerHelloGroup.of(Bytes.wrap(message));
    }
}
