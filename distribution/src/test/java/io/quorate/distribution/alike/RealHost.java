package io.quorate.distribution.alike;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.api.Standing;
import io.quorate.registry.loop.LoopThread;
import io.quorate.registry.session.AdmissionPolicy;
import io.quorate.registry.session.Counters;
import io.quorate.registry.session.DialTarget;
import io.quorate.registry.session.LocalDescription;
import io.quorate.registry.session.PeerSession;
import io.quorate.registry.session.RefusalEvent;
import io.quorate.registry.session.SessionListener;
import io.quorate.registry.session.SessionSettings;
import io.quorate.registry.session.Sessions;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportProvider;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process with sessions over one real transport; what it hears can be waited for. */
final class RealHost implements SessionListener, AutoCloseable {

    static final ClusterId CLUSTER = new ClusterId("alike");

    private static final long DEADLINE_SECONDS = 20;

    final Counters counters = new Counters();
    final LinkedBlockingQueue<RefusalEvent> refused = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<PeerSession> confirmed = new LinkedBlockingQueue<>();
    private final LoopThread loop;
    private final Sessions sessions;

    /** A host that serves each call with its request. */
    RealHost(TransportProvider provider, Identity identity, ClusterId cluster, Set<String> removed)
            throws TransportException {
        loop = new LoopThread("alike-" + identity.self().name(), broken -> {
            throw new AssertionError("the loop broke", broken);
        });
        Endpoint listen = new Endpoint(provider.scheme(), "127.0.0.1", 0);
        LocalDescription local = LocalDescription.of(cluster, identity.self(), 1, List.of(
            new Endpoint(provider.scheme(), "127.0.0.1", 1)), "test");
        sessions = new Sessions(new Sessions.Context(loop, identity,
            List.of(provider.create(new TransportContext(identity::credentials, Optional.of(listen), counters, false,
                Map.of()))),
            local, new Removing(removed),
            (caller, type, request, budget, call) -> call.respond(List.of(request)),
            this, SessionSettings.forNode(), counters));
        sessions.start();
        loop.start();
    }

    Endpoint endpoint() {
        return sessions.listening().get(0);
    }

    /** Dials whoever is at {@code endpoint}, and insists that it is {@code node}. */
    void dial(String node, Endpoint endpoint) {
        loop.execute(() -> sessions.setTargets(List.of(DialTarget.node(new NodeId(node), List.of(endpoint)))));
    }

    RefusalEvent awaitRefusal() throws InterruptedException {
        RefusalEvent event = refused.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        if (event == null) {
            throw new AssertionError("found no refusal within " + DEADLINE_SECONDS + " s; counters "
                + counters.snapshot());
        }
        return event;
    }

    PeerSession awaitConfirmed() throws InterruptedException {
        PeerSession session = confirmed.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        if (session == null) {
            throw new AssertionError("found no session within " + DEADLINE_SECONDS + " s; refused " + refused
                + ", counters " + counters.snapshot());
        }
        return session;
    }

    Sessions sessions() {
        return sessions;
    }

    LoopThread loop() {
        return loop;
    }

    @Override
    public void sessionConfirmed(PeerSession session) {
        confirmed.add(session);
    }

    @Override
    public void refused(RefusalEvent event) {
        refused.add(event);
    }

    @Override
    public void close() {
        sessions.close();
        loop.close();
    }

    /** Admits everybody but some. */
    private record Removing(Set<String> removed) implements AdmissionPolicy {
        @Override
        public Optional<RefusalReason> refusal(PeerIdentity identity) {
            return removed.contains(identity.name()) ? Optional.of(RefusalReason.REMOVED_NODE) : Optional.empty();
        }

        @Override
        public Standing standing(PeerIdentity identity) {
            return Standing.MEMBER;
        }
    }
}
