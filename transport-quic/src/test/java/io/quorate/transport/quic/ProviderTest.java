package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.testing.identity.TestCertificateAuthority;
import java.lang.reflect.Modifier;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ProviderTest {

    private static TransportContext context(Optional<Endpoint> listen, Map<String, String> settings) {
        var credentials = new TestCertificateAuthority("a").node("n");
        return new TransportContext(() -> credentials, listen, name -> { }, false, settings);
    }

    private static Transport create(Map<String, String> settings) {
        return new QuicTransportProvider().create(context(Optional.empty(), settings));
    }

    @Test
    void runs_in_its_module() {
        assertTrue(getClass().getModule().isNamed());
        assertEquals("io.quorate.transport.quic", getClass().getModule().getName());
    }

    @Test
    void is_a_provider_that_is_found() throws Exception {
        assertTrue(Modifier.isPublic(QuicTransportProvider.class.getModifiers()));
        assertEquals(0, QuicTransportProvider.class.getConstructor().getParameterCount());
        assertFalse(getClass().getModule().isExported("io.quorate.transport.quic"));
        assertTrue(getClass().getModule().getDescriptor().provides().stream()
            .anyMatch(provides -> provides.service().equals(TransportProvider.class.getName())));
        TransportProvider provider = new QuicTransportProvider();
        assertEquals("quic", provider.name());
        assertEquals("quic", provider.scheme());
        assertEquals(TransportProvider.SPI_VERSION, provider.spiVersion());
    }

    @Test
    void unknown_settings_and_values_are_refused_with_what_there_is() {
        var unknown = assertThrows(IllegalArgumentException.class, () -> create(Map.of("backlog", "9")));
        assertEquals("setting of the quic transport: found \"backlog\", expected one of [io, io-threads, "
            + "udp-payload-bytes]", unknown.getMessage());
        var io = assertThrows(IllegalArgumentException.class, () -> create(Map.of("io", "none")));
        assertTrue(io.getMessage().contains("[auto, epoll, nio]"), io.getMessage());
        for (String threads : new String[] {"0", "65", "two", ""}) {
            assertThrows(IllegalArgumentException.class, () -> create(Map.of("io-threads", threads)));
        }
        for (String bytes : new String[] {"0", "1199", "16001", "large", ""}) {
            var size =
                assertThrows(IllegalArgumentException.class, () -> create(Map.of("udp-payload-bytes", bytes)));
            assertTrue(size.getMessage().contains("from 1200 to 16000"), size.getMessage());
        }
        create(Map.of("udp-payload-bytes", "auto")).close();
    }

    @Test
    void says_what_it_is_made_of() {
        String text = create(Map.of("io", "nio", "io-threads", "1")).description();
        assertTrue(text.startsWith("quic over Netty 4.2."), text);
        assertTrue(text.contains("nio (asked for), 1 thread"), text);
        assertTrue(text.endsWith("TLS 1.3 by BoringSSL, key exchange X25519MLKEM768, X25519, P-256, "
            + "ALPN quorate-quic/1"), text);
    }

    @Test
    void a_missing_native_library_is_named_with_the_platforms_that_have_one() {
        var missing = assertThrows(TransportException.class,
            () -> QuicTransport.requireNative(new UnsatisfiedLinkError("no netty_quiche42 in java.library.path")));
        for (String word : new String[] {"no netty_quiche42", "expected netty-codec-native-quic", "Linux on x86_64 and "
            + "aarch64", "Use tcp:// endpoints"}) {
            assertTrue(missing.getMessage().contains(word), missing.getMessage());
        }
    }

    @Test
    void creates_without_binding_and_names_an_address_in_use_with_its_remedy() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            Endpoint same = new Endpoint("quic", "127.0.0.1", taken.getLocalPort());
            Transport transport = new QuicTransportProvider().create(context(Optional.of(same), Map.of()));
            assertEquals(Optional.empty(), transport.listening());
            var failure = assertThrows(TransportException.class, () -> transport.start(new TestSink()));
            assertTrue(failure.getMessage().contains("address " + same + " is in use"), failure.getMessage());
            assertTrue(failure.getMessage().contains("configure another port"), failure.getMessage());
            transport.close();
        }
    }

    @Test
    void an_address_of_another_machine_is_named() {
        Endpoint foreign = new Endpoint("quic", "192.0.2.1", 7400);
        Transport transport = new QuicTransportProvider().create(context(Optional.of(foreign), Map.of()));
        var failure = assertThrows(TransportException.class, () -> transport.start(new TestSink()));
        assertTrue(failure.getMessage().contains("not one of this machine's"), failure.getMessage());
    }

    @Test
    void serves_its_own_scheme_alone() {
        assertThrows(IllegalArgumentException.class,
            () -> create(Map.of()).dial(new Endpoint("tcp", "127.0.0.1", 1), 1));
        assertThrows(IllegalArgumentException.class, () -> new QuicTransportProvider()
            .create(context(Optional.of(new Endpoint("tcp", "127.0.0.1", 1)), Map.of())));
    }

    @Test
    void close_is_idempotent_and_leaves_no_thread() throws Exception {
        Transport transport = create(Map.of());
        transport.start(new TestSink());
        transport.close();
        transport.close();
        assertFalse(Thread.getAllStackTraces().keySet().stream()
            .anyMatch(thread -> thread.getName().startsWith("quorate-quic-") && thread.isAlive()
                && !thread.isDaemon()));
    }
}
