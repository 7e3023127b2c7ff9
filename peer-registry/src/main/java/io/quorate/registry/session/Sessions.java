package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.wire.RpcType;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** Interim. */
public final class Sessions implements PeerCaller, AutoCloseable {

    /**
     * What the owner gives.
     *
     * @param loop the thread on which everything here happens
     * @param identity started; judges the other side's evidence
     * @param transports created and not started, at most one of each scheme; {@link Sessions} starts and closes them
     * @param local what this side says of itself
     * @param policy whom to admit, and with which standing
     * @param server serves the calls of others
     * @param listener hears of sessions
     * @param settings limits and intervals
     * @param counters counts
     */
    public record Context(
        NodeLoop loop,
        Identity identity,
        List<Transport> transports,
        LocalDescription local,
        AdmissionPolicy policy,
        CallServer server,
        SessionListener listener,
        SessionSettings settings,
        Counters counters) {

        public Context {
            transports = List.copyOf(transports);
        }
    }

    private final Context context;

    /** Creates the sessions; starts nothing. */
    public Sessions(Context context) {
        this.context = context;
    }

    /**
     * Starts the transports, which then listen and deliver connections. Blocks until they are bound; called once, on any
     * thread. If one fails, those started before are closed.
     */
    public void start() throws TransportException {
        throw new TransportException("interim " + context);
    }

    /** Where the transports listen, with the ports that were chosen; in the order of the transports. Any thread. */
    public List<Endpoint> listening() {
        return context.transports().stream().flatMap(t -> t.listening().stream()).toList();
    }

    /** Changes the endpoints that later hellos advertise; for listeners that chose their own port. Loop only. */
    public void advertise(List<Endpoint> endpoints) {
    }

    /**
     * Says to which nodes connections are to be kept from now on; replaces what was said before. Targets that stay keep
     * their connections; connections dialed for targets that are gone are closed as soon as no call uses them. Loop only.
     */
    public void setTargets(Collection<DialTarget> targets) {
    }

    /**
     * Calls a node. Loop only. See {@link PeerCaller#call}: exactly one answer, on the loop, never within this call.
     *
     * <p>If no session to the node lives, the answer is NOT_SENT at once. If one does, and all connections are in use, the
     * call waits its turn within its lane, and for at most its time.
     *
     * @throws IllegalArgumentException if {@code timeoutMillis} is below 1: there is no call without a deadline
     */
    @Override
    public void call(NodeId peer, RpcType type, List<Bytes> request, long timeoutMillis, CallHandler answer) {
    }

    /** What this side sees of every node: those with sessions, and those that had some. In order of node id. Loop only. */
    public SortedMap<NodeId, NodePresence> presence() {
        return new java.util.TreeMap<>();
    }

    /** The same for one node; empty if it has never had a session. Loop only. */
    public Optional<NodePresence> presence(NodeId node) {
        return Optional.ofNullable(presence().get(node));
    }

    /** All live sessions, those of clients and operators too, in order of their admission; a copy. Loop only. */
    public List<PeerSession> sessions() {
        return List.of();
    }

    /** Closes every session of a node, telling it why. Loop only. */
    public void disconnect(NodeId node, CloseReason reason) {
    }

    /**
     * Ends everything on the loop: handshakes are refused with SHUTTING_DOWN, sessions closed with SHUTDOWN, calls failed.
     * Does not block, does not close the transports. Idempotent. Loop only.
     */
    public void stop() {
    }

    /**
     * {@link #stop}, then closes the transports. Idempotent. On the loop it does not wait for the loop; on another thread
     * it waits at most 2 seconds for it, and then for each transport's close.
     */
    @Override
    public void close() {
    }
}
