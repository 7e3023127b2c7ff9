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
 */
public record RaftSettings(long electionMinNanos, long electionMaxNanos, long heartbeatNanos, int maxAppendBytes,
    int firstSegmentBytes, int maxSegmentBytes) {

    private static final String ELECTION_MIN = "election-timeout-min-millis";
    private static final String ELECTION_MAX = "election-timeout-max-millis";
    private static final String HEARTBEAT = "heartbeat-millis";
    private static final String MAX_APPEND = "max-append-bytes";
    private static final String FIRST_SEGMENT = "first-segment-bytes";
    private static final String MAX_SEGMENT = "max-segment-bytes";

    private static final Map<String, Long> DEFAULTS = Map.of(
        ELECTION_MIN, 1_000L, ELECTION_MAX, 2_000L, HEARTBEAT, 100L, MAX_APPEND, 1L << 20,
        FIRST_SEGMENT, (long) StorageOptions.DEFAULT_FIRST_SEGMENT_BYTES,
        MAX_SEGMENT, (long) StorageOptions.DEFAULT_MAX_SEGMENT_BYTES);

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long LONGEST_MILLIS = 600_000;
    private static final int MIN_APPEND_BYTES = 4 << 10;
    private static final int MAX_APPEND_BYTES = 4 << 20;
    private static final int MIN_SEGMENT_BYTES = 4 << 10;
    private static final int MAX_SEGMENT_BYTES = 1 << 30;

    /** A loyal follower must miss several heartbeats before it doubts its leader, or one late packet costs a leader. */
    private static final int HEARTBEATS_PER_ELECTION_TIMEOUT = 3;

    /** With a log's files of the default sizes. */
    public RaftSettings(long electionMinNanos, long electionMaxNanos, long heartbeatNanos, int maxAppendBytes) {
        this(electionMinNanos, electionMaxNanos, heartbeatNanos, maxAppendBytes,
            StorageOptions.DEFAULT_FIRST_SEGMENT_BYTES, StorageOptions.DEFAULT_MAX_SEGMENT_BYTES);
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
        settings.forEach((key, text) -> values.put(key, number(key, text)));
        long min = within(ELECTION_MIN, values.get(ELECTION_MIN), 1, LONGEST_MILLIS);
        long max = within(ELECTION_MAX, values.get(ELECTION_MAX), min, LONGEST_MILLIS);
        long heartbeat = within(HEARTBEAT, values.get(HEARTBEAT), 1, Math.max(1,
            min / HEARTBEATS_PER_ELECTION_TIMEOUT));
        long append = within(MAX_APPEND, values.get(MAX_APPEND), MIN_APPEND_BYTES, MAX_APPEND_BYTES);
        long first = within(FIRST_SEGMENT, values.get(FIRST_SEGMENT), MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
        long most = within(MAX_SEGMENT, Math.max(first, values.get(MAX_SEGMENT)), first, MAX_SEGMENT_BYTES);
        return new RaftSettings(min * NANOS_PER_MILLI, max * NANOS_PER_MILLI, heartbeat * NANOS_PER_MILLI,
            (int) append, (int) first, (int) most);
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
