package io.quorate.distribution.bench;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts durations in buckets whose width grows with the duration: each is kept to within 1 part in 128, from
 * nanoseconds to hours, in 32 KiB. Thread-safe; recording takes one atomic increment and allocates nothing.
 */
public final class LatencyHistogram {

    private static final int SUB_BUCKET_BITS = 7;
    private static final int SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
    private static final int OCTAVES = 64 - SUB_BUCKET_BITS;

    private final AtomicLongArray counts = new AtomicLongArray((OCTAVES + 1) * SUB_BUCKETS);

    /** Counts one duration; a negative one counts as 0. */
    public void record(long nanos) {
        counts.getAndIncrement(bucket(Math.max(0, nanos)));
    }

    /** How many durations were counted. */
    public long count() {
        long total = 0;
        for (int i = 0; i < counts.length(); i++) {
            total += counts.get(i);
        }
        return total;
    }

    /**
     * The duration that the given part of all durations does not exceed, to within the bucket's width (its upper end);
     * 0 if there are none.
     *
     * @param part from 0 to 1; 1 gives the longest
     */
    public long nanosAt(double part) {
        long total = count();
        long rank = Math.max(1, (long) Math.ceil(part * total));
        long seen = 0;
        for (int i = 0; i < counts.length(); i++) {
            seen += counts.get(i);
            if (seen >= rank) {
                return upperEnd(i);
            }
        }
        return 0;
    }

    private static int bucket(long nanos) {
        int octave = Math.max(0, 64 - Long.numberOfLeadingZeros(nanos) - SUB_BUCKET_BITS - 1);
        if (nanos < SUB_BUCKETS) {
            return (int) nanos;
        }
        return (octave + 1) * SUB_BUCKETS + (int) ((nanos >>> octave) - SUB_BUCKETS);
    }

    private static long upperEnd(int bucket) {
        if (bucket < SUB_BUCKETS) {
            return bucket;
        }
        int octave = bucket / SUB_BUCKETS - 1;
        long sub = bucket % SUB_BUCKETS + SUB_BUCKETS;
        return (sub + 1 << octave) - 1;
    }
}
