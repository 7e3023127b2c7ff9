package io.quorate.client;

import static io.quorate.client.ClientLimits.MAX_PENALTY_MILLIS;
import static io.quorate.client.ClientLimits.MIN_PENALTY_MILLIS;
import static io.quorate.client.ClientLimits.NANOS_PER_MILLI;

import io.quorate.api.NodeId;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Which node to ask next. Of the nodes that are connected: the preferred one, then the leader if it matters, then the
 * others in the order in which they came. A node at which something has just failed is left alone for a while, so that
 * a retry goes elsewhere at once and comes back only after a pause.
 *
 * <p>Loop only.
 */
final class Routes {

    /** What an operation needs. */
    enum Want {
        /** Ends at the leader, so it saves a hop to begin there; any other node passes it on. */
        LEADER,
        /** Any node can answer it by itself. */
        ANY
    }

    private static final class Penalty {
        private int strikes;
        private long untilNanos;
    }

    private final LeaderView leaders;
    private final RandomGenerator random;
    private final Set<NodeId> connected = new LinkedHashSet<>();
    private final Map<Want, Map<NodeId, Penalty>> penalties = new EnumMap<>(Want.class);
    private NodeId preferred;
    private boolean held;

    Routes(LeaderView leaders, RandomGenerator random) {
        this.leaders = leaders;
        this.random = random;
        for (Want want : Want.values()) {
            // Looked up and never iterated: the order of a hash map does not show.
            penalties.put(want, new HashMap<>());
        }
    }

    /** Asks nobody before it is known whether the preferred node is there. */
    void hold() {
        held = true;
    }

    /** The preferred node is not there now: others will do. */
    void release() {
        held = false;
    }

    void prefer(NodeId node) {
        preferred = node;
        held = false;
    }

    Optional<NodeId> preferred() {
        return Optional.ofNullable(preferred);
    }

    /** @return whether it was not connected before */
    boolean connect(NodeId node) {
        forgive(node);
        return connected.add(node);
    }

    void disconnect(NodeId node) {
        connected.remove(node);
    }

    boolean isConnected(NodeId node) {
        return connected.contains(node);
    }

    /** In the order in which they were connected; a copy. */
    List<NodeId> connected() {
        return new ArrayList<>(connected);
    }

    boolean isolated() {
        return connected.isEmpty();
    }

    /** The node to ask now; empty if none is connected, or every one is to be left alone for now. */
    Optional<NodeId> pick(Want want, long nowNanos) {
        if (held) {
            return Optional.empty();
        }
        if (usable(preferred, want, nowNanos)) {
            return Optional.of(preferred);
        }
        if (want == Want.LEADER) {
            NodeId leader = leaders.leader().or(leaders::hint).orElse(null);
            if (usable(leader, want, nowNanos)) {
                return Optional.of(leader);
            }
        }
        for (NodeId node : connected) {
            if (usable(node, want, nowNanos)) {
                return Optional.of(node);
            }
        }
        return Optional.empty();
    }

    /** {@code node}, if it can be asked now. */
    Optional<NodeId> pickOnly(NodeId node, Want want, long nowNanos) {
        return usable(node, want, nowNanos) ? Optional.of(node) : Optional.empty();
    }

    /**
     * When the next node ceases to be left alone; {@link Long#MAX_VALUE} if none is. Always later than {@code
     * nowNanos}.
     */
    long nextNanos(Want want, long nowNanos) {
        long next = Long.MAX_VALUE;
        for (NodeId node : connected) {
            Penalty penalty = penalties.get(want).get(node);
            if (penalty != null && penalty.untilNanos > nowNanos) {
                next = Math.min(next, penalty.untilNanos);
            }
        }
        return next;
    }

    /** Something failed at {@code node}: it is left alone for a while, longer each time in a row. */
    void failed(NodeId node, Want want, long nowNanos) {
        Penalty penalty = penalties.get(want).computeIfAbsent(node, ignored -> new Penalty());
        if (penalty.untilNanos > nowNanos) {
            // Calls that were under way together fail together, and count as one failure.
            return;
        }
        long millis = Math.min(MAX_PENALTY_MILLIS, MIN_PENALTY_MILLIS << Math.min(penalty.strikes, 10));
        penalty.strikes++;
        penalty.untilNanos = nowNanos + jittered(millis * NANOS_PER_MILLI, random);
    }

    void worked(NodeId node, Want want) {
        penalties.get(want).remove(node);
    }

    /** There is reason to believe that {@code node} is well again. */
    void forgive(NodeId node) {
        penalties.values().forEach(each -> each.remove(node));
    }

    /** Half to one and a half times {@code nanos}: clients that failed together do not come back together. */
    static long jittered(long nanos, RandomGenerator random) {
        return nanos / 2 + random.nextLong(nanos + 1);
    }

    private boolean usable(NodeId node, Want want, long nowNanos) {
        if (node == null || !connected.contains(node)) {
            return false;
        }
        Penalty penalty = penalties.get(want).get(node);
        return penalty == null || penalty.untilNanos <= nowNanos;
    }
}
