package io.quorate.testing.memory;

import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportContext;
import io.quorate.testing.time.VirtualWorld;
import io.quorate.testing.transport.FaultyPath;
import io.quorate.testing.transport.HostilePeer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A network in a {@link VirtualWorld}. Hosts are names; what one side sends arrives at the other in order, after a
 * random delay, unless the path between the two hosts is blocked: then it waits, as TCP's bytes wait in a
 * retransmission queue.
 *
 * <p>Faults on demand: {@link #block} one direction, {@link #cut} live connections, {@link #kill} a host.
 */
public final class MemoryNetwork {

    /** The scheme of its endpoints, unless another one is asked for: {@code mem://host:port}. */
    public static final String SCHEME = "mem";

    /** How calls share connections. */
    public enum Mode {
        /** Like TCP: one call at a time on a connection, and only its dialer calls. */
        EXCLUSIVE_LEASE,
        /** Like QUIC: a stream for each call, opened by either side. */
        STREAM_PER_CALL
    }

    private record Path(String from, String to) {
    }

    private final VirtualWorld world;
    private final String scheme;
    private final Mode mode;
    private final long minDelayNanos;
    private final long maxDelayNanos;
    private final Map<Endpoint, MemoryTransport> listeners = new TreeMap<>();
    private final Set<Path> blocked = new HashSet<>();
    private final Set<MemoryConnection> live = new LinkedHashSet<>();
    private final Map<Endpoint, MemoryPath> paths = new TreeMap<>();
    private final Set<MemoryDial> dials = new LinkedHashSet<>();
    private MemoryTraffic traffic = MemoryTraffic.UNDISTURBED;
    private long nextConnectionId = 1;

    /** A network whose messages take {@code minDelayNanos} to {@code maxDelayNanos}. */
    public MemoryNetwork(VirtualWorld world, Mode mode, long minDelayNanos, long maxDelayNanos) {
        this(world, SCHEME, mode, minDelayNanos, maxDelayNanos);
    }

    /**
     * The same with a scheme of its own: two networks in one world are two transports between the same hosts, whose
     * paths fail apart from each other, as TCP's and UDP's do.
     */
    public MemoryNetwork(VirtualWorld world, String scheme, Mode mode, long minDelayNanos, long maxDelayNanos) {
        this.world = world;
        this.scheme = scheme;
        this.mode = mode;
        this.minDelayNanos = minDelayNanos;
        this.maxDelayNanos = maxDelayNanos;
    }

    /** A host's transport. Listens if the context says where; the listening endpoint's host must be {@code host}. */
    public MemoryTransport transport(String host, TransportContext context) {
        return new MemoryTransport(this, host, context);
    }

    /** From now on everything that is sent is shown to {@code observer}, who may disturb it. */
    public void traffic(MemoryTraffic observer) {
        traffic = observer;
    }

    MemoryTraffic traffic() {
        return traffic;
    }

    /** From now on nothing that {@code from} sends reaches {@code to}; what is sent waits. */
    public void block(String from, String to) {
        blocked.add(new Path(from, to));
    }

    /** Blocks both directions. */
    public void partition(String a, String b) {
        block(a, b);
        block(b, a);
    }

    /** What {@code from} sends reaches {@code to} again, first of all what has waited. */
    public void unblock(String from, String to) {
        blocked.remove(new Path(from, to));
        pathsChanged();
    }

    /** Unblocks everything. */
    public void heal() {
        blocked.clear();
        pathsChanged();
    }

    void pathsChanged() {
        List.copyOf(live).forEach(MemoryConnection::pathOpened);
        List.copyOf(dials).forEach(MemoryDial::pathOpened);
    }

    /** A path of its own to a listener's endpoint: whoever dials the path's entry reaches the listener through it. */
    public FaultyPath path(Endpoint target) {
        Endpoint entry = new Endpoint(scheme, "path-" + paths.size(), 1);
        MemoryPath path = new MemoryPath(this, entry, target);
        paths.put(entry, path);
        return path;
    }

    /** Makes the other side of connections by hand. */
    public HostilePeer hostilePeer() {
        return new MemoryHostile(this);
    }

    /** Breaks every connection between two hosts, as a reset would: both sides hear of it. */
    public void cut(String a, String b) {
        for (MemoryConnection connection : List.copyOf(live)) {
            if (connection.isBetween(a, b)) {
                connection.lose("connection reset");
            }
        }
    }

    /**
     * As if the host's process were killed: its listener is gone, and the other sides hear of their connections' end.
     */
    public void kill(String host) {
        listeners.keySet().removeIf(endpoint -> endpoint.host().equals(host));
        dials.removeIf(dial -> dial.host().equals(host));
        for (MemoryConnection connection : List.copyOf(live)) {
            if (connection.host().equals(host)) {
                connection.die();
            }
        }
    }

    /**
     * As if the host lost its power: its listener is gone, and nobody hears of its connections' end until he sends
     * something there after it is back ({@link #block} its paths until then).
     */
    public void powerOff(String host) {
        listeners.keySet().removeIf(endpoint -> endpoint.host().equals(host));
        dials.removeIf(dial -> dial.host().equals(host));
        for (MemoryConnection connection : List.copyOf(live)) {
            if (connection.host().equals(host)) {
                connection.vanish();
            }
        }
    }

    /** The live connections at {@code host}, in the order of their making; for assertions and targeted faults. */
    public List<MemoryConnection> connections(String host) {
        List<MemoryConnection> found = new ArrayList<>();
        for (MemoryConnection connection : live) {
            if (connection.host().equals(host)) {
                found.add(connection);
            }
        }
        return found;
    }

    VirtualWorld world() {
        return world;
    }

    /** The scheme of its endpoints. */
    public String scheme() {
        return scheme;
    }

    /** How calls share connections. */
    public Mode mode() {
        return mode;
    }

    boolean isBlocked(String from, String to) {
        return !blocked.isEmpty() && blocked.contains(new Path(from, to));
    }

    long delayNanos() {
        return maxDelayNanos <= minDelayNanos ? minDelayNanos
            : world.random().nextLong(minDelayNanos, maxDelayNanos + 1);
    }

    long nextConnectionId() {
        return nextConnectionId++;
    }

    boolean listen(Endpoint endpoint, MemoryTransport transport) {
        return listeners.putIfAbsent(endpoint, transport) == null;
    }

    void unlisten(MemoryTransport transport) {
        listeners.values().remove(transport);
    }

    MemoryTransport listener(Endpoint endpoint) {
        return listeners.get(endpoint);
    }

    /** The path that has this entry, or null if the endpoint is a listener's own. */
    MemoryPath pathFrom(Endpoint entry) {
        return paths.get(entry);
    }

    List<MemoryConnection> over(MemoryPath path) {
        return live.stream().filter(connection -> connection.path() == path).toList();
    }

    void began(MemoryDial dial) {
        dials.add(dial);
    }

    /** Whether the dial was still under way. */
    boolean ended(MemoryDial dial) {
        return dials.remove(dial);
    }

    List<MemoryDial> dialsOf(MemoryTransport transport) {
        return dials.stream().filter(dial -> dial.transport() == transport).toList();
    }

    void opened(MemoryConnection connection) {
        live.add(connection);
    }

    void closed(MemoryConnection connection) {
        live.remove(connection);
        traffic.ended(connection.host(), connection.otherHost());
    }

    List<MemoryConnection> of(MemoryTransport transport) {
        List<MemoryConnection> found = new ArrayList<>();
        for (MemoryConnection connection : live) {
            if (connection.transport() == transport) {
                found.add(connection);
            }
        }
        return found;
    }
}
