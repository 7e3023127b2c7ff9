package io.quorate.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link RpcBenchmark} for every way to call, turn about, several rounds, and prints each way's time as a ratio to
 * plain TCP's <em>of the same round</em>: what disturbs the machine for a minute disturbs both sides of a ratio.
 *
 * <p>Arguments: the number of rounds (3 if absent).
 */
public final class RpcComparison {

    private static final int DEFAULT_ROUNDS = 3;

    private RpcComparison() {
    }

    private record Case(String method, int payloadBytes) implements Comparable<Case> {
        @Override
        public int compareTo(Case other) {
            int bySize = Integer.compare(payloadBytes, other.payloadBytes);
            return bySize != 0 ? bySize : method.compareTo(other.method);
        }
    }

    /** Runs and prints. */
    public static void main(String[] arguments) throws RunnerException {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : DEFAULT_ROUNDS;
        Map<Case, Map<String, List<Double>>> micros = new TreeMap<>();
        for (int round = 1; round <= rounds; round++) {
            for (int payloadBytes : new int[] {256, 64 << 10}) {
                for (String way : RpcBenchmark.ways()) {
                    for (RunResult result : measure(way, payloadBytes)) {
                        String[] name = result.getParams().getBenchmark().split("\\.");
                        micros.computeIfAbsent(new Case(name[name.length - 1], payloadBytes), key -> new TreeMap<>())
                            .computeIfAbsent(way, key -> new ArrayList<>()).add(result.getPrimaryResult().getScore());
                    }
                }
            }
            say("round " + round + " of " + rounds + " done");
        }
        micros.forEach(RpcComparison::print);
    }

    private static Collection<RunResult> measure(String way, int payloadBytes) throws RunnerException {
        Options options = new OptionsBuilder()
            .include(RpcBenchmark.class.getName() + "\\..*")
            .param("way", way)
            .param("payloadBytes", String.valueOf(payloadBytes))
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true)
            .build();
        return new Runner(options).run();
    }

    private static void print(Case which, Map<String, List<Double>> byWay) {
        List<Double> plain = byWay.get(RpcBenchmark.PLAIN);
        say("");
        say(String.format(Locale.ROOT, "%,d B, %s", which.payloadBytes(), which.method()));
        for (String way : RpcBenchmark.ways()) {
            List<Double> times = byWay.get(way);
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < times.size(); round++) {
                ratios.add(times.get(round) / plain.get(round));
            }
            say(String.format(Locale.ROOT, "  %-6s %9.1f us a call   ratio %5.2f  (%5.2f to %5.2f)", way, median(times),
                median(ratios), ratios.stream().min(Double::compare).orElseThrow(),
                ratios.stream().max(Double::compare).orElseThrow()));
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
