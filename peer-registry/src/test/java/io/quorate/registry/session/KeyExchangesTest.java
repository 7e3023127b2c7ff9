package io.quorate.registry.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualWorld;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeyExchangesTest {

    private static final long MILLIS = 1_000_000;

    private final VirtualWorld world = new VirtualWorld(7);
    private final MemoryNetwork network =
        new MemoryNetwork(world, MemoryNetwork.Mode.EXCLUSIVE_LEASE, MILLIS / 10, MILLIS);

    private TestHost.Setup host(String name, String group) {
        return new TestHost.Setup(world, network, name).keyExchange(group);
    }

    @ParameterizedTest
    @EnumSource(Origin.class)
    void aWeakerKeyExchangeThatATransportLetPassIsRefusedByTheGate(Origin origin) {
        TestHost strict = host("n1", "X25519").requirePostQuantum().start();
        TestHost other = host("n2", "X25519").start();
        (origin == Origin.DIALED ? strict : other).dial(origin == Origin.DIALED ? "n2" : "n1");
        world.runFor(500 * MILLIS);
        assertEquals(0, strict.sessionsWith("n2") + other.sessionsWith("n1"));
        assertEquals(List.of(RefusalReason.KEY_EXCHANGE), strict.reasons().stream().distinct().toList());
        assertEquals(origin, strict.refusals.get(0).origin());
        assertTrue(strict.refusals.get(0).detail().contains("found key exchange X25519, expected X25519MLKEM768"));
        assertEquals(strict.refusals.size(), strict.counters.get("handshake.refused.key-exchange"));
        assertTrue(other.refusals.stream().anyMatch(event -> event.reason() == RefusalReason.REFUSED_BY_PEER
            && event.detail().startsWith("key-exchange: ")), "the other side is told: " + other.refusals);
    }

    @Test
    void thePostQuantumOneAndAnUnknownOneAreAdmittedAndCounted() {
        TestHost strict = host("n1", Evidence.POST_QUANTUM_GROUP).requirePostQuantum().start();
        host("n2", "X25519").start();
        strict.dial("n2");
        assertTrue(world.runUntil(() -> strict.settled("n2"), 500 * MILLIS));
        assertEquals(strict.counters.get("session.admitted"), strict.counters.get("tls.key-exchange.x25519mlkem768"));
        PeerSession session = strict.sessions.sessions().get(0);
        assertEquals(Optional.of("X25519MLKEM768"), session.keyExchange());
        assertEquals("mem", session.transport());

        TestHost silent = new TestHost.Setup(world, network, "n3").requirePostQuantum().start();
        silent.dial("n2");
        assertTrue(world.runUntil(() -> silent.settled("n2"), 500 * MILLIS));
        assertEquals(silent.counters.get("session.admitted"), silent.counters.get("tls.key-exchange.unknown"));
    }

    @Test
    void aCounterNeverGetsANameFromOutside() {
        assertEquals("tls.key-exchange.other", KeyExchanges.counterName(
            new Evidence(List.of(), Bytes.utf8("b"), Optional.of("made-up-" + "x".repeat(1_000)), "")));
        assertEquals("tls.key-exchange.secp256r1", KeyExchanges.counterName(
            new Evidence(List.of(), Bytes.utf8("b"), Optional.of("secp256r1"), "")));
    }
}
