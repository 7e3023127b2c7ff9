package io.quorate.distribution.bench;

import io.quorate.distribution.output.Json;
import java.util.Map;

/**
 * What was measured, and whether every write was found again.
 *
 * @param ops how many operations succeeded in the measured time
 * @param nanos how long that was
 * @param latencies their durations
 * @param errors how many operations failed, warm-up included
 * @param firstError the first failure in words; empty if there was none
 * @param verification what reading back found
 * @param cleanedUp whether everything written was deleted again
 */
public record BenchReport(BenchSettings settings, long ops, long nanos, LatencyHistogram latencies, long errors,
    String firstError, Verification verification, boolean cleanedUp) {

    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MICRO = 1e3;

    /**
     * What reading everything back found.
     *
     * @param writes how many acknowledged writes were checked
     * @param wrongKeys how many keys did not hold what they must
     * @param firstWrong the first such key in words; empty if there was none
     */
    public record Verification(long writes, long wrongKeys, String firstWrong) {
    }

    /** Whether every acknowledged write was found. */
    public boolean verified() {
        return verification.wrongKeys() == 0;
    }

    /** One JSON object. */
    public Map<String, Object> json() {
        Map<String, Object> json = Json.object(
            "outstanding", settings.outstanding(),
            "valueBytes", settings.valueBytes(),
            "readPercent", settings.readPercent(),
            "keys", settings.keys(),
            "seconds", rounded(nanos / NANOS_PER_SECOND),
            "ops", ops,
            "opsPerSecond", nanos == 0 ? 0 : Math.round(ops * NANOS_PER_SECOND / nanos),
            "p50Micros", micros(0.5),
            "p99Micros", micros(0.99),
            "p999Micros", micros(0.999),
            "maxMicros", micros(1),
            "errors", errors,
            "writesVerified", verification.writes(),
            "verified", verified(),
            "cleanedUp", cleanedUp);
        if (!firstError.isEmpty()) {
            json.put("firstError", firstError);
        }
        if (!verification.firstWrong().isEmpty()) {
            json.put("firstWrong", verification.firstWrong());
        }
        return json;
    }

    private double micros(double part) {
        return rounded(latencies.nanosAt(part) / NANOS_PER_MICRO);
    }

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
