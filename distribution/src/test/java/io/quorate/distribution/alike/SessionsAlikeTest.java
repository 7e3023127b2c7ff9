package io.quorate.distribution.alike;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.registry.session.Hello;
import io.quorate.registry.session.PeerSession;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Evidence;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.spi.wire.RpcType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whoever is admitted gets the same session, whichever side began the connection and whatever carries it: what a node
 * knew of a peer once depended on who had dialed, and an accepted peer stayed without its certificate.
 */
class SessionsAlikeTest {

    @TempDir
    private Path folder;

    /** All that a session knows, but for what must differ: the transport and who began. */
    private record Known(PeerIdentity identity, Optional<String> fingerprint, long incarnation, int version,
        ClusterId cluster, String build, int endpoints, Optional<String> keyExchange, boolean confirmed) {

        static Known of(PeerSession session) {
            Hello hello = session.hello();
            return new Known(session.identity(), session.certificateFingerprint(), session.incarnation(),
                session.version(), hello.cluster(), hello.build(), hello.endpoints().size(), session.keyExchange(),
                session.confirmed());
        }
    }

    @Test
    void aSessionIsTheSameWhateverCarriesItAndWhoeverBegan() throws Exception {
        Parties parties = new Parties(folder);
        Set<Known> known = new HashSet<>();
        List<String> seen = new ArrayList<>();
        try (Identity one = parties.honest("n1"); Identity two = parties.honest("n2")) {
            for (TransportProvider provider : RealTransports.all()) {
                for (Origin origin : Origin.values()) {
                    PeerSession session = meet(provider, one, two, origin);
                    assertEquals(origin, session.origin());
                    assertEquals(provider.scheme(), session.transport());
                    known.add(Known.of(session));
                    seen.add(provider.scheme() + " " + origin);
                }
            }
            assertEquals(1, known.size(), () -> "one identity, seen over " + seen + ": " + known);
            Known only = known.iterator().next();
            assertEquals(Parties.node("n2"), only.identity());
            assertTrue(only.fingerprint().isPresent(), "a certificate is known from the first moment");
            assertEquals(Optional.of(Evidence.POST_QUANTUM_GROUP), only.keyExchange());
        }
    }

    /** The session that {@code one} has with {@code two}, begun by the one or by the other. */
    private static PeerSession meet(TransportProvider provider, Identity one, Identity two, Origin origin)
            throws Exception {
        try (RealHost first = new RealHost(provider, one, RealHost.CLUSTER, Set.of());
                RealHost second = new RealHost(provider, two, RealHost.CLUSTER, Set.of())) {
            if (origin == Origin.DIALED) {
                first.dial("n2", second.endpoint());
            } else {
                second.dial("n1", first.endpoint());
            }
            PeerSession session = first.awaitConfirmed();
            assertEquals(Parties.node("n1"), second.awaitConfirmed().identity());
            assertEquals(0, first.refused.size() + second.refused.size(), provider.scheme());
            if (origin == Origin.DIALED || !provider.scheme().equals("tcp")) {
                // On TCP calls go over connections of one's own; on QUIC also over those of the other side.
                assertEquals(Bytes.utf8("ping"), call(first, "n2", Bytes.utf8("ping")));
            }
            return session;
        }
    }

    private static Bytes call(RealHost host, String node, Bytes request) throws Exception {
        CompletableFuture<Bytes> answer = new CompletableFuture<>();
        host.loop().execute(() -> host.sessions().call(new NodeId(node), RpcType.STATUS,
            List.of(request), 10_000, new PeerCaller.CallHandler() {
                @Override
                public void onResponse(Bytes response) {
                    answer.complete(response);
                }

                @Override
                public void onFailure(CallFailure failure) {
                    answer.completeExceptionally(new AssertionError(failure.toString()));
                }
            }));
        return answer.get(20, TimeUnit.SECONDS);
    }

    @Test
    void whoIsReachedAtAnAddressIsKnownByItsIdentityAlone() throws Exception {
        Parties parties = new Parties(folder);
        try (Identity one = parties.honest("n1"); Identity two = parties.honest("n2")) {
            for (TransportProvider provider : RealTransports.all()) {
                try (RealHost first = new RealHost(provider, one, RealHost.CLUSTER, Set.of());
                        RealHost second = new RealHost(provider, two, RealHost.CLUSTER, Set.of())) {
                    // The certificate names no host: the SPIFFE id stands in for the host name's check.
                    first.dial("n2", new Endpoint(provider.scheme(), "localhost", second.endpoint().port()));
                    assertEquals(Parties.node("n2"), first.awaitConfirmed().identity(), provider.scheme());
                }
            }
        }
    }
}
