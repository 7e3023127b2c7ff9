package io.quorate.distribution.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.quorate.api.ControlPlane;
import io.quorate.client.ClientBuilder;
import io.quorate.client.QuorateClient;
import io.quorate.spi.transport.TransportException;
import io.quorate.testing.simulation.CodePath;
import io.quorate.testing.simulation.FaultKind;
import io.quorate.testing.simulation.RemoteClients;
import io.quorate.testing.simulation.SimulationFailure;
import io.quorate.testing.simulation.Swarm;
import io.quorate.testing.simulation.Swarm.Report;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.LoggerFactory;

/** Runs many seeds, on every core one at a time, and adds up what they were like. */
final class Runs {

    /** Most cores that are used: a build has two. */
    private static final int MOST_THREADS = 2;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Map<FaultKind, Long> faults = new TreeMap<>();
    private final Map<CodePath, Long> paths = new TreeMap<>();
    private final TreeMap<String, Long> counts = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();
    private long seeds;
    private long simulatedNanos;
    private long threadNanos;
    private final long processorNanosBefore = processorNanos();

    /** What the clients of a run do. */
    enum Kind {
        KV(Swarm.of(KvWorkload::new)),
        REGISTERS(Swarm.ofRegisters());

        private final Swarm swarm;

        Kind(Swarm swarm) {
            this.swarm = swarm.remoteClients(Runs::remoteClient)
                .reproduction("mvn -pl distribution -am verify -Dtest=SimulationTest -Dsimulation.kind=" + this
                    + " -Dsimulation.seed=%d -Dsurefire.failIfNoSpecifiedTests=false");
        }

        Report run(long seed) {
            return swarm.run(seed);
        }
    }

    /** The client that applications use, which gives up before those who ask it do. */
    private static ControlPlane remoteClient(RemoteClients.Place place) {
        ClientBuilder builder = QuorateClient.builder().cluster(place.cluster()).identity(place.identity())
            .transport(place.transport()).loop(place.loop()).operationTimeout(Duration.ofSeconds(3));
        place.servers().forEach(builder::server);
        QuorateClient client = builder.build();
        try {
            client.start();
        } catch (TransportException e) {
            throw new AssertionError(e);
        }
        return client;
    }

    /** A run that has failed once. */
    record Past(Kind kind, long seed) {
    }

    /** Every third seed attacks the key-value store, the others a few registers, unless one kind is asked for. */
    static Report run(long seed) {
        String asked = System.getProperty("simulation.kind");
        Kind usual = Math.floorMod(seed, 3) == 0 ? Kind.KV : Kind.REGISTERS;
        return (asked == null ? usual : Kind.valueOf(asked)).run(seed);
    }

    /** The runs that have failed once: kind and seed, and a word about each behind a #. */
    static List<Past> failedBefore() {
        Path list = Path.of(System.getProperty("basedir", ""), "src/test/simulation/failed-seeds.txt");
        try {
            return Files.readAllLines(list).stream().map(line -> line.replaceFirst("#.*", "").trim())
                .filter(line -> !line.isEmpty()).map(line -> line.split(" +"))
                .map(parts -> new Past(Kind.valueOf(parts[0]), Long.parseLong(parts[1]))).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Quorate's own log says what each simulated node is told to go through: thousands of lines a second. */
    static void quietly(Runnable task) {
        Logger logger = (Logger) LoggerFactory.getLogger("io.quorate");
        Level before = logger.getLevel();
        logger.setLevel(Level.OFF);
        try {
            task.run();
        } finally {
            logger.setLevel(before);
        }
    }

    /** Runs seed after seed from {@code first} on, as long as {@code more} says. */
    void from(long first, BooleanSupplier more) {
        AtomicLong next = new AtomicLong(first);
        int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                workers.add(pool.submit(() -> {
                    while (more.getAsBoolean()) {
                        add(next.getAndIncrement());
                    }
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private void add(long seed) {
        long began = System.nanoTime();
        try {
            Report report = run(seed);
            synchronized (this) {
                seeds++;
                simulatedNanos += report.simulated().toNanos();
                threadNanos += System.nanoTime() - began;
                report.faults().forEach((kind, count) -> faults.merge(kind, count, Long::sum));
                report.paths().forEach((path, count) -> paths.merge(path, count, Long::sum));
                report.counts().forEach((what, count) -> counts.merge(what, count, Long::sum));
            }
        } catch (SimulationFailure e) {
            synchronized (this) {
                seeds++;
                failures.add("seed " + seed + ": " + e.getMessage());
            }
        }
    }

    List<String> failures() {
        return List.copyOf(failures);
    }

    long seeds() {
        return seeds;
    }

    synchronized Map<FaultKind, Long> faults() {
        return new TreeMap<>(faults);
    }

    Map<String, Long> counts() {
        return counts;
    }

    /** Code paths that no run has taken. */
    synchronized List<CodePath> pathsNotHit() {
        return Arrays.stream(CodePath.values()).filter(path -> !paths.containsKey(path)).toList();
    }

    /** In words. */
    String summary() {
        StringBuilder text = new StringBuilder();
        text.append(String.format("%,d seeds, %,.0f s simulated, %,.0f times as fast as real time on one core by its "
                + "processor time (compiler and collector included), %,.0f times by the wall clock%n",
            seeds, simulatedNanos / NANOS_PER_SECOND,
            simulatedNanos / (double) Math.max(1, processorNanos() - processorNanosBefore),
            simulatedNanos / (double) Math.max(1, threadNanos)));
        text.append("faults: ").append(faults).append(System.lineSeparator());
        text.append("paths hit: ").append(paths).append(System.lineSeparator());
        text.append("not hit: ").append(pathsNotHit()).append(System.lineSeparator());
        text.append("besides: ").append(counts).append(System.lineSeparator());
        return text.toString();
    }

    /** What this process has had of all cores. On a machine that does other work too, the wall clock says little. */
    private static long processorNanos() {
        return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
    }

    /** A base that changes from day to day, so that the seeds are fresh. */
    static long todaysBase() {
        long day = TimeUnit.MILLISECONDS.toDays(System.currentTimeMillis());
        return Long.getLong("simulation.base", day * 1_000_000);
    }
}
