package io.quorate.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import io.quorate.registry.session.RefusalEvent;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.RefusalReason;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which endpoint a refusal or a session is about, and what an operator gets to read. */
class ReachabilityTest {

    private static final Endpoint A = Endpoint.parse("tcp://127.0.0.1:7401");
    private static final Endpoint B = Endpoint.parse("tcp://localhost:7402");
    private static final Endpoint V6 = Endpoint.parse("tcp://[::1]:7403");
    private static final NodeId N1 = new NodeId("n1");

    private final Reachability reachability = new Reachability(List.of(A, B, V6));

    @Test
    void findsAPlaceInATextButNoPartOfAnother() {
        assertTrue(Reachability.namesPlace("127.0.0.1:7401", A));
        assertTrue(Reachability.namesPlace("endpoint tcp://127.0.0.1:7401", A));
        assertTrue(Reachability.namesPlace("/127.0.0.1:7401", A));
        assertTrue(Reachability.namesPlace("[::1]:7403", V6));
        assertFalse(Reachability.namesPlace("127.0.0.1:74011", A));
        assertFalse(Reachability.namesPlace("1127.0.0.1:7401", A));
        assertFalse(Reachability.namesPlace("x127.0.0.1:74011 and 127.0.0.1:7402", A));
        assertTrue(Reachability.namesPlace("127.0.0.1:74011 and 127.0.0.1:7401", A));
    }

    @Test
    void describesEachEndpointInTheirOrder() {
        refuse("endpoint tcp://127.0.0.1:7401", "127.0.0.1:7401", RefusalReason.CONNECT_FAILED, "connection refused");
        refuse("spiffe://t/node/n2", "127.0.0.1:7402", RefusalReason.WRONG_CLUSTER, "found x");
        assertEquals("tcp://127.0.0.1:7401: connect-failed: connection refused; tcp://localhost:7402: wrong-cluster: "
            + "found x; tcp://[::1]:7403: no answer yet", reachability.describe());
        assertFalse(reachability.settled());
        refuse("endpoint tcp://[::1]:7403", "[::1]:7403", RefusalReason.CONNECT_FAILED, "");
        assertTrue(reachability.settled());
        assertFalse(reachability.hopeless());
    }

    @Test
    void isHopelessOnlyIfEveryEndpointRefusesForGood() {
        for (Endpoint each : List.of(A, B, V6)) {
            assertFalse(reachability.hopeless());
            refuse("endpoint " + each, "?", RefusalReason.UNTRUSTED_AUTHORITY, "");
        }
        assertTrue(reachability.hopeless());
        refuse("endpoint " + A, "?", RefusalReason.REFUSED_BY_PEER, "shutting-down");
        assertFalse(reachability.hopeless());
        refuse("endpoint " + A, "?", RefusalReason.REFUSED_BY_PEER, "wrong-cluster: found x");
        assertTrue(reachability.hopeless());
        reachability.connected(N1, "tcp", "127.0.0.1:7401", List.of());
        assertFalse(reachability.hopeless());
    }

    @Test
    void knowsWhoIsAtAnEndpoint() {
        reachability.connected(N1, "tcp", "127.0.0.1:7402", List.of());
        assertEquals(Optional.of(N1), reachability.nodeAt(B));
        assertEquals(Optional.empty(), reachability.nodeAt(A));
        reachability.lost(N1, "unresponsive");
        assertEquals(Optional.of("connection lost: unresponsive"), reachability.failureOf(N1));
        assertTrue(reachability.describe().contains("tcp://localhost:7402: connection-lost: unresponsive"));
        reachability.connected(N1, "tcp", "10.0.0.1:9", List.of(A));
        assertEquals(Optional.of(N1), reachability.nodeAt(A));
        assertEquals(Optional.empty(), reachability.failureOf(N1));
    }

    @Test
    void aRefusalAtAnAddressThatNoEndpointNamesIsToldToo() {
        Reachability hosts = new Reachability(List.of(Endpoint.parse("tcp://a.example:7400"),
            Endpoint.parse("tcp://b.example:7400")));
        hosts.refused(new RefusalEvent("tcp", Origin.DIALED, "spiffe://t/node/n1", "10.0.0.1:7400",
            RefusalReason.WRONG_CLUSTER, "found x", 0, 0));
        assertEquals("tcp://a.example:7400: no answer yet; tcp://b.example:7400: no answer yet; spiffe://t/node/n1 at "
            + "10.0.0.1:7400: wrong-cluster: found x", hosts.describe());
    }

    @Test
    void aNodeMetOverOneTransportIsNotTakenForTheOneAtTheSamePortOfAnother() {
        Endpoint udp = Endpoint.parse("quic://127.0.0.1:7401");
        Reachability mixed = new Reachability(List.of(A, udp));
        mixed.connected(N1, "tcp", "127.0.0.1:7401", List.of());
        assertEquals(Optional.of(N1), mixed.nodeAt(A));
        assertEquals(Optional.empty(), mixed.nodeAt(udp));
        mixed.connected(N1, "tcp", "127.0.0.1:7401", List.of(A, udp));
        assertEquals(Optional.of(N1), mixed.nodeAt(udp), "unless it says so");
    }

    private void refuse(String subject, String remote, RefusalReason reason, String detail) {
        reachability.refused(new RefusalEvent("tcp", Origin.DIALED, subject, remote, reason, detail, 0, 0));
    }
}
