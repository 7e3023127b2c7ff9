package io.quorate.registry.directory;

import io.quorate.api.NodeId;
import io.quorate.api.PresenceRow;
import io.quorate.registry.protocol.PresenceReport;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Who sees whom: this node's own row and what the others have reported of theirs. A one-way or partial partition shows
 * in it, where each node's own view looks plausible. It decides nothing.
 *
 * <p>Bounded: rows of members alone are kept. Loop only.
 */
public final class PresenceMatrix {

    private record Row(long incarnation, long number, long receivedNanos, List<NodeId> sees) {
    }

    private final SortedMap<NodeId, Row> rows = new TreeMap<>();

    /** Takes a report, unless a later one of the same process is here already: reports may overtake one another. */
    public void accept(NodeId observer, PresenceReport report, long nowNanos) {
        Row known = rows.get(observer);
        if (known == null || known.incarnation != report.incarnation() || known.number < report.number()) {
            rows.put(observer, new Row(report.incarnation(), report.number(), nowNanos, report.sees()));
        }
    }

    /** Forgets the rows of those who are no members. */
    public void retain(SortedSet<NodeId> members) {
        rows.keySet().retainAll(members);
    }

    /**
     * The matrix, in order of observer. Rows that were not repeated in time are dropped: what a node saw before it fell
     * silent is no news of now.
     *
     * @param self this node, whose row is {@code sees}
     */
    public List<PresenceRow> rows(NodeId self, List<NodeId> sees, long nowNanos) {
        long staleNanos = TimeUnit.MILLISECONDS.toNanos(DirectoryLimits.ROW_STALE_MILLIS);
        rows.values().removeIf(row -> nowNanos - row.receivedNanos > staleNanos);
        SortedMap<NodeId, PresenceRow> all = new TreeMap<>();
        rows.forEach((observer, row) -> all.put(observer,
            new PresenceRow(observer, TimeUnit.NANOSECONDS.toMillis(nowNanos - row.receivedNanos), row.sees)));
        all.put(self, new PresenceRow(self, 0, sees));
        return new ArrayList<>(all.values());
    }
}
