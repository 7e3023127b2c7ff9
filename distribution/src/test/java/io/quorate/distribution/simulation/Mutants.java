package io.quorate.distribution.simulation;

import io.quorate.distribution.simulation.Mutant.StaleException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;

/**
 * Breaks one line after the other ({@link #LIST}) and sees whether the simulation notices: the check of the checker.
 * Each mutant is the one class that holds the line, compiled anew and put before the others on the class path of a
 * process of its own, which runs seeds until one fails. First the same is done with nothing broken, which must pass.
 */
final class Mutants {

    /** Where the list is, from the project's folder on. */
    static final String LIST = "distribution/src/test/simulation/mutants.txt";

    private static final double LEAST_KILLED = 0.95;
    private static final Pattern BY_SEED = Pattern.compile("KILLED by seed (\\d+):.*");
    private static final Map<String, String> PROVIDERS = Map.of(
        "io.quorate.spi.node.NodeProvider", "io.quorate.registry.provider.ControlPlaneNodeProvider",
        "io.quorate.spi.consensus.ConsensusProvider", "io.quorate.raft.RaftConsensusProvider",
        "io.quorate.api.StateMachine", "io.quorate.kv.store.KvStateMachine");

    private final Path root;
    private final int seeds;
    private final Path work;
    private final String classPath;
    /** How many mutants each seed has killed: what has killed many is tried first. */
    private final Map<Long, Integer> kills = new LinkedHashMap<>();

    private Mutants(Path root, int seeds, Path work) throws IOException {
        this.root = root;
        this.seeds = seeds;
        this.work = work;
        Path services = Files.createDirectories(work.resolve("providers/META-INF/services"));
        for (Map.Entry<String, String> provider : PROVIDERS.entrySet()) {
            Files.writeString(services.resolve(provider.getKey()), provider.getValue());
        }
        this.classPath = work.resolve("providers") + File.pathSeparator + System.getProperty("java.class.path");
    }

    /**
     * @param arguments the project's folder, how many seeds at most for each, a folder to work in, how many processes
     *     at once, and optionally a word in the names or replacements of those that are to be tried
     */
    public static void main(String[] arguments) throws Exception {
        Mutants run = new Mutants(Path.of(arguments[0]), Integer.parseInt(arguments[1]), Path.of(arguments[2]));
        String only = arguments.length > 4 ? arguments[4] : "";
        List<Mutant> mutants = Mutant.read(run.root.resolve(LIST)).stream()
            .filter(mutant -> mutant.file().contains(only) || mutant.replacement().contains(only)).toList();
        System.exit(run.tryAll(mutants, Integer.parseInt(arguments[3])) ? 0 : 1);
    }

    private boolean tryAll(List<Mutant> mutants, int processes)
            throws IOException, InterruptedException, ExecutionException {
        Optional<String> scenarios = mutants.stream().flatMap(mutant -> mutant.scenario().stream()).distinct()
            .reduce((one, other) -> one + "," + other);
        System.out.println(mutants.size() + " mutants, and one run with nothing broken");
        ExecutorService pool = Executors.newFixedThreadPool(processes);
        try {
            Future<String> sound = pool.submit(() -> run(work.resolve("sound"), classPath, scenarios));
            List<Future<String>> outcomes = new ArrayList<>();
            for (int i = 0; i < mutants.size(); i++) {
                Mutant mutant = mutants.get(i);
                Path folder = work.resolve("mutant-" + (i + 1));
                outcomes.add(pool.submit(() -> attempt(folder, mutant)));
            }
            System.out.println("      " + sound.get());
            int killed = 0;
            int stale = 0;
            for (int i = 0; i < mutants.size(); i++) {
                Mutant mutant = mutants.get(i);
                String outcome = outcomes.get(i).get();
                killed += outcome.startsWith("KILLED") ? 1 : 0;
                stale += outcome.startsWith("STALE") ? 1 : 0;
                System.out.println(i + 1 + "  lesson " + mutant.lesson() + "  " + mutant.fileName() + "  "
                    + mutant.replacement() + "\n      " + outcome);
            }
            System.out.printf("%d of %d mutants killed, %.1f %%%n", killed, mutants.size(),
                100.0 * killed / Math.max(1, mutants.size()));
            return verdict(sound.get(), mutants.size(), killed, stale);
        } finally {
            pool.shutdownNow();
        }
    }

    private static boolean verdict(String sound, int all, int killed, int stale) {
        if (!sound.startsWith("SURVIVED")) {
            System.out.println("found that what is not broken fails too, expected it to pass; mend that first");
        } else if (stale > 0) {
            System.out.println("found " + stale + " stale mutants, expected none; mend the list");
        } else if (all == 0 || killed < LEAST_KILLED * all) {
            System.out.println("found too few killed, expected " + LEAST_KILLED * 100 + " %");
        } else {
            return true;
        }
        return false;
    }

    private String attempt(Path folder, Mutant mutant) throws IOException, InterruptedException {
        Path source = root.resolve(mutant.file());
        Path mutated = folder.resolve("source").resolve(mutant.fileName());
        Files.createDirectories(mutated.getParent());
        try {
            Files.writeString(mutated, mutant.applied(Files.readString(source)));
        } catch (StaleException e) {
            return "STALE: " + e.getMessage();
        }
        Path classes = Files.createDirectories(folder.resolve("classes"));
        int compiled = ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.out, "-nowarn",
            "-proc:none", "-implicit:none", "-cp", classPath, "-d", classes.toString(), mutated.toString());
        if (compiled != 0) {
            return "STALE: it does not compile; mend the list";
        }
        return run(folder, classes + File.pathSeparator + classPath, mutant.scenario());
    }

    private String run(Path folder, String path, Optional<String> scenario) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", path, MutantSeeds.class.getName(),
            scenario.orElse("-"), order()).redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile()).start();
        int ended = process.waitFor();
        List<String> lines = Files.readAllLines(folder.resolve("output")).stream()
            .filter(line -> line.startsWith("KILLED") || line.startsWith("SURVIVED")).toList();
        String outcome = lines.isEmpty() ? "KILLED: the process ended with " + ended : lines.getLast();
        Matcher by = BY_SEED.matcher(outcome);
        if (by.matches()) {
            synchronized (kills) {
                kills.merge(Long.valueOf(by.group(1)), 1, Integer::sum);
            }
        }
        return outcome;
    }

    /** All seeds, those first that have killed most. */
    private String order() {
        LinkedHashSet<Long> order = new LinkedHashSet<>();
        synchronized (kills) {
            kills.entrySet().stream().sorted(Map.Entry.<Long, Integer>comparingByValue().reversed())
                .forEach(entry -> order.add(entry.getKey()));
        }
        for (long seed = 1; seed <= seeds; seed++) {
            order.add(seed);
        }
        return order.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
