package io.quorate.mutants;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/**
 * Breaks one line after the other (build/mutants/mutants.txt) and sees whether the simulation notices: the check of the
 * checker. Each mutant is the one class that holds the line, compiled anew and put before the others on the class path
 * of a process of its own, which runs seeds until one fails.
 */
public final class Mutants {

    private static final double LEAST_KILLED = 0.95;
    private static final long MOST_MINUTES_A_MUTANT = 10;
    private static final Map<String, String> PROVIDERS = Map.of(
        "io.quorate.spi.node.NodeProvider", "io.quorate.registry.provider.ControlPlaneNodeProvider",
        "io.quorate.spi.consensus.ConsensusProvider", "io.quorate.raft.RaftConsensusProvider");

    private record Mutant(String lesson, String file, String find, boolean last, String replace) {
    }

    private Mutants() {
    }

    /** @param arguments the project's folder, how many seeds, a folder to work in, and a word in the files' names */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path root = Path.of(arguments[0]);
        String seeds = arguments[1];
        Path work = Path.of(arguments[2]);
        String only = arguments.length > 3 ? arguments[3] : "";
        String classPath = System.getProperty("java.class.path");
        Path services = Files.createDirectories(work.resolve("providers/META-INF/services"));
        for (Map.Entry<String, String> provider : new TreeMap<>(PROVIDERS).entrySet()) {
            Files.writeString(services.resolve(provider.getKey()), provider.getValue());
        }
        String beneath = work.resolve("providers") + File.pathSeparator + classPath;
        int killed = 0;
        int all = 0;
        for (Mutant mutant : read(root.resolve("build/mutants/mutants.txt"))) {
            if (!mutant.file().contains(only)) {
                continue;
            }
            all++;
            String outcome = attempt(root, work.resolve("mutant-" + all), mutant, beneath, seeds);
            killed += outcome.startsWith("KILLED") ? 1 : 0;
            System.out.println(all + "  lesson " + mutant.lesson() + "  "
                + mutant.file().replaceFirst(".*/", "") + "  " + mutant.replace() + "\n      " + outcome);
        }
        System.out.println(killed + " of " + all + " mutants killed");
        if (all == 0 || killed < LEAST_KILLED * all) {
            System.out.println("found too few killed, expected " + LEAST_KILLED * 100 + " %");
            System.exit(1);
        }
    }

    private static String attempt(Path root, Path folder, Mutant mutant, String classPath, String seeds)
            throws IOException, InterruptedException {
        Path source = root.resolve(mutant.file());
        String text = Files.readString(source);
        int at = text.lastIndexOf(mutant.find());
        if (at < 0 || text.indexOf(mutant.find()) != at && !mutant.last()) {
            return "STALE: found the line " + (at < 0 ? "nowhere" : "twice") + ", expected it once; mend the list";
        }
        Path mutated = folder.resolve("source").resolve(source.getFileName());
        Files.createDirectories(mutated.getParent());
        Files.writeString(mutated, text.substring(0, at) + mutant.replace()
            + text.substring(at + mutant.find().length()));
        Path classes = Files.createDirectories(folder.resolve("classes"));
        int compiled = ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.out, "-nowarn",
            "-proc:none", "-implicit:none", "-cp", classPath, "-d", classes.toString(), mutated.toString());
        if (compiled != 0) {
            return "STALE: it does not compile; mend the list";
        }
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC", "-cp", classes + File.pathSeparator + classPath,
            "io.quorate.mutants.Seeds", "1", seeds).redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile()).start();
        if (!process.waitFor(MOST_MINUTES_A_MUTANT, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            return "KILLED: it hangs";
        }
        List<String> lines = Files.readAllLines(folder.resolve("output")).stream()
            .filter(line -> line.startsWith("KILLED") || line.startsWith("SURVIVED")).toList();
        return lines.isEmpty() ? "KILLED: the process ended with " + process.exitValue() : lines.getLast();
    }

    private static List<Mutant> read(Path list) throws IOException {
        List<Mutant> mutants = new ArrayList<>();
        String lesson = "";
        String file = "";
        String find = "";
        boolean last = false;
        for (String line : Files.readAllLines(list)) {
            if (line.startsWith("== ")) {
                String[] parts = line.substring(3).split(" ", 2);
                lesson = parts[0];
                file = parts[1];
            } else if (line.startsWith("- ") || line.startsWith("-last ")) {
                find = line.substring(line.indexOf(' ') + 1);
                last = line.startsWith("-last");
            } else if (line.startsWith("+ ")) {
                mutants.add(new Mutant(lesson, file, find, last, line.substring(2)));
            }
        }
        return mutants;
    }
}
