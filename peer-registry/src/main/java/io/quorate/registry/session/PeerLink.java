package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.Standing;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Origin;
import io.quorate.spi.wire.Lane;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * All sessions of one process of a peer, one (identity, incarnation), and the calls to it.
 *
 * <p>A <em>slot</em> is room for one call of this side: on TCP a connection that this side dialed is one slot and an
 * accepted one is none; a QUIC connection has as many as it permits streams. Lanes share the slots so that what is
 * urgent never waits behind what is not: NORMAL and BULK together leave {@code reservedUrgent} slots alone, BULK leaves
 * {@code reservedNormal} more. However many calls of these lanes stall, an urgent one finds a slot.
 *
 * <p>Loop only, except {@link #waiting} and the count of served calls.
 */
final class PeerLink {

    /**
     * For how long a connection of a transport that is not the preferred one is kept without use once the preferred one
     * has what is needed. So long a preferred one that fails at once leaves no gap.
     */
    static final long FALLBACK_IDLE_MILLIS = 5_000;

    private static final Lane[] BY_URGENCY = Lane.values();

    private final CallContext context;
    private final PeerIdentity identity;
    private final long incarnation;
    private final List<PeerSession> sessions = new ArrayList<>();
    private final int[] used = new int[BY_URGENCY.length];
    private final int[] queued = new int[BY_URGENCY.length];
    private final List<ArrayDeque<OutboundCall>> queues = new ArrayList<>();
    private final AtomicInteger serving = new AtomicInteger();

    // The most slots that were needed at once, in the present and the last window of time.
    private int peakNow;
    private int peakBefore;
    private int windowTicks;

    /**
     * Whether a call waits for a slot: a transport thread that sees a slot become free hands the loop a task only then.
     * The loop sets it and then looks for slots once more; the transport frees the slot and then looks here. One of the
     * two sees the other, and no call is forgotten.
     */
    private volatile boolean waiting;

    PeerLink(CallContext context, PeerIdentity identity, long incarnation) {
        this.context = context;
        this.identity = identity;
        this.incarnation = incarnation;
        for (int i = 0; i < BY_URGENCY.length; i++) {
            queues.add(new ArrayDeque<>());
        }
    }

    PeerIdentity identity() {
        return identity;
    }

    long incarnation() {
        return incarnation;
    }

    NodeLoop loop() {
        return context.loop();
    }

    Deadlines deadlines() {
        return context.deadlines();
    }

    Completions completions() {
        return context.completions();
    }

    CallCounters counted() {
        return context.counted();
    }

    CallServer server() {
        return context.server();
    }

    /** What the peer is to the cluster now. */
    Standing standing() {
        return context.policy().standing(identity);
    }

    // ---- sessions ------------------------------------------------------------------------------------------------

    /** In order of preference, and of admission where that is equal; not a copy. */
    List<PeerSession> sessions() {
        return sessions;
    }

    boolean confirmed() {
        for (PeerSession session : sessions) {
            if (session.confirmed()) {
                return true;
            }
        }
        return false;
    }

    void add(PeerSession session) {
        session.state.link = this;
        sessions.add(session);
    }

    /** To be called after the ranks of sessions have changed: calls take the first session that has room. */
    void sortByRank() {
        sessions.sort(Comparator.comparingInt(session -> session.state.rank));
    }

    /** Takes an ended session out; the calls on it fail, and with the last one those that wait. */
    void remove(PeerSession session, CloseReason reason) {
        sessions.remove(session);
        for (OutboundCall call : List.copyOf(session.state.calls)) {
            call.sessionEnded(reason);
        }
        if (sessions.isEmpty()) {
            abandonAll("found no session with " + identity + " any more: " + reason);
        } else {
            pump();
        }
    }

    private void abandonAll(String why) {
        for (ArrayDeque<OutboundCall> queue : queues) {
            for (OutboundCall call : List.copyOf(queue)) {
                call.abandon(why);
            }
            queue.clear();
        }
        waiting = false;
    }

    // ---- calls ---------------------------------------------------------------------------------------------------

    /** See {@link PeerCaller#call}. */
    void call(RpcType type, List<Bytes> request, long timeoutMillis, PeerCaller.CallHandler answer) {
        int lane = type.lane().ordinal();
        long now = context.loop().clock().nanoTime();
        OutboundCall call = new OutboundCall(this, type, request, now + timeoutMillis * 1_000_000, answer);
        boolean first = queued[lane] == 0;
        if (!first && queued[lane] >= context.settings().maxQueuedCallsPerLane()) {
            queued[lane]++;
            call.abandon("found " + (queued[lane] - 1) + " " + type.lane() + " calls to " + identity
                + " waiting already");
            return;
        }
        context.deadlines().add(call, now + timeoutMillis * 1_000_000);
        queued[lane]++;
        // Behind those that wait in its lane, never in front of them.
        if (first && start(call, now)) {
            return;
        }
        ArrayDeque<OutboundCall> queue = queues.get(lane);
        if (queue.size() >= 2 * context.settings().maxQueuedCallsPerLane()) {
            // Calls that ran out of time leave the queue when they come to its head. A head that waits for long would
            // let them pile up behind it.
            queue.removeIf(OutboundCall::done);
        }
        queue.add(call);
        waiting = true;
        pump();
        wantMore();
    }

    /** Gives free slots to waiting calls, the most urgent first. */
    void pump() {
        if (!waiting) {
            return;
        }
        long now = context.loop().clock().nanoTime();
        boolean left = false;
        for (ArrayDeque<OutboundCall> queue : queues) {
            while (!queue.isEmpty() && (queue.peek().done() || start(queue.peek(), now))) {
                queue.poll();
            }
            left |= !queue.isEmpty();
        }
        waiting = left;
    }

    /** Any thread. */
    boolean waiting() {
        return waiting;
    }

    private boolean start(OutboundCall call, long nowNanos) {
        Lane lane = call.type().lane();
        if (!permitted(lane)) {
            return false;
        }
        int tried = -1;
        for (int best = better(tried); best >= 0; best = better(tried)) {
            if (call.start(sessions.get(best % sessions.size()), nowNanos)) {
                queued[lane.ordinal()]--;
                used[lane.ordinal()]++;
                context.counted().sent.increment();
                return true;
            }
            // A transport thread took the last stream in between. The next best one is tried, this one not again.
            tried = best;
        }
        return false;
    }

    /**
     * The best session with room for a call among those that come behind {@code tried}, or -1. Sessions are ordered by
     * how bad they are, and where that is equal by their place; both are one number: badness × sessions + place.
     */
    private int better(int tried) {
        int count = sessions.size();
        int best = -1;
        for (int i = 0; i < count; i++) {
            PeerSession session = sessions.get(i);
            if (!usable(session)) {
                continue;
            }
            int order = badness(session) * count + i;
            if (order > tried && (best < 0 || order < best) && session.connection().openCapacity() > 0) {
                if (order < count) {
                    return order; // none behind it can be better
                }
                best = order;
            }
        }
        return best;
    }

    /**
     * A session that has missed a ping may be half open: a fresh one is better, be it one that is to be replaced, but
     * it is better than none (lesson 10).
     */
    private static int badness(PeerSession session) {
        return (Liveness.missedPing(session) ? 2 : 0) + (session.state.renewing ? 1 : 0);
    }

    private boolean permitted(Lane lane) {
        int urgent = context.settings().reservedUrgent();
        int normal = context.settings().reservedNormal();
        int others = used[Lane.NORMAL.ordinal()] + used[Lane.BULK.ordinal()];
        return switch (lane) {
            case URGENT -> true;
            case NORMAL -> others < slots() - urgent;
            case BULK -> others < slots() - urgent && used[Lane.BULK.ordinal()] < slots() - urgent - normal;
        };
    }

    private static boolean usable(PeerSession session) {
        // Before its confirmation the other side may not be active yet, and would take a call for a violation.
        return session.state.confirmed && !session.state.retiring;
    }

    /** A call is over, whether it was sent or not. */
    void ended(OutboundCall call) {
        int lane = call.type().lane().ordinal();
        if (call.session() == null) {
            queued[lane]--;
        } else {
            used[lane]--;
        }
    }

    // ---- demand --------------------------------------------------------------------------------------------------

    /** How many slots this side has here. */
    int slots() {
        return slots(Integer.MAX_VALUE, false);
    }

    /**
     * The same on transports of this rank and better ones.
     *
     * @param lasting whether sessions that are to be replaced do not count
     */
    int slots(int worstRank, boolean lasting) {
        int sum = 0;
        for (int i = 0; i < sessions.size(); i++) {
            PeerSession session = sessions.get(i);
            if (usable(session) && session.state.rank <= worstRank) {
                refreshSlots(session);
                sum += lasting && session.state.renewing ? 0 : session.state.slots;
            }
        }
        return sum;
    }

    /**
     * Whether a session is there to stay on which both sides could go on if those that are to be replaced ended.
     *
     * @param admittedBefore by then it must have been admitted: the other side confirms it too, in its own time
     */
    boolean hasSuccessor(long admittedBefore) {
        for (PeerSession session : sessions) {
            if (usable(session) && !session.state.renewing && !Liveness.missedPing(session)
                && session.state.admittedNanos <= admittedBefore) {
                return true;
            }
        }
        return false;
    }

    /** How many connections of this side are admitted and not confirmed yet: slots that are about to be. */
    int comingSlots(int worstRank) {
        int sum = 0;
        for (PeerSession session : sessions) {
            sum += coming(session) && session.state.rank <= worstRank ? 1 : 0;
        }
        return sum;
    }

    private static boolean coming(PeerSession session) {
        return !session.confirmed() && session.origin() == Origin.DIALED;
    }

    /**
     * The rank of the best transport on which calls can be made, or are about to be. A connection that this side
     * accepted counts if it has room for calls. {@link Integer#MAX_VALUE} if there is none.
     */
    int bestRank() {
        for (PeerSession session : sessions) {
            if (usable(session) && !Liveness.missedPing(session)) {
                refreshSlots(session);
                if (session.state.slots > 0) {
                    return session.state.rank;
                }
            } else if (coming(session)) {
                return session.state.rank;
            }
        }
        return Integer.MAX_VALUE;
    }

    /** The transport of its sessions, if none of them has answered the last ping in time; null if one is well. */
    String silentScheme() {
        String scheme = null;
        for (PeerSession session : sessions) {
            if (!Liveness.missedPing(session)) {
                return null;
            }
            scheme = scheme == null ? session.transport() : scheme;
        }
        return scheme;
    }

    private static void refreshSlots(PeerSession session) {
        // Read while no call uses it: in the midst of calls the transport's count and this side's differ for moments.
        if (session.state.calls.isEmpty()) {
            session.state.slots = Math.max(session.state.slots, session.connection().openCapacity());
        }
    }

    /** How many slots are needed, from what was needed at once of late; within the bounds. */
    int wantedSlots() {
        SessionSettings settings = context.settings();
        return Math.clamp(Math.max(peakNow, peakBefore), settings.minConnections(), settings.maxConnections());
    }

    private void wantMore() {
        int before = wantedSlots();
        notePeak();
        if (wantedSlots() > before || slots() < before) {
            context.demand().run();
        }
    }

    private void notePeak() {
        peakNow = Math.max(peakNow, needed());
    }

    private int needed() {
        SessionSettings settings = context.settings();
        int urgent = used[Lane.URGENT.ordinal()] + queued[Lane.URGENT.ordinal()];
        int normal = used[Lane.NORMAL.ordinal()] + queued[Lane.NORMAL.ordinal()];
        int bulk = used[Lane.BULK.ordinal()] + queued[Lane.BULK.ordinal()];
        int kept = bulk > 0 ? Math.max(normal, settings.reservedNormal()) : normal;
        return Math.max(urgent, settings.reservedUrgent()) + kept + bulk;
    }

    /** Called with every liveness tick: wakes what a lost signal may have left waiting, and lets demand fade. */
    void onTick(int ticksPerWindow) {
        pump();
        notePeak();
        if (++windowTicks >= ticksPerWindow) {
            windowTicks = 0;
            peakBefore = peakNow;
            peakNow = 0;
        }
    }

    /**
     * A connection of this side that could go: idle for long, and more than are wanted; those of the less preferred
     * transports first. Null if there is none. The last one that this side dialed stays: where both sides may call on
     * each connection, each could otherwise rely on the other's, and both would close the last two at the same time.
     */
    PeerSession superfluous(long nowNanos) {
        int wanted = wantedSlots();
        int spare = slots(Integer.MAX_VALUE, true) - wanted;
        long dialed = sessions.stream().filter(one -> one.origin() == Origin.DIALED && usable(one)).count();
        if (dialed <= 1 || spare <= 0) {
            return null;
        }
        int best = bestRank();
        boolean bestIsEnough = slots(best, false) >= wanted;
        for (int i = sessions.size() - 1; i >= 0; i--) {
            PeerSession session = sessions.get(i);
            boolean fallback = bestIsEnough && session.state.rank > best;
            long idleNanos = 1_000_000 * (fallback
                ? Math.min(FALLBACK_IDLE_MILLIS, context.settings().idleShrinkMillis())
                : context.settings().idleShrinkMillis());
            if (session.origin() == Origin.DIALED && usable(session) && session.state.idle() && !session.state.renewing
                && session.state.slots <= spare && nowNanos - session.state.lastUsedNanos > idleNanos) {
                return session;
            }
        }
        return null;
    }

    // ---- serving -------------------------------------------------------------------------------------------------

    boolean beginServing() {
        if (serving.incrementAndGet() <= context.settings().maxServedCallsPerLink()) {
            return true;
        }
        serving.decrementAndGet();
        return false;
    }

    /** Any thread. */
    void endServing() {
        serving.decrementAndGet();
    }
}
