package io.quorate.distribution.cli;

import io.quorate.distribution.bench.Bench;
import io.quorate.distribution.bench.BenchReport;
import io.quorate.distribution.bench.BenchSettings;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.config.Durations;
import io.quorate.distribution.output.Json;
import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Problem;
import io.quorate.kv.KvLimits;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures a running cluster. */
@Command(name = "bench", description = "Drive a running cluster in a closed loop, measure it, verify every write.",
    footer = {"", "Exits with 1 if an acknowledged write was not found again, or if no operation succeeded.", "",
        "Example:", "  quorate bench --outstanding 256 --value-bytes 256 --seconds 10 --warmup 5",
        "  quorate bench --outstanding 256 --json >> runs.jsonl"})
final class BenchCommand implements Callable<Integer> {

    private static final int DEFAULT_KEYS = 1_024;
    private static final int MAX_KEYS = 100_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Mixin
    private ConnectOptions connection;

    @Option(names = "--outstanding", paramLabel = "N", defaultValue = "64",
        description = "How many operations are under way at any time (default ${DEFAULT-VALUE}).")
    private int outstanding;

    @Option(names = "--value-bytes", paramLabel = "B", defaultValue = "256",
        description = "How large each value is (default ${DEFAULT-VALUE}).")
    private int valueBytes;

    @Option(names = "--seconds", paramLabel = "T", defaultValue = "10",
        description = "How long to measure (default ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--warmup", paramLabel = "S", defaultValue = "5",
        description = "How long to run before that, in seconds (default ${DEFAULT-VALUE}).")
    private int warmup;

    @Option(names = "--read-percent", paramLabel = "P", defaultValue = "0",
        description = "How many of a hundred operations are linearizable reads (default ${DEFAULT-VALUE}).")
    private int readPercent;

    @Option(names = "--keys", paramLabel = "K",
        description = "How many keys to write to (default " + DEFAULT_KEYS + ", or as many as are outstanding).")
    private Integer keys;

    @Option(names = "--until-end-of-input",
        description = "Measure until standard input ends, for so many seconds at most: whoever does something to the "
            + "cluster meanwhile says when it is done.")
    private boolean untilEndOfInput;

    @Option(names = "--json", description = "Print one JSON document, on one line, so that runs can be gathered.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        BenchSettings settings = settings();
        try (ClusterConnection connected = connection.connect(QuorateCommand.environment(spec))) {
            // A cluster that is not there is said at once, and not after the whole run.
            connection.await(connected.plane().status());
            BenchReport report = run(new Bench(connected.plane(), settings, ProcessHandle.current().pid() + "-"
                + Long.toString(System.currentTimeMillis(), Character.MAX_RADIX)));
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.line(report.json()));
            } else {
                report.lines().forEach(out::println);
            }
            if (!report.verified()) {
                throw Problem.failed("found " + report.verification().wrongKeys() + " keys with a wrong value; "
                    + "the first: " + report.verification().firstWrong(), "every acknowledged write",
                    "this is a defect; keep the data directories and the logs, and report it");
            }
            if (report.ops() == 0) {
                throw Problem.failed("no operation succeeded within " + Durations.text(settings.measured()) + ": "
                    + report.firstError(), "a cluster that serves", "see 'quorate cluster status'");
            }
            return ExitCode.DONE;
        }
    }

    private BenchReport run(Bench bench) throws Exception {
        if (untilEndOfInput) {
            EndOfInput.then(bench::endEarly);
        }
        return bench.run();
    }

    private BenchSettings settings() throws Problem {
        range("--outstanding", outstanding, 1, BenchSettings.MAX_OUTSTANDING);
        range("--value-bytes", valueBytes, BenchSettings.MIN_VALUE_BYTES, KvLimits.MAX_VALUE_BYTES);
        range("--seconds", seconds, 1, 86_400);
        range("--warmup", warmup, 0, 86_400);
        range("--read-percent", readPercent, 0, 100);
        int count = keys == null ? Math.max(DEFAULT_KEYS, outstanding) : keys;
        range("--keys", count, outstanding, MAX_KEYS);
        return new BenchSettings(outstanding, valueBytes, Duration.ofSeconds(warmup), Duration.ofSeconds(seconds),
            readPercent, count);
    }

    private static void range(String option, int value, int least, int most) throws Problem {
        if (value < least || value > most) {
            throw Problem.usage("found " + option + " " + value, least + " to " + most
                + (option.equals("--keys") ? ", at least as many as are outstanding" : ""), "correct " + option);
        }
    }
}
