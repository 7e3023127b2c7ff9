package io.quorate.transport.tcp;

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
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
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
        return new TcpTransportProvider().create(context(Optional.empty(), settings));
    }

    @Test
    void runs_in_its_module() {
        assertTrue(getClass().getModule().isNamed());
        assertEquals("io.quorate.transport.tcp", getClass().getModule().getName());
    }

    @Test
    void is_offered_as_a_service_and_is_not_exported() {
        var provided = getClass().getModule().getDescriptor().provides();
        assertEquals(1, provided.size());
        var service = provided.iterator().next();
        assertEquals(TransportProvider.class.getName(), service.service());
        assertEquals(List.of(TcpTransportProvider.class.getName()), service.providers());
        assertEquals("tcp", new TcpTransportProvider().name());
        assertEquals("tcp", new TcpTransportProvider().scheme());
        assertTrue(Modifier.isFinal(TcpTransportProvider.class.getModifiers()));
        assertTrue(getClass().getModule().getDescriptor().exports().isEmpty());
    }

    @Test
    void refuses_settings_that_it_does_not_know_and_names_those_that_it_does() {
        var unknown = assertThrows(IllegalArgumentException.class, () -> create(Map.of("tls-engin", "jdk")));
        assertTrue(unknown.getMessage().contains("\"tls-engin\""), unknown.getMessage());
        assertTrue(unknown.getMessage().contains("[backlog, io, io-threads, tls-engine]"), unknown.getMessage());
        var engine = assertThrows(IllegalArgumentException.class, () -> create(Map.of("tls-engine", "none")));
        assertTrue(engine.getMessage().contains("[auto, openssl, jdk]"), engine.getMessage());
        for (String threads : new String[] {"0", "65", "two", ""}) {
            assertThrows(IllegalArgumentException.class, () -> create(Map.of("io-threads", threads)));
        }
    }

    @Test
    void says_what_it_is_made_of() {
        String openSsl = create(Map.of("tls-engine", "auto")).description();
        assertTrue(openSsl.contains("BoringSSL (its native library loads)"), openSsl);
        assertTrue(openSsl.contains("TLS 1.3, key exchange X25519MLKEM768, X25519, P-256"), openSsl);
        assertTrue(openSsl.contains("Netty 4.2."), openSsl);
        String jdk = create(Map.of("tls-engine", "jdk", "io", "nio")).description();
        assertTrue(jdk.contains("JSSE (asked for)"), jdk);
        assertTrue(jdk.contains("nio (asked for)"), jdk);
    }

    @Test
    void creates_without_binding() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Endpoint same = new Endpoint("tcp", "127.0.0.1", taken.getLocalPort());
            Transport transport = new TcpTransportProvider().create(context(Optional.of(same), Map.of()));
            assertEquals(Optional.empty(), transport.listening());
            transport.close();
        }
    }

    @Test
    void an_address_in_use_is_named_with_its_remedy() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Endpoint same = new Endpoint("tcp", "127.0.0.1", taken.getLocalPort());
            Transport transport = new TcpTransportProvider().create(context(Optional.of(same), Map.of()));
            var failure = assertThrows(TransportException.class, () -> transport.start(new TestSink()));
            assertTrue(failure.getMessage().contains("address " + same + " is in use"), failure.getMessage());
            assertTrue(failure.getMessage().contains("configure another port"), failure.getMessage());
            transport.close();
        }
    }

    @Test
    void an_address_of_another_machine_is_named() {
        Endpoint foreign = new Endpoint("tcp", "192.0.2.1", 7400);
        Transport transport = new TcpTransportProvider().create(context(Optional.of(foreign), Map.of()));
        var failure = assertThrows(TransportException.class, () -> transport.start(new TestSink()));
        assertTrue(failure.getMessage().contains("not one of this machine's"), failure.getMessage());
    }

    @Test
    void serves_its_own_scheme_alone() {
        assertThrows(IllegalArgumentException.class,
            () -> create(Map.of()).dial(new Endpoint("quic", "127.0.0.1", 1), 1));
        assertThrows(IllegalArgumentException.class, () -> new TcpTransportProvider()
            .create(context(Optional.of(new Endpoint("quic", "127.0.0.1", 1)), Map.of())));
    }

    @Test
    void close_is_idempotent_and_leaves_no_thread() throws Exception {
        Transport transport = create(Map.of());
        transport.start(new TestSink());
        transport.close();
        transport.close();
        assertFalse(Thread.getAllStackTraces().keySet().stream()
            .anyMatch(thread -> thread.getName().startsWith("quorate-tcp-") && thread.isAlive() && !thread.isDaemon()));
    }
}
