package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.api.Standing;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.RpcType;
import io.quorate.testing.identity.TestIdentity;
import io.quorate.testing.memory.MemoryNetwork;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.TreeMap;

/** A process with sessions in a virtual world: what it hears is written down. */
final class TestHost implements SessionListener {

    static final ClusterId CLUSTER = new ClusterId("test-cluster");

    final VirtualWorld world;
    final VirtualLoop loop;
    final Counters counters = new Counters();
    final Sessions sessions;
    final TestIdentity identity;
    final List<String> events = new ArrayList<>();
    final List<RefusalEvent> refusals = new ArrayList<>();
    final Map<PeerIdentity, RefusalReason> refused = new TreeMap<>((a, b) -> a.uri().compareTo(b.uri()));
    /** Serves calls; by default it echoes. */
    CallServer server = (caller, type, request, budget, call) -> call.respond(List.of(request));
    private final long incarnation;

    private TestHost(Setup setup) {
        world = setup.world;
        loop = new VirtualLoop(world);
        incarnation = setup.incarnation;
        Optional<Endpoint> listen = setup.port == 0 ? Optional.empty()
            : Optional.of(new Endpoint(MemoryNetwork.SCHEME, setup.host, setup.port));
        identity = TestIdentity.of(setup.identity);
        List<Transport> transports = new ArrayList<>();
        List<Endpoint> places = new ArrayList<>();
        for (MemoryNetwork network : setup.networks) {
            Optional<Endpoint> at = listen.map(first -> new Endpoint(network.scheme(), first.host(), first.port()));
            at.ifPresent(places::add);
            Transport transport = network.transport(setup.host,
                new TransportContext(identity::credentials, at, counters, false, Map.of()));
            transport = setup.keyExchange.isPresent() ? KeyExchangeOver.over(transport, setup.keyExchange) : transport;
            transports.add(setup.lazyMillis > 0 ? LazyCapacity.over(transport, world, setup.lazyMillis) : transport);
        }
        LocalDescription local = setup.callsOnly
            ? LocalDescription.ofCaller(setup.cluster, setup.identity, incarnation, "test")
            : LocalDescription.of(setup.cluster, setup.identity, incarnation, places, "test", setup.features);
        sessions = new Sessions(new Sessions.Context(loop, identity, transports, local, new Policy(),
            (caller, type, request, budget, call) -> server.serve(caller, type, request, budget, call), this,
            setup.settings, counters, setup.prefer, setup.requirePostQuantum));
        try {
            sessions.start();
        } catch (TransportException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a host is made of. */
    static final class Setup {
        private final VirtualWorld world;
        private final List<MemoryNetwork> networks = new ArrayList<>();
        private final String host;
        private PeerIdentity identity;
        private ClusterId cluster = CLUSTER;
        private long incarnation = 1;
        private int port = 1;
        private SessionSettings settings = SessionSettings.forNode();
        private long lazyMillis;
        private boolean callsOnly;
        private SortedSet<String> features = new TreeSet<>();
        private List<String> prefer = List.of();
        private boolean requirePostQuantum;
        private Optional<String> keyExchange = Optional.empty();

        Setup(VirtualWorld world, MemoryNetwork network, String host) {
            this.world = world;
            this.networks.add(network);
            this.host = host;
            this.identity = node(host);
        }

        Setup incarnation(long number) {
            incarnation = number;
            return this;
        }

        Setup cluster(String name) {
            cluster = new ClusterId(name);
            return this;
        }

        Setup identity(PeerIdentity other) {
            identity = other;
            return this;
        }

        Setup client(PeerIdentity.Kind kind, String name) {
            identity = new PeerIdentity("test", kind, name);
            port = 0;
            callsOnly = true;
            settings = SessionSettings.forClient();
            return this;
        }

        /** One more transport. */
        Setup also(MemoryNetwork network) {
            networks.add(network);
            return this;
        }

        Setup prefer(String... schemes) {
            prefer = List.of(schemes);
            return this;
        }

        /** What TLS is said to have agreed on, on each of its connections. */
        Setup keyExchange(String group) {
            keyExchange = Optional.of(group);
            return this;
        }

        Setup requirePostQuantum() {
            requirePostQuantum = true;
            return this;
        }

        Setup features(String... labels) {
            features = new TreeSet<>(List.of(labels));
            return this;
        }

        /** A node that accepts no connection. */
        Setup behindFirewall() {
            port = 0;
            return this;
        }

        Setup settings(SessionSettings others) {
            settings = others;
            return this;
        }

        /** Calls' ends are known a moment before their connections can be used again, as with real threads. */
        Setup lazyCapacity(long millis) {
            lazyMillis = millis;
            return this;
        }

        TestHost start() {
            return new TestHost(this);
        }
    }

    static PeerIdentity node(String name) {
        return new PeerIdentity("test", PeerIdentity.Kind.NODE, name);
    }

    static Endpoint endpoint(String host) {
        return new Endpoint(MemoryNetwork.SCHEME, host, 1);
    }

    static NodeId id(String name) {
        return new NodeId(name);
    }

    /** Dials nodes at the hosts of their names. */
    void dial(String... nodes) {
        List<DialTarget> targets = new ArrayList<>();
        for (String node : nodes) {
            targets.add(DialTarget.node(id(node), List.of(endpoint(node))));
        }
        dial(targets);
    }

    void dial(List<DialTarget> targets) {
        loop.execute(() -> sessions.setTargets(targets));
    }

    Call call(String node, RpcType type, long timeoutMillis) {
        return call(node, type, timeoutMillis, Bytes.utf8("x"));
    }

    Call call(String node, RpcType type, long timeoutMillis, Bytes request) {
        Call call = new Call(this);
        loop.execute(() -> {
            call.within = true;
            call.startedNanos = world.clock().nanoTime();
            sessions.call(id(node), type, List.of(request), timeoutMillis, call);
            call.within = false;
        });
        return call;
    }

    boolean sees(String node) {
        return sessions.presence(id(node)).map(p -> p.present() && p.confirmed()).orElse(false);
    }

    boolean sees(String node, long number) {
        return sees(node) && sessions.presence(id(node)).orElseThrow().incarnation() == number;
    }

    int sessionsWith(String node) {
        return sessions.presence(id(node)).map(NodePresence::sessions).orElse(0);
    }

    boolean settled(String... nodes) {
        for (String node : nodes) {
            if (!sees(node)) {
                return false;
            }
        }
        return sessions.sessions().stream().allMatch(PeerSession::confirmed);
    }

    List<RefusalReason> reasons() {
        return refusals.stream().map(RefusalEvent::reason).toList();
    }

    /** How one call ended. */
    static final class Call implements PeerCaller.CallHandler {
        private final TestHost host;
        int answers;
        Bytes response;
        CallFailure failure;
        long startedNanos;
        long endedNanos;
        private boolean within;

        private Call(TestHost host) {
            this.host = host;
        }

        boolean done() {
            return answers > 0;
        }

        CallFailure.Kind kind() {
            return failure == null ? null : failure.kind();
        }

        long tookMillis() {
            return (endedNanos - startedNanos) / 1_000_000;
        }

        @Override
        public void onResponse(Bytes payload) {
            ended();
            response = payload;
        }

        @Override
        public void onFailure(CallFailure how) {
            ended();
            failure = how;
        }

        private void ended() {
            answers++;
            endedNanos = host.world.clock().nanoTime();
            if (within || !host.loop.inLoop()) {
                throw new AssertionError("answered within the call or off the loop");
            }
        }
    }

    private final class Policy implements AdmissionPolicy {
        @Override
        public Optional<RefusalReason> refusal(PeerIdentity identity) {
            return Optional.ofNullable(refused.get(identity));
        }

        @Override
        public Standing standing(PeerIdentity identity) {
            return switch (identity.kind()) {
                case NODE -> Standing.MEMBER;
                case CLIENT -> Standing.CLIENT;
                case OPERATOR -> Standing.OPERATOR;
            };
        }
    }

    private String who(PeerSession session) {
        return session.identity().name() + "/" + session.incarnation() + " sees "
            + session.node().map(node -> sessionsWith(node.value()) > 0).orElse(false);
    }

    @Override
    public void sessionAdmitted(PeerSession session) {
        events.add("admitted " + who(session));
    }

    @Override
    public void sessionConfirmed(PeerSession session) {
        events.add("confirmed " + who(session));
    }

    @Override
    public void sessionClosed(PeerSession session, CloseReason reason) {
        events.add("closed " + reason.kind() + " " + who(session));
    }

    @Override
    public void refused(RefusalEvent event) {
        refusals.add(event);
    }
}
