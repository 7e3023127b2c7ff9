package io.quorate.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.ConnectionFailure;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.testing.identity.TestCertificateAuthority;
import io.quorate.transport.tcp.TestNode.Engine;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;

/** The post-quantum key exchange: preferred always, demanded where that is asked for. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class KeyExchangeTest {

    private final TestCertificateAuthority authority = new TestCertificateAuthority("groups");

    @Test
    void two_that_demand_it_agree_on_it() {
        try (TestNode one = TestNode.postQuantum(authority.node("one"));
                TestNode two = TestNode.postQuantum(authority.node("two"))) {
            one.dial(two.endpoint());
            Evidence dialed = one.connection().evidence();
            assertEquals(Optional.of("X25519MLKEM768"), dialed.keyExchange());
            assertTrue(two.connection().evidence().isPostQuantum());
            assertTrue(one.transport.description().endsWith("key exchange X25519MLKEM768, ALPN quorate/1"),
                one.transport.description());
        }
    }

    @Test
    void one_that_demands_it_agrees_with_one_that_has_it() {
        try (TestNode strict = TestNode.postQuantum(authority.node("strict"));
                TestNode other = new TestNode(Engine.OPENSSL, authority.node("other"))) {
            strict.dial(other.endpoint());
            assertTrue(strict.connection().evidence().isPostQuantum());
            assertTrue(other.connection().evidence().isPostQuantum());
            other.dial(strict.endpoint());
            assertTrue(other.connection().evidence().isPostQuantum());
            assertTrue(strict.connection().evidence().isPostQuantum());
        }
    }

    /** The platform's engine has classical groups alone until JDK 27. */
    @Test
    @EnabledForJreRange(max = JRE.JAVA_25)
    void one_without_it_is_refused_by_name_on_both_sides_and_for_both_origins() {
        try (TestNode strict = TestNode.postQuantum(authority.node("strict"));
                TestNode classical = new TestNode(Engine.JDK, authority.node("classical"))) {
            classical.dial(strict.endpoint());
            assertKeyExchange(strict.failure(), Origin.ACCEPTED, "X25519MLKEM768, which is required here");
            assertKeyExchange(classical.failure(), Origin.DIALED, "it may require X25519MLKEM768");
            strict.dial(classical.endpoint());
            assertKeyExchange(strict.failure(), Origin.DIALED, "X25519MLKEM768, which is required here");
            assertKeyExchange(classical.failure(), Origin.ACCEPTED, "expected one that both sides have");
            strict.assertNothingMore();
            classical.assertNothingMore();
        }
    }

    private static void assertKeyExchange(ConnectionFailure failure, Origin origin, String words) {
        assertEquals(RefusalReason.KEY_EXCHANGE, failure.reason(), failure.detail());
        assertEquals(origin, failure.origin());
        assertTrue(failure.detail().contains(words), failure.detail());
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_25)
    void a_library_without_it_does_not_start() {
        Transport transport = new TcpTransportProvider().create(new TransportContext(
            () -> authority.node("one"), Optional.empty(), name -> { }, true, Map.of("tls-engine", "jdk")));
        var refused = assertThrows(TransportException.class, () -> transport.start(new TestSink()));
        assertTrue(refused.getMessage().contains("JSSE (asked for) has X25519, P-256 alone; expected X25519MLKEM768"),
            refused.getMessage());
        assertTrue(refused.getMessage().contains("Set tls-engine = openssl"), refused.getMessage());
        assertTrue(transport.description().startsWith("tcp, unusable: "), transport.description());
        transport.close();
    }

    @Test
    void without_the_demand_the_classical_one_serves() {
        try (Pair pair = new Pair(Engine.OPENSSL, Engine.JDK)) {
            var ends = pair.connect();
            assertEquals(Optional.of("X25519"), ends.dialed().evidence().keyExchange());
            assertFalse(ends.dialed().evidence().isPostQuantum());
            ends.dialed().close(CloseReason.of(CloseReason.Kind.NORMAL, "seen"));
            ends.accepted().close(CloseReason.of(CloseReason.Kind.NORMAL, "seen"));
        }
    }
}
