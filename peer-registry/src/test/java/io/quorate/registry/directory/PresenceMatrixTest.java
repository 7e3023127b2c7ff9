package io.quorate.registry.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.api.NodeId;
import io.quorate.api.PresenceRow;
import io.quorate.registry.protocol.PresenceReport;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PresenceMatrixTest {

    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final PresenceMatrix matrix = new PresenceMatrix();

    @Test
    void rowsCarryTheirAgeAndStandInOrder() {
        matrix.accept(N3, new PresenceReport(1, 1, List.of(N2)), SECOND);
        matrix.accept(N1, new PresenceReport(1, 1, List.of(N2)), 2 * SECOND);
        assertEquals(List.of(new PresenceRow(N1, 1_000, List.of(N2)), new PresenceRow(N2, 0, List.of(N1)),
            new PresenceRow(N3, 2_000, List.of(N2))), matrix.rows(N2, List.of(N1), 3 * SECOND));
    }

    @Test
    void aReportThatWasOvertakenIsDroppedAndANewProcessCountsFromTheStart() {
        matrix.accept(N1, new PresenceReport(1, 5, List.of(N2)), 0);
        matrix.accept(N1, new PresenceReport(1, 4, List.of()), 0);
        assertEquals(List.of(N2), row(N1, 0).sees());
        matrix.accept(N1, new PresenceReport(2, 1, List.of(N3)), 0);
        assertEquals(List.of(N3), row(N1, 0).sees());
    }

    @Test
    void silenceAndRemovalEndARow() {
        matrix.accept(N1, new PresenceReport(1, 1, List.of(N2)), 0);
        matrix.accept(N3, new PresenceReport(1, 1, List.of(N2)), 3 * SECOND);
        assertEquals(2, matrix.rows(N2, List.of(), 4 * SECOND).size(), "n1 has been silent for too long");
        matrix.retain(new TreeSet<>(List.of(N1, N2)));
        assertEquals(List.of(N2), matrix.rows(N2, List.of(), 4 * SECOND).stream().map(PresenceRow::observer).toList());
    }

    private PresenceRow row(NodeId observer, long nowNanos) {
        return matrix.rows(N2, List.of(), nowNanos).stream().filter(row -> row.observer().equals(observer)).findFirst()
            .orElseThrow();
    }
}
