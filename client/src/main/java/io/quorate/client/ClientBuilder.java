package io.quorate.client;

import io.quorate.api.ClusterId;
import io.quorate.registry.session.Counters;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportContext;
import io.quorate.spi.transport.TransportProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Puts a {@link QuorateClient} together. Required: cluster, at least one server, identity, and a transport for every
 * scheme among the servers. Not thread-safe.
 */
public final class ClientBuilder {

    private record Offered(TransportProvider provider, Map<String, String> settings) {
    }

    private final Set<Endpoint> servers = new LinkedHashSet<>();
    private final SortedMap<String, Offered> transports = new TreeMap<>();
    private ClusterId cluster;
    private Identity identity;
    private final Set<Endpoint> preferred = new LinkedHashSet<>();
    private List<String> prefer;
    private boolean requirePostQuantum;
    private NodeLoop loop;
    private String name = "quorate-client";
    private String version = "unknown";
    private Duration operationTimeout = Duration.ofMillis(ClientLimits.DEFAULT_OPERATION_TIMEOUT_MILLIS);
    private Duration connectTimeout;
    private boolean sessions = true;
    private int maxPendingOperations = ClientLimits.DEFAULT_MAX_PENDING_OPERATIONS;
    private long maxPendingBytes = ClientLimits.DEFAULT_MAX_PENDING_BYTES;

    ClientBuilder() {
    }

    /** The cluster to talk to; a node of another one is refused. */
    public ClientBuilder cluster(ClusterId id) {
        cluster = id;
        return this;
    }

    /** Where nodes answer. Which ones need not be known, nor need all be named: one that answers is enough. */
    public ClientBuilder servers(Collection<Endpoint> endpoints) {
        servers.addAll(endpoints);
        return this;
    }

    /** One more server. */
    public ClientBuilder server(Endpoint endpoint) {
        servers.add(endpoint);
        return this;
    }

    /**
     * A server to be asked for everything while it can be reached, be it the leader or not; a command to a follower is
     * passed on by it. Nodes beyond the configured servers are then not dialed for the leader's sake. With this as the
     * only server, no other is ever asked.
     */
    public ClientBuilder preferredServer(Endpoint endpoint) {
        return preferredServer(List.of(endpoint));
    }

    /** The same for a server with several endpoints, one for each transport that it listens on. */
    public ClientBuilder preferredServer(Collection<Endpoint> endpointsOfOneNode) {
        preferred.clear();
        preferred.addAll(endpointsOfOneNode);
        return this;
    }

    /**
     * The schemes of the preferred transports, the best first. A node that is reached over several is called over the
     * best that works. If not said, the order in which the servers mention them.
     */
    public ClientBuilder prefer(List<String> schemes) {
        prefer = List.copyOf(schemes);
        return this;
    }

    /**
     * Whether a connection without the post-quantum key exchange is refused; if not said, it is preferred where both
     * sides have it.
     */
    public ClientBuilder requirePostQuantum(boolean required) {
        requirePostQuantum = required;
        return this;
    }

    /** Who this side is: a client or an operator. Started, and closed, by its owner; must outlive the client. */
    public ClientBuilder identity(Identity started) {
        identity = started;
        return this;
    }

    /** A transport, with its default settings. */
    public ClientBuilder transport(TransportProvider provider) {
        return transport(provider, Map.of());
    }

    /**
     * A transport for the provider's scheme; replaces another one of the same scheme. The client owns what it makes.
     */
    public ClientBuilder transport(TransportProvider provider, Map<String, String> settings) {
        transports.put(provider.scheme(), new Offered(provider, settings));
        return this;
    }

    /** The name of the client's thread; {@code quorate-client} if not said. */
    public ClientBuilder name(String text) {
        name = text;
        return this;
    }

    /** The version of the application, which nodes are told. */
    public ClientBuilder version(String text) {
        version = text;
        return this;
    }

    /** How long an operation may take; 10 seconds if not said. */
    public ClientBuilder operationTimeout(Duration limit) {
        operationTimeout = limit;
        return this;
    }

    /**
     * How long an operation waits while no server at all can be reached; as long as an operation may take, if not said.
     * A command line that wants its answer sooner sets less.
     */
    public ClientBuilder connectTimeout(Duration limit) {
        connectTimeout = limit;
        return this;
    }

    /**
     * Whether commands go through a replicated session, so that each is applied exactly once although it is tried
     * again; by default they do. Opening the session costs the first command one more round trip. Without, a command
     * whose answer is lost is not tried again, and its outcome is unknown at once.
     */
    public ClientBuilder sessions(boolean wanted) {
        sessions = wanted;
        return this;
    }

    /** How much may be pending; 131,072 operations and 64 MiB if not said. */
    public ClientBuilder maxPending(int operations, long bytes) {
        maxPendingOperations = operations;
        maxPendingBytes = bytes;
        return this;
    }

    /** The loop to run on, instead of a thread of the client's own; such as a simulation's. Its owner drives it. */
    public ClientBuilder loop(NodeLoop owned) {
        loop = owned;
        return this;
    }

    /**
     * A client, not started.
     *
     * @throws IllegalArgumentException if something is missing or does not fit; the message says what to add
     */
    public QuorateClient build() {
        require(cluster != null, "found no cluster, expected the id of the cluster to talk to");
        require(identity != null, "found no identity, expected a client's or an operator's");
        servers.addAll(preferred);
        require(!servers.isEmpty(), "found no server, expected at least one endpoint, such as tcp://127.0.0.1:7400");
        for (Endpoint server : servers) {
            require(transports.containsKey(server.scheme()), "found the server " + server + " and transports for "
                + transports.keySet() + ", expected a transport for " + server.scheme());
        }
        long operationNanos = nanos("operation time limit", operationTimeout);
        long connectNanos = connectTimeout == null ? operationNanos : nanos("connect time limit", connectTimeout);
        ClientSettings settings = new ClientSettings(cluster, List.copyOf(servers),
            Set.copyOf(transports.keySet()), preference(), requirePostQuantum, List.copyOf(preferred), operationNanos,
            connectNanos, sessions, maxPendingOperations, maxPendingBytes);
        Counters counters = new Counters();
        List<Transport> created = new ArrayList<>();
        transports.values().forEach(each -> created.add(each.provider().create(
            new TransportContext(identity::credentials, Optional.empty(), counters, requirePostQuantum,
                each.settings()))));
        ClientRuntime runtime = new ClientRuntime(settings, version, name, Optional.ofNullable(loop), identity, created,
            counters);
        return new QuorateClient(runtime.core(), runtime);
    }

    private List<String> preference() {
        List<String> order = prefer != null ? prefer : servers.stream().map(Endpoint::scheme).distinct().toList();
        for (String scheme : order) {
            require(transports.containsKey(scheme), "found the preferred transport " + scheme + " and transports for "
                + transports.keySet() + ", expected one of these");
        }
        require(Set.copyOf(order).size() == order.size(), "found the preferred transports " + order
            + ", expected each once");
        return order;
    }

    private static long nanos(String what, Duration limit) {
        require(limit.toMillis() >= 1 && limit.toMillis() <= ClientLimits.MAX_OPERATION_TIMEOUT_MILLIS,
            what + ": found " + limit + ", expected 1 ms to 10 minutes");
        return limit.toNanos();
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }
}
