package io.quorate.raft.core;

import io.quorate.raft.log.StorageOptions;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an operator may tune. Durability is not among it: an fsync cannot be switched off.
 *
 * @param electionMinNanos the shortest election timeout; also how long a follower stays loyal to a leader it has heard
 * @param electionMaxNanos the longest election timeout
 * @param heartbeatNanos the interval of a leader's heartbeats
 * @param maxAppendBytes how many bytes of entries one append carries at most; a single larger entry goes alone
 * @param firstSegmentBytes the size of the log's first file
 * @param maxSegmentBytes the size up to which the log's later files grow
 * @param snapshots when snapshots are taken and what is kept
 * @param leadership who leads, and how far a leader may rely on clocks
 */
public record RaftSettings(long electionMinNanos, long electionMaxNanos, long heartbeatNanos, int maxAppendBytes,
    int firstSegmentBytes, int maxSegmentBytes, SnapshotSettings snapshots, Leadership leadership) {

    /**
     * Settings about leading.
     *
     * @param priority how much this node is meant to lead, 0 to {@link #MAX_PRIORITY}: a leader hands over to a voter
     *     with a higher one that has been there and up to date for some seconds. 0: it is never handed the leadership
     *     for its priority, and hands it to any voter with a higher one. It may be elected all the same, since
     *     availability goes before placement
     * @param leases whether leader leases are in use, see {@link Lease}. They save a round of heartbeats for those
     *     reads that ask for no more, and cost the fast election after a leader's death: followers keep to it for an
     *     election timeout. Before a node is started with leases switched off, or with a shorter election timeout, it
     *     must have been down for the old election timeout, since it may have promised that much
     * @param leaseDriftPercent by how much of its length a lease ends sooner, for clocks that run at different speeds
     */
    public record Leadership(int priority, boolean leases, int leaseDriftPercent) {

        /** Priority 50, no leases. */
        public static final Leadership DEFAULT = new Leadership(50, false, 10);
    }

    /** The highest priority. */
    public static final int MAX_PRIORITY = 100;

    private static final String ELECTION_MIN = "election-timeout-min-millis";
    private static final String ELECTION_MAX = "election-timeout-max-millis";
    private static final String HEARTBEAT = "heartbeat-millis";
    private static final String MAX_APPEND = "max-append-bytes";
    private static final String FIRST_SEGMENT = "first-segment-bytes";
    private static final String MAX_SEGMENT = "max-segment-bytes";
    private static final String PRIORITY = "leader-priority";
    private static final String LEASES = "leases";
    private static final String LEASE_DRIFT = "lease-drift-percent";

    private static final String SNAPSHOT_ENTRIES = "snapshot-entries";
    private static final String SNAPSHOT_LOG_BYTES = "snapshot-log-bytes";
    private static final String SNAPSHOTS_KEPT = "snapshots-kept";
    private static final String LOG_BEHIND = "log-entries-behind-snapshot";

    private static final Map<String, Long> DEFAULTS = Map.ofEntries(
        Map.entry(ELECTION_MIN, 1_000L),
        Map.entry(ELECTION_MAX, 2_000L),
        Map.entry(HEARTBEAT, 100L),
        Map.entry(MAX_APPEND, 1L << 20),
        Map.entry(FIRST_SEGMENT, (long) StorageOptions.DEFAULT_FIRST_SEGMENT_BYTES),
        Map.entry(MAX_SEGMENT, (long) StorageOptions.DEFAULT_MAX_SEGMENT_BYTES),
        Map.entry(PRIORITY, (long) Leadership.DEFAULT.priority()),
        Map.entry(LEASES, 0L),
        Map.entry(LEASE_DRIFT, (long) Leadership.DEFAULT.leaseDriftPercent()),
        Map.entry(SNAPSHOT_ENTRIES, SnapshotSettings.DEFAULTS.entries()),
        Map.entry(SNAPSHOT_LOG_BYTES, SnapshotSettings.DEFAULTS.logBytes()),
        Map.entry(SNAPSHOTS_KEPT, (long) SnapshotSettings.DEFAULTS.kept()),
        Map.entry(LOG_BEHIND, SnapshotSettings.DEFAULTS.logEntriesBehind()));

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long LONGEST_MILLIS = 600_000;
    private static final int MIN_APPEND_BYTES = 4 << 10;
    private static final int MAX_APPEND_BYTES = 4 << 20;
    private static final int MIN_SEGMENT_BYTES = 4 << 10;
    private static final int MAX_SEGMENT_BYTES = 1 << 30;
    private static final int MAX_LEASE_DRIFT_PERCENT = 50;
    private static final long MOST_SNAPSHOT_ENTRIES = 1_000_000_000;
    private static final long MIN_SNAPSHOT_LOG_BYTES = 1 << 10;
    private static final long MAX_SNAPSHOT_LOG_BYTES = 1L << 40;
    private static final int MAX_SNAPSHOTS_KEPT = 16;

    /** A loyal follower must miss several heartbeats before it doubts its leader, or one late packet costs a leader. */
    private static final int HEARTBEATS_PER_ELECTION_TIMEOUT = 3;

    /** With a log's files of the default sizes. */
    public RaftSettings(long electionMinNanos, long electionMaxNanos, long heartbeatNanos, int maxAppendBytes) {
        this(electionMinNanos, electionMaxNanos, heartbeatNanos, maxAppendBytes,
            StorageOptions.DEFAULT_FIRST_SEGMENT_BYTES, StorageOptions.DEFAULT_MAX_SEGMENT_BYTES,
            SnapshotSettings.DEFAULTS, Leadership.DEFAULT);
    }

    /** The defaults: 1 to 2 s, 100 ms, 1 MiB; files of 4 to 64 MiB. */
    public static RaftSettings defaults() {
        return parse(Map.of());
    }

    /**
     * Reads settings as they stand in a configuration.
     *
     * @throws IllegalArgumentException if one is unknown (the message names those that exist), is not a number, or if
     *     they do not fit together
     */
    public static RaftSettings parse(Map<String, String> settings) {
        for (String key : new TreeSet<>(settings.keySet())) {
            if (!DEFAULTS.containsKey(key)) {
                throw new IllegalArgumentException("raft setting \"" + key
                    + "\": found no such setting, expected one of "
                    + String.join(", ", new TreeSet<>(DEFAULTS.keySet())));
            }
        }
        Map<String, Long> values = new TreeMap<>(DEFAULTS);
        settings.forEach((key, text) -> values.put(key, key.equals(LEASES) ? truth(key, text)
            : number(key, text)));
        long min = within(ELECTION_MIN, values.get(ELECTION_MIN), 1, LONGEST_MILLIS);
        long max = within(ELECTION_MAX, values.get(ELECTION_MAX), min, LONGEST_MILLIS);
        long heartbeat = within(HEARTBEAT, values.get(HEARTBEAT), 1, Math.max(1,
            min / HEARTBEATS_PER_ELECTION_TIMEOUT));
        long append = within(MAX_APPEND, values.get(MAX_APPEND), MIN_APPEND_BYTES, MAX_APPEND_BYTES);
        long first = within(FIRST_SEGMENT, values.get(FIRST_SEGMENT), MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
        long most = within(MAX_SEGMENT, Math.max(first, values.get(MAX_SEGMENT)), first, MAX_SEGMENT_BYTES);
        return new RaftSettings(min * NANOS_PER_MILLI, max * NANOS_PER_MILLI, heartbeat * NANOS_PER_MILLI,
            (int) append, (int) first, (int) most, snapshots(values), leadership(values));
    }

    private static SnapshotSettings snapshots(Map<String, Long> values) {
        return new SnapshotSettings(
            within(SNAPSHOT_ENTRIES, values.get(SNAPSHOT_ENTRIES), 1, MOST_SNAPSHOT_ENTRIES),
            within(SNAPSHOT_LOG_BYTES, values.get(SNAPSHOT_LOG_BYTES), MIN_SNAPSHOT_LOG_BYTES, MAX_SNAPSHOT_LOG_BYTES),
            (int) within(SNAPSHOTS_KEPT, values.get(SNAPSHOTS_KEPT), 1, MAX_SNAPSHOTS_KEPT),
            within(LOG_BEHIND, values.get(LOG_BEHIND), 0, MOST_SNAPSHOT_ENTRIES));
    }

    private static Leadership leadership(Map<String, Long> values) {
        return new Leadership((int) within(PRIORITY, values.get(PRIORITY), 0, MAX_PRIORITY), values.get(LEASES) == 1,
            (int) within(LEASE_DRIFT, values.get(LEASE_DRIFT), 1, MAX_LEASE_DRIFT_PERCENT));
    }

    private static long truth(String key, String text) {
        return switch (text.trim()) {
            case "true" -> 1;
            case "false" -> 0;
            default -> throw new IllegalArgumentException("raft setting " + key + ": found \"" + text
                + "\", expected true or false");
        };
    }

    private static long number(String key, String text) {
        try {
            return Long.parseLong(text.trim());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("raft setting " + key + ": found \"" + text
                + "\", expected a whole number", e);
        }
    }

    private static long within(String key, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException("raft setting " + key + ": found " + value + ", expected " + least
                + " to "
                + most);
        }
        return value;
    }
}
