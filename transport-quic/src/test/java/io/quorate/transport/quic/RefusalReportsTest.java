package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** One attempt that is turned away is one failure, however often it repeats its packet. */
class RefusalReportsTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void runs_in_its_module() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void an_address_is_told_once_for_a_while() {
        RefusalReports reports = new RefusalReports(5_000);
        long began = Long.MAX_VALUE - SECOND; // the clock may wrap
        assertTrue(reports.isDue("127.0.0.1:1000", began));
        assertFalse(reports.isDue("127.0.0.1:1000", began + SECOND));
        assertTrue(reports.isDue("127.0.0.1:1001", began + SECOND));
        assertFalse(reports.isDue("127.0.0.1:1000", began + 4 * SECOND));
        assertTrue(reports.isDue("127.0.0.1:1000", began + 5 * SECOND));
        assertFalse(reports.isDue("127.0.0.1:1000", began + 6 * SECOND));
    }

    @Test
    void what_is_remembered_is_bounded() {
        RefusalReports reports = new RefusalReports(5_000);
        for (int port = 0; port < 1_024; port++) {
            assertTrue(reports.isDue("10.0.0.1:" + port, 0));
        }
        assertFalse(reports.isDue("10.0.0.1:0", 1));
        assertTrue(reports.isDue("10.0.0.2:1", 1));
        assertTrue(reports.isDue("10.0.0.1:0", 1), "the oldest makes room");
    }
}
