package io.quorate.distribution.bench;

import io.quorate.distribution.output.Json;
import io.quorate.distribution.output.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;

/**
 * What was measured, and whether every write was found again.
 *
 * @param ops how many operations succeeded in the measured time
 * @param nanos how long that was
 * @param latencies their durations
 * @param longestPauseNanos the longest time in which no operation succeeded, of the measured time
 * @param errors how many operations failed, by kind of failure, warm-up included
 * @param firstError the first failure in words; empty if there was none
 * @param verification what reading back found
 * @param cleanedUp whether everything written was deleted again
 */
public record BenchReport(BenchSettings settings, long ops, long nanos, LatencyHistogram latencies,
    long longestPauseNanos, SortedMap<String, Long> errors, String firstError, Verification verification,
    boolean cleanedUp) {

    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MICRO = 1e3;
    private static final double NANOS_PER_MILLI = 1e6;

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

    private long failed() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
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
            "opsPerSecond", opsPerSecond(),
            "p50Micros", micros(0.5),
            "p99Micros", micros(0.99),
            "p999Micros", micros(0.999),
            "maxMicros", micros(1),
            "longestPauseMillis", rounded(longestPauseNanos / NANOS_PER_MILLI),
            "errors", failed(),
            "errorsByKind", errors,
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

    /** The same for people, one line each. */
    public List<String> lines() {
        String kind = settings.readPercent() == 0 ? "writes" : settings.readPercent() == 100 ? "reads"
            : "operations (" + settings.readPercent() + " % reads)";
        List<String> lines = new ArrayList<>();
        lines.add(text("%,d %s of %,d bytes in %.0f s, %,d at a time, on %,d keys: %,d a second.", ops, kind,
            settings.valueBytes(), nanos / NANOS_PER_SECOND, settings.outstanding(), settings.keys(), opsPerSecond()));
        lines.add("");
        lines.addAll(new Table("", ">MEDIAN", ">99 %", ">99.9 %", ">LONGEST")
            .row("took", millis(0.5), millis(0.99), millis(0.999), millis(1)).lines());
        lines.add("");
        lines.add(text("The longest time in which none succeeded: %.1f ms.", longestPauseNanos / NANOS_PER_MILLI));
        if (!errors.isEmpty()) {
            lines.add(text("%,d failed, by kind %s; the first: %s.", failed(), errors, firstError));
        }
        lines.add(verified() ? text("All %,d acknowledged writes were found again.", verification.writes())
            : text("%,d of the keys did not hold what was acknowledged.", verification.wrongKeys()));
        if (!cleanedUp) {
            lines.add("The keys of this run could not be deleted again; no other run uses them.");
        }
        return lines;
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private String millis(double part) {
        return text("%.2f ms", latencies.nanosAt(part) / NANOS_PER_MILLI);
    }

    private long opsPerSecond() {
        return nanos == 0 ? 0 : Math.round(ops * NANOS_PER_SECOND / nanos);
    }

    private double micros(double part) {
        return rounded(latencies.nanosAt(part) / NANOS_PER_MICRO);
    }

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }
}
