package io.quorate.registry.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.testing.time.VirtualLoop;
import io.quorate.testing.time.VirtualWorld;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The session of a node's own application. */
class LocalSessionTest {

    @Test
    void theDeadlinesOfAnOpeningAndOfWhatComesBackAreLookedAfter() {
        VirtualLoop loop = new VirtualLoop(new VirtualWorld(1));
        List<Long> deadlines = new ArrayList<>();
        LocalSession session = new LocalSession(loop, deadlines::add);
        Admission admission = new Admission("commands", 10, 1_000, counted -> { });
        assertTrue(admission.tryAcquire(1, 5));
        LocalSubmission command = new LocalSubmission(Bytes.utf8("x"), 77, admission, expired -> { });

        session.expired(command);
        assertEquals(List.of(77L), deadlines, "its alarm may have rung while it was away");
        ArrayDeque<Submission> backlog = new ArrayDeque<>();
        session.moveTo(backlog);
        assertEquals(1, backlog.size());
        assertEquals(List.of(77L, TimeUnit.MILLISECONDS.toNanos(NodeLimits.OPERATION_MILLIS)), deadlines,
            "nobody else knows of the opening");
    }
}
