package io.quorate.registry.session;

import io.quorate.api.NodeId;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RefusalReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All live sessions, and what is remembered of nodes whose sessions have ended.
 *
 * <p><b>Incarnations.</b> Sessions are keyed by (identity, incarnation), never by address. Of a <em>node</em> one
 * incarnation counts at a time: a newer one replaces an older one, whose sessions end with SUPERSEDED at that moment,
 * so that what their connections report afterwards changes nothing (lesson 19). An older one is refused while a session
 * of the newer one lives, and only then: a wall clock that was set back makes the later process look older, and were it
 * refused for ever it could never come back. The earlier process' sessions end when its process does, or within
 * {@code unresponsiveMillis}; until then the refusal is right, because a process is there. Of a <em>client or
 * operator</em> many processes may share one identity; none replaces another.
 *
 * <p>Events are told after a change is complete, so that a reader who looks in the midst of them sees no state that
 * never was: when a node's process is replaced, presence goes from one incarnation to the next without a moment of
 * absence.
 *
 * <p>Loop only.
 */
final class SessionTable {

    /** How many nodes without sessions are remembered. */
    static final int MAX_REMEMBERED_NODES = 256;

    /**
     * How many sessions of callers there may be: the rest of what the transports accept is kept for the peers, so that
     * no certificate of a client can keep them out.
     */
    static final int MAX_CALLER_SESSIONS = 4_096;

    /** A process; one that only calls is never taken for the peer of the same identity. */
    private record Key(PeerIdentity identity, long incarnation, boolean peer) {

        private static Key of(PeerSession session) {
            return new Key(session.identity(), session.incarnation(), session.node().isPresent());
        }
    }

    private static final class NodeEntry {
        private final NodeId id;
        private PeerLink link;
        private PeerSession latest;
        private Optional<String> fingerprint = Optional.empty();
        private long sinceWallMillis;
        private long lastHeardNanos;
        private String lastReason = "";

        private NodeEntry(NodeId id) {
            this.id = id;
        }
    }

    private final CallContext context;
    private final SessionListener listener;
    private final Counters counters;
    private final Map<Long, PeerSession> live = new LinkedHashMap<>();
    private final Map<Key, PeerLink> links = new LinkedHashMap<>();
    private final TreeMap<NodeId, NodeEntry> nodes = new TreeMap<>();
    private final ArrayDeque<Runnable> events = new ArrayDeque<>();
    private boolean telling;
    private int callers;

    SessionTable(CallContext context, SessionListener listener, Counters counters) {
        this.context = context;
        this.listener = listener;
        this.counters = counters;
    }

    // ---- changes -------------------------------------------------------------------------------------------------

    /** What speaks against a session of this identity and hello; asked by the handshake. */
    Optional<Handshake.Refusal> refusal(PeerIdentity identity, Hello hello) {
        long incarnation = hello.incarnation();
        PeerLink current = current(identity, hello);
        if (current != null && current.incarnation() > incarnation) {
            return Optional.of(new Handshake.Refusal(RefusalReason.STALE_INCARNATION, "found incarnation " + incarnation
                + " of " + identity + ", expected " + current.incarnation() + " or later while that one has sessions"));
        }
        PeerLink same = links.get(new Key(identity, incarnation, isPeer(identity, hello)));
        if (!isPeer(identity, hello) && callers >= MAX_CALLER_SESSIONS) {
            return Optional.of(new Handshake.Refusal(RefusalReason.TOO_MANY_CONNECTIONS, "found " + callers
                + " connections of callers, expected fewer"));
        }
        int most = context.settings().maxSessionsPerLink();
        return same == null || same.sessions().size() < most ? Optional.empty()
            : Optional.of(new Handshake.Refusal(RefusalReason.TOO_MANY_CONNECTIONS, "found " + most
                + " connections of one process of " + identity + " already"));
    }

    /**
     * Takes a session in, before its connection is activated.
     *
     * @return what has overtaken its handshake, a newer incarnation or the limit: the caller then closes the connection
     */
    Optional<Handshake.Refusal> admit(PeerSession session) {
        Optional<Handshake.Refusal> overtaken = refusal(session.identity(), session.hello());
        if (overtaken.isPresent()) {
            return overtaken;
        }
        PeerLink older = current(session.identity(), session.hello());
        if (older != null && older.incarnation() < session.incarnation()) {
            CloseReason superseded = CloseReason.of(CloseReason.Kind.SUPERSEDED, "incarnation " + session.incarnation()
                + " has come");
            for (PeerSession old : List.copyOf(older.sessions())) {
                end(old, superseded);
            }
        }
        long now = context.loop().clock().nanoTime();
        session.state.admittedNanos = now;
        session.state.lastHeardNanos = now;
        session.state.lastUsedNanos = now;
        PeerLink link = links.computeIfAbsent(Key.of(session),
            key -> new PeerLink(context, key.identity(), key.incarnation()));
        link.add(session);
        live.put(session.id(), session);
        callers += session.node().isPresent() ? 0 : 1;
        session.node().ifPresent(node -> appeared(node, link, session));
        counters.accept("session.admitted");
        events.add(() -> listener.sessionAdmitted(session));
        return Optional.empty();
    }

    private void appeared(NodeId node, PeerLink link, PeerSession session) {
        NodeEntry entry = nodes.get(node);
        if (entry == null) {
            forgetOldest();
            entry = new NodeEntry(node);
            nodes.put(node, entry);
        }
        if (entry.link != link) {
            entry.link = link;
            entry.sinceWallMillis = context.loop().clock().wallMillis();
            entry.fingerprint = Optional.empty();
        }
        entry.latest = session;
        entry.lastHeardNanos = session.state.admittedNanos;
        // A session that lacks the number does not take it from those that have it.
        if (session.certificateFingerprint().isPresent()) {
            entry.fingerprint = session.certificateFingerprint();
        }
    }

    private void forgetOldest() {
        List<NodeEntry> gone = nodes.values().stream().filter(entry -> entry.link == null).toList();
        if (gone.size() >= MAX_REMEMBERED_NODES) {
            gone.stream().min(Comparator.comparingLong(entry -> entry.sinceWallMillis))
                .ifPresent(entry -> nodes.remove(entry.id));
        }
    }

    /** The first pong came. */
    void confirm(PeerSession session) {
        if (session.state.closed || session.state.confirmed) {
            return;
        }
        session.state.confirmed = true;
        counters.accept("session.confirmed");
        events.add(() -> listener.sessionConfirmed(session));
        session.state.link.pump();
    }

    /** Ends a session on this side's decision, telling the other side why. A no-op if it has ended. */
    void close(PeerSession session, CloseReason reason) {
        end(session, reason);
        tell();
    }

    /** The connection is gone. A no-op if this side had ended the session before (lesson 19). */
    void connectionClosed(PeerSession session, CloseReason reason) {
        end(session, reason);
        tell();
    }

    private void end(PeerSession session, CloseReason reason) {
        if (session.state.closed) {
            return;
        }
        session.state.closed = true;
        live.remove(session.id());
        callers -= session.node().isPresent() ? 0 : 1;
        PeerLink link = session.state.link;
        link.remove(session, reason);
        if (link.sessions().isEmpty()) {
            links.remove(Key.of(session));
        }
        session.node().ifPresent(node -> {
            NodeEntry entry = nodes.get(node);
            if (entry != null && entry.link == link) {
                entry.lastReason = reason.toString();
                entry.lastHeardNanos = Math.max(entry.lastHeardNanos, session.state.lastHeardNanos);
                if (link.sessions().isEmpty()) {
                    entry.link = null;
                    entry.sinceWallMillis = context.loop().clock().wallMillis();
                }
            }
        });
        counters.accept("session.closed." + reason.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        session.connection().close(reason);
        events.add(() -> listener.sessionClosed(session, reason));
    }

    /** Tells what has happened, in order. Events of what listeners do are told behind it, not within. */
    void tell() {
        if (telling) {
            return;
        }
        telling = true;
        try {
            while (!events.isEmpty()) {
                events.poll().run();
            }
        } finally {
            telling = false;
        }
    }

    // ---- reads ---------------------------------------------------------------------------------------------------

    /** The link of a node's current incarnation, or null. */
    PeerLink link(NodeId node) {
        NodeEntry entry = nodes.get(node);
        return entry == null ? null : entry.link;
    }

    List<PeerSession> sessions() {
        return new ArrayList<>(live.values());
    }

    boolean isEmpty() {
        return live.isEmpty();
    }

    List<PeerLink> links() {
        return new ArrayList<>(links.values());
    }

    Optional<NodePresence> presence(NodeId node) {
        return Optional.ofNullable(nodes.get(node)).map(this::presence);
    }

    SortedMap<NodeId, NodePresence> presence() {
        TreeMap<NodeId, NodePresence> all = new TreeMap<>();
        nodes.forEach((id, entry) -> all.put(id, presence(entry)));
        return all;
    }

    private NodePresence presence(NodeEntry entry) {
        PeerSession latest = entry.latest;
        boolean present = entry.link != null;
        long now = context.loop().clock().nanoTime();
        long heardNanos = entry.lastHeardNanos;
        if (present) {
            for (PeerSession session : entry.link.sessions()) {
                heardNanos = Math.max(heardNanos, session.state.lastHeardNanos);
            }
        }
        return new NodePresence(entry.id, latest.identity(), latest.incarnation(),
            present ? entry.link.sessions().size() : 0, present && entry.link.confirmed(), entry.sinceWallMillis,
            entry.lastReason, (now - heardNanos) / 1_000_000, latest.hello(), entry.fingerprint);
    }

    /** The link that a process of this identity replaces: none, if it is no peer. */
    private PeerLink current(PeerIdentity identity, Hello hello) {
        return isPeer(identity, hello) ? link(new NodeId(identity.name())) : null;
    }

    private static boolean isPeer(PeerIdentity identity, Hello hello) {
        return identity.kind() == PeerIdentity.Kind.NODE && !hello.callsOnly();
    }
}
