package io.quorate.distribution.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.testing.simulation.FaultKind;
import io.quorate.testing.simulation.Swarm.Report;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attacks whole clusters; see docs/simulation.md. */
class SimulationTest {

    private static final int FRESH_SEEDS = 500;
    private static final long JVM_SECONDS = 120;

    @Test
    void freshSeedsAndOneThatIsAskedFor() {
        Long asked = Long.getLong("simulation.seed");
        long base = asked == null ? Runs.todaysBase() : asked;
        long count = asked == null ? Long.getLong("simulation.seeds", FRESH_SEEDS) : 1;
        Runs runs = new Runs();
        AtomicLong left = new AtomicLong(count);
        Runs.quietly(() -> runs.from(base, () -> left.getAndDecrement() > 0));
        System.out.println("Simulation from base " + base + " (-Dsimulation.base=" + base + "): " + runs.summary());
        assertEquals(List.of(), runs.failures());
        assertEquals(count, runs.seeds());
        if (count >= FRESH_SEEDS) {
            // The rarest happen ten times in so many runs. If one has not happened by chance, it will in some more.
            AtomicLong more = new AtomicLong(FRESH_SEEDS);
            Runs.quietly(() -> runs.from(base + count, () -> !(never(runs).isEmpty() && runs.pathsNotHit().isEmpty())
                && more.getAndDecrement() > 0));
            assertEquals(List.of(), runs.failures());
            assertEquals(List.of(), never(runs), "every kind of fault happens in so many runs");
            assertEquals(List.of(), runs.pathsNotHit(), "every marked path is taken in so many runs");
        }
    }

    private static List<FaultKind> never(Runs runs) {
        return Arrays.stream(FaultKind.values()).filter(kind -> !runs.faults().containsKey(kind)).toList();
    }

    @Test
    void everySeedThatHasEverFailed() {
        assertFalse(Runs.failedBefore().isEmpty());
        Runs.quietly(() -> Runs.failedBefore().forEach(past -> past.kind().run(past.seed())));
    }

    @Test
    void aSeedGivesTheSameRunAgainAndInAnotherProcess(@TempDir Path directory) throws Exception {
        Path answer = directory.resolve("hashes");
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "--module-path", System.getProperty("jdk.module.path"),
            "--patch-module", "io.quorate.distribution=" + testClasses(),
            "--class-path", System.getProperty("java.class.path"),
            "--add-reads", "io.quorate.distribution=ALL-UNNAMED,ch.qos.logback.classic,ch.qos.logback.core",
            "--add-modules", "io.quorate.raft,io.quorate.registry,io.quorate.kv,ch.qos.logback.classic",
            "--module", "io.quorate.distribution/io.quorate.distribution.simulation.TraceHashes", answer.toString())
            .redirectErrorStream(true).redirectOutput(directory.resolve("output").toFile()).start();
        List<String> here = TraceHashes.of();
        assertEquals(here, TraceHashes.of(), "the same process gives the same run twice");
        assertTrue(other.waitFor(JVM_SECONDS, TimeUnit.SECONDS));
        assertEquals(0, other.exitValue(),
            () -> "the other process says: " + text(directory.resolve("output")));
        assertEquals(here, Files.readAllLines(answer));
        assertTrue(here.stream().distinct().count() == here.size(), "different seeds give different runs");
    }

    private static String testClasses() throws Exception {
        return new File(SimulationTest.class.getResource("SimulationTest.class").toURI()).toPath()
            .resolve("../../../../..").normalize().toString();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void theReportOfARunTellsWhatHappened() {
        Runs.quietly(() -> {
            Report report = Runs.run(1);
            assertEquals(1, report.seed());
            assertTrue(report.events() > 1_000 && report.simulated().toSeconds() >= 4, report::toString);
        });
    }
}
