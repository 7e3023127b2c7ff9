package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.api.Peer;
import io.quorate.api.PeerEvent;
import io.quorate.api.PeerView;
import io.quorate.api.PresenceRow;
import io.quorate.api.SessionSummary;
import io.quorate.distribution.config.Durations;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.output.Table;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The peers in words and as JSON. */
final class PeerListing {

    /** Enough of a fingerprint to compare by eye; --json has all of it. */
    private static final int SHORT_FINGERPRINT_CHARACTERS = 16;

    private PeerListing() {
    }

    static List<String> text(PeerView view, boolean wide, Instant now) {
        if (view.peers().isEmpty()) {
            return List.of("No member has a record yet: no leader has been elected since the cluster's first start. "
                + "'quorate cluster status' shows which nodes answer.");
        }
        Table table = wide
            ? new Table("NODE", "STATUS", "SINCE", "ENDPOINTS", "VERSION", "FINGERPRINT", "OBSERVER", ">TERM", "REASON")
            : new Table("NODE", "STATUS", "SINCE", "REASON");
        for (Peer peer : view.peers()) {
            String since = since(peer, now);
            if (wide) {
                table.row(peer.id(), peer.status(), since, String.join(" ", peer.endpoints()), peer.version(),
                    peer.certificateFingerprint().map(PeerListing::shortened).orElse("not known yet"),
                    peer.observer().map(NodeId::value).orElse(""), peer.observerTerm(), peer.reason());
            } else {
                table.row(peer.id(), peer.status(), since, peer.reason());
            }
        }
        List<String> lines = new ArrayList<>(table.lines());
        if (wide) {
            lines.add("");
            lines.addAll(matrix(view.presence()).lines());
            if (!view.sessions().isEmpty()) {
                lines.add("");
                lines.addAll(sessions(view).lines());
            }
        }
        return lines;
    }

    /** A row for each observer, a column for each node it may see. */
    private static Table matrix(List<PresenceRow> presence) {
        TreeSet<NodeId> all = new TreeSet<>();
        presence.forEach(row -> {
            all.add(row.observer());
            all.addAll(row.sees());
        });
        List<String> headings = new ArrayList<>();
        headings.add("SEES");
        all.forEach(id -> headings.add(id.value()));
        headings.add("REPORTED");
        Table table = new Table(headings.toArray(String[]::new));
        for (PresenceRow row : presence) {
            List<Object> cells = new ArrayList<>();
            cells.add(row.observer());
            for (NodeId id : all) {
                cells.add(id.equals(row.observer()) ? "self" : row.sees().contains(id) ? "yes" : "no");
            }
            cells.add(row.ageMillis() == 0 ? "now" : row.ageMillis() + " ms ago");
            table.row(cells.toArray());
        }
        return table;
    }

    /** The asked node's own sessions: the one whose row of the matrix is not a report. */
    private static Table sessions(PeerView view) {
        String asked = view.presence().stream().filter(row -> row.ageMillis() == 0).findFirst()
            .map(row -> "SESSIONS OF " + row.observer()).orElse("SESSIONS");
        Table table = new Table(asked, "TRANSPORT", "KEY EXCHANGE", ">DIALED", ">ACCEPTED", "TLS");
        for (SessionSummary session : view.sessions()) {
            table.row(session.peer(), session.transport(), session.keyExchange().orElse("not told"), session.dialed(),
                session.accepted(), session.description());
        }
        return table;
    }

    /** One peer as a line of a watch. */
    static String line(Peer peer) {
        return time(peer.since()) + "  " + peer.id() + "  " + peer.status() + reason(peer);
    }

    /** One change as a line of a watch. */
    static String line(PeerEvent event) {
        Peer peer = event.peer();
        String change = event.previous() == peer.status() ? peer.status() + " (details)"
            : event.previous() + " -> " + peer.status();
        return time(peer.since()) + "  " + peer.id() + "  " + change + reason(peer);
    }

    static Map<String, Object> json(PeerView view) {
        List<Object> peers = new ArrayList<>();
        view.peers().forEach(peer -> peers.add(json(peer)));
        List<Object> presence = new ArrayList<>();
        for (PresenceRow row : view.presence()) {
            presence.add(Json.object("observer", row.observer(), "ageMillis", row.ageMillis(), "sees", row.sees()));
        }
        List<Object> sessions = new ArrayList<>();
        for (SessionSummary session : view.sessions()) {
            sessions.add(Json.object("peer", session.peer(), "transport", session.transport(),
                "keyExchange", session.keyExchange(), "tls", session.description(), "dialed", session.dialed(),
                "accepted", session.accepted()));
        }
        return Json.object("number", view.number(), "peers", peers, "presence", presence, "sessions", sessions);
    }

    static Map<String, Object> json(Peer peer) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("id", peer.id());
        object.put("status", peer.status());
        object.put("reason", peer.reason());
        object.put("since", peer.since());
        object.put("incarnation", Long.toUnsignedString(peer.incarnation()));
        object.put("identity", peer.identity());
        object.put("certificateFingerprint", peer.certificateFingerprint());
        object.put("endpoints", peer.endpoints());
        object.put("version", peer.version().isEmpty() ? null : peer.version());
        object.put("observer", peer.observer());
        object.put("observerTerm", peer.observerTerm().value());
        return object;
    }

    private static String reason(Peer peer) {
        return peer.reason().isEmpty() ? "" : "  " + peer.reason();
    }

    private static String since(Peer peer, Instant now) {
        return peer.since().equals(Instant.EPOCH) ? "" : Durations.text(Duration.between(peer.since(), now)) + " ago";
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MILLIS).toString();
    }

    private static String shortened(String fingerprint) {
        return fingerprint.substring(0, Math.min(SHORT_FINGERPRINT_CHARACTERS, fingerprint.length()));
    }
}
