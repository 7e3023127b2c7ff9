package io.quorate.raft.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RaftSettingsTest {

    @Test
    void theDefaultsAreOneToTwoSecondsAndAHundredMilliseconds() {
        assertEquals(new RaftSettings(1_000_000_000, 2_000_000_000, 100_000_000, 1 << 20), RaftSettings.defaults());
    }

    @Test
    void anUnknownSettingIsRefusedAndThoseThatExistAreNamed() {
        String message = assertThrows(IllegalArgumentException.class,
            () -> RaftSettings.parse(Map.of("fsync", "false"))).getMessage();
        assertTrue(message.contains("\"fsync\""), message);
        assertTrue(message.contains("election-timeout-max-millis, election-timeout-min-millis, "
            + "first-segment-bytes, heartbeat-millis, leader-priority, lease-drift-percent, leases, "
            + "log-entries-behind-snapshot, max-append-bytes, max-segment-bytes, snapshot-entries, "
            + "snapshot-log-bytes, snapshots-kept"), message);
    }

    @Test
    void settingsThatDoNotFitTogetherAreRefused() {
        for (Map<String, String> wrong : List.of(
            Map.of("election-timeout-max-millis", "999"), Map.of("heartbeat-millis", "400"),
            Map.of("heartbeat-millis", "0"), Map.of("heartbeat-millis", "fast"),
            Map.of("first-segment-bytes", "100"), Map.of("max-segment-bytes", "2000000000"),
            Map.of("leader-priority", "101"), Map.of("leader-priority", "-1"), Map.of("leases", "1"),
            Map.of("lease-drift-percent", "0"), Map.of("lease-drift-percent", "51"),
            Map.of("snapshot-entries", "0"), Map.of("snapshots-kept", "0"), Map.of("snapshot-log-bytes", "1"),
            Map.of("log-entries-behind-snapshot", "-1"),
            Map.of("max-append-bytes", "1"), Map.of("max-append-bytes", "100000000"))) {
            assertThrows(IllegalArgumentException.class, () -> RaftSettings.parse(wrong), wrong.toString());
        }
        assertEquals(150_000_000, RaftSettings.parse(Map.of("election-timeout-min-millis", "150",
            "election-timeout-max-millis", "300", "heartbeat-millis", "50")).electionMinNanos());
    }

    @Test
    void leasesAreOffUnlessTheyAreAskedFor() {
        assertEquals(new RaftSettings.Leadership(50, false, 10), RaftSettings.defaults().leadership());
        assertEquals(new RaftSettings.Leadership(0, true, 20), RaftSettings.parse(Map.of("leader-priority", "0",
            "leases", "true", "lease-drift-percent", "20")).leadership());
    }
}
