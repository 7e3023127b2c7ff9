package io.quorate.registry.node;

import io.quorate.api.NodeId;
import io.quorate.api.SessionSummary;
import io.quorate.registry.session.PeerSession;
import io.quorate.spi.transport.Origin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Gathers the sessions with peers that are alike, for people to read. */
final class SessionSummaries {

    private record Kind(NodeId peer, String transport, String keyExchange, String description)
        implements Comparable<Kind> {

        private static final Comparator<Kind> ORDER = Comparator.comparing(Kind::peer).thenComparing(Kind::transport)
            .thenComparing(Kind::keyExchange).thenComparing(Kind::description);

        @Override
        public int compareTo(Kind other) {
            return ORDER.compare(this, other);
        }
    }

    private SessionSummaries() {
    }

    /** In order of peer and transport. Sessions of clients and operators are not among them. */
    static List<SessionSummary> of(List<PeerSession> sessions) {
        Map<Kind, int[]> counts = new TreeMap<>();
        for (PeerSession session : sessions) {
            session.node().ifPresent(peer -> {
                int origin = session.origin() == Origin.DIALED ? 0 : 1;
                counts.computeIfAbsent(new Kind(peer, session.transport(), session.keyExchange().orElse(""),
                    session.description()), kind -> new int[2])[origin]++;
            });
        }
        List<SessionSummary> summaries = new ArrayList<>(counts.size());
        counts.forEach((kind, count) -> summaries.add(new SessionSummary(kind.peer, kind.transport,
            Optional.of(kind.keyExchange).filter(group -> !group.isEmpty()), kind.description, count[0], count[1])));
        return summaries;
    }
}
