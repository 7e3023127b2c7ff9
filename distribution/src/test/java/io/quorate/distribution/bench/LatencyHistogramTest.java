package io.quorate.distribution.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Quantiles agree with those of the sorted durations, to within a bucket. */
final class LatencyHistogramTest {

    private static final double WIDEST_BUCKET = 1.0 / 128;

    @Test
    void isEmptyAtFirst() {
        LatencyHistogram histogram = new LatencyHistogram();
        assertEquals(0, histogram.count());
        assertEquals(0, histogram.nanosAt(0.99));
    }

    @Test
    void keepsSmallDurationsExactly() {
        LatencyHistogram histogram = new LatencyHistogram();
        for (int nanos = 0; nanos < 128; nanos++) {
            histogram.record(nanos);
        }
        assertEquals(63, histogram.nanosAt(0.5));
        assertEquals(127, histogram.nanosAt(1));
        assertEquals(0, histogram.nanosAt(0));
    }

    @Test
    void agreesWithSortedDurations() {
        SplittableRandom random = new SplittableRandom(20_250_101);
        LatencyHistogram histogram = new LatencyHistogram();
        long[] all = new long[50_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = (long) Math.exp(random.nextDouble(0, 43));
            histogram.record(all[i]);
        }
        Arrays.sort(all);
        assertEquals(all.length, histogram.count());
        for (double part : new double[] {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1}) {
            long exact = all[(int) Math.max(0, Math.ceil(part * all.length) - 1)];
            long found = histogram.nanosAt(part);
            assertTrue(found >= exact && found <= exact * (1 + WIDEST_BUCKET) + 1,
                part + ": found " + found + ", exactly " + exact);
        }
    }

    @Test
    void takesTheLongestAndTheImpossible() {
        LatencyHistogram histogram = new LatencyHistogram();
        histogram.record(-5);
        assertEquals(0, histogram.nanosAt(1));
        histogram.record(Long.MAX_VALUE);
        assertEquals(Long.MAX_VALUE, histogram.nanosAt(1));
    }
}
