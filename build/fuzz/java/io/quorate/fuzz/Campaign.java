package io.quorate.fuzz;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The long run: every fuzz target of one module under Jazzer's coverage guidance, one after another, each in a JVM of
 * its own (the engine takes one target a process). Started by the profile {@code fuzz}; see {@code docs/fuzzing.md}.
 *
 * <p>A finding is written into the target's folder of kept inputs, where the next short run fails on it until it is
 * repaired.
 */
public final class Campaign {

    private static final String ENGINE = "com.code_intelligence.jazzer.Jazzer";
    private static final String ENTRY = "fuzzerTestOneInput";
    private static final String SUFFIX = "FuzzTest";

    /** The engine's exit code for "a finding". */
    private static final int FINDING = 77;

    /** The longest time that one input may take, in seconds. */
    private static final int INPUT_SECONDS = 10;

    /** The largest input that the engine makes, in bytes; each is a decision, and some hundred say a lot. */
    private static final int MAX_INPUT_BYTES = 512;

    /** What may be kept for a target: inputs of this size, in bytes, so many of them, and of so many bytes in all. */
    private static final int MAX_KEPT_INPUT_BYTES = 512;
    private static final int MAX_KEPT_INPUTS = 40;
    private static final int MAX_KEPT_BYTES = 6 << 10;

    /** Beyond the time of the run, for the start of a JVM, its instrumentation and its end. */
    private static final int GRACE_SECONDS = 120;

    /** For which platforms the engine brings its native part; the keys are {@code os.name}'s beginnings. */
    private static final Map<String, List<String>> PLATFORMS = new TreeMap<>(Map.of(
        "linux", List.of("amd64", "x86_64", "aarch64"),
        "mac", List.of("x86_64", "aarch64"),
        "windows", List.of("amd64")));

    private final PrintStream out;
    private final Path module;
    private final int seconds;
    private final boolean keep;

    private Campaign(PrintStream out, Path module, int seconds, boolean keep) {
        this.out = out;
        this.module = module;
        this.seconds = seconds;
        this.keep = keep;
    }

    /**
     * Runs the targets whose name contains {@code fuzz.target}, for {@code fuzz.seconds} each; with {@code fuzz.keep}
     * it keeps what covers new code.
     */
    public static void main(String[] args) throws Exception {
        Campaign campaign = new Campaign(System.out, Path.of(System.getProperty("basedir")),
            Integer.getInteger("fuzz.seconds", 60), Boolean.getBoolean("fuzz.keep"));
        System.exit(campaign.run(System.getProperty("fuzz.target", "")) ? 0 : 1);
    }

    private boolean run(String wanted) throws Exception {
        requireEngine();
        boolean clean = true;
        for (Class<?> target : targets()) {
            if (target.getSimpleName().contains(wanted)) {
                clean &= fuzz(target);
            }
        }
        return clean;
    }

    private static void requireEngine() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String machine = System.getProperty("os.arch");
        boolean known = PLATFORMS.entrySet().stream()
            .anyMatch(one -> system.startsWith(one.getKey()) && one.getValue().contains(machine));
        if (!known) {
            throw new IllegalStateException("found " + system + " on " + machine + ", expected one for which Jazzer "
                + "has its native library: " + PLATFORMS + "; the short run in 'mvn verify' needs none");
        }
        try {
            Class.forName(ENGINE, false, Campaign.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("found no Jazzer on the class path, expected to be started by the profile: "
                + "mvn verify -Pfuzz", e);
        }
    }

    private List<Class<?>> targets() throws Exception {
        Path classes = module.resolve("target").resolve("test-classes");
        List<Class<?>> targets = new ArrayList<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(one -> one.toString().endsWith(SUFFIX + ".class")).sorted().toList()) {
                String path = classes.relativize(file).toString();
                String name = path.substring(0, path.length() - ".class".length()).replace(file.getFileSystem()
                    .getSeparator(), ".");
                Class<?> target = Class.forName(name, false, Campaign.class.getClassLoader());
                if (Modifier.isPublic(target.getModifiers()) && hasEntry(target)) {
                    targets.add(target);
                }
            }
        }
        return targets;
    }

    private static boolean hasEntry(Class<?> target) {
        try {
            return Modifier.isStatic(target.getMethod(ENTRY, byte[].class).getModifiers());
        } catch (NoSuchMethodException noTarget) {
            return false;
        }
    }

    private boolean fuzz(Class<?> target) throws IOException, InterruptedException {
        Path kept = Files.createDirectories(module.resolve(Fuzzing.KEPT).resolve(target.getSimpleName()));
        Path folder = Files.createDirectories(module.resolve("target").resolve("fuzz").resolve(target.getSimpleName()));
        Path found = Files.createDirectories(folder.resolve("corpus"));
        Path log = folder.resolve("log.txt");
        int exit = engine(target, folder, log, seconds, List.of("-artifact_prefix=" + kept + "/", found.toString(),
            kept.toString()));
        out.println(target.getSimpleName() + ": " + summary(log));
        if (exit == FINDING) {
            out.println("  a finding; its input is in " + kept + ", its story in " + log);
            return false;
        }
        if (exit != 0) {
            out.println("  the engine failed with exit code " + exit + ", see " + log);
            return false;
        }
        if (keep) {
            keepNew(target, folder, found, kept);
        }
        return true;
    }

    private int engine(Class<?> target, Path folder, Path log, int forSeconds, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
            "-XX:+EnableDynamicAgentLoading", "-Dbasedir=" + module, "-cp", System.getProperty("java.class.path"),
            ENGINE, "--target_class=" + target.getName(), "--instrumentation_includes=io.quorate.**",
            "--instrumentation_excludes=io.quorate.fuzz.**", "--reproducer_path=" + folder,
            "-use_value_profile=1", "-len_control=0", "-timeout=" + INPUT_SECONDS, "-rss_limit_mb=4096",
            "-max_len=" + MAX_INPUT_BYTES, "-print_final_stats=1", "-max_total_time=" + forSeconds));
        if (Runtime.version().feature() >= 22) {
            // The engine loads its native library by System.load, of which a JDK warns from 24 on.
            command.add(1, "--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        try {
            if (!process.waitFor(forSeconds + GRACE_SECONDS, TimeUnit.SECONDS)) {
                out.println("  the engine did not end " + GRACE_SECONDS + " s after its time");
                return -1;
            }
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    /** The last line of progress, and the exception if there is one. */
    private static String summary(Path log) throws IOException {
        String progress = "no progress";
        String finding = "";
        for (String line : Files.readAllLines(log, StandardCharsets.UTF_8)) {
            if (line.matches("#\\d+\\s.*")) {
                progress = line.replace('\t', ' ');
            } else if (line.startsWith("== Java Exception: ") || line.contains("ERROR: libFuzzer")) {
                finding = "  " + line;
            }
        }
        return progress + finding;
    }

    /** Keeps inputs that cover what the kept ones do not, until the folder is full. */
    private void keepNew(Class<?> target, Path folder, Path found, Path kept) throws IOException, InterruptedException {
        Path small = Files.createDirectories(folder.resolve("small"));
        for (Path file : filesOf(found)) {
            if (Files.size(file) <= MAX_KEPT_INPUT_BYTES) {
                Files.write(small.resolve(file.getFileName()), Files.readAllBytes(file));
            }
        }
        Path chosen = Files.createDirectories(folder.resolve("chosen"));
        for (Path file : filesOf(chosen)) {
            Files.delete(file);
        }
        int exit = engine(target, folder, folder.resolve("merge.txt"), 0, List.of("-merge=1", "-use_value_profile=0",
            chosen.toString(), kept.toString(), small.toString()));
        if (exit != 0) {
            out.println("  keeping failed with exit code " + exit + ", see " + folder.resolve("merge.txt"));
            return;
        }
        long size = 0;
        for (Path file : filesOf(kept)) {
            size += Files.size(file);
        }
        List<Path> all = filesOf(chosen);
        int room = Math.min(all.size(), MAX_KEPT_INPUTS - filesOf(kept).size());
        int added = 0;
        for (int i = 0; i < room; i++) {
            // Of all sizes: the small ones are plain to read, and the large ones are where much is decided.
            Path file = all.get((int) ((long) i * all.size() / room));
            if (size + Files.size(file) <= MAX_KEPT_BYTES && !Files.exists(kept.resolve(file.getFileName()))) {
                Files.write(kept.resolve(file.getFileName()), Files.readAllBytes(file));
                size += Files.size(file);
                added++;
            }
        }
        out.println("  kept " + added + " more inputs; " + size + " bytes in " + kept);
    }

    /** By size. */
    private static List<Path> filesOf(Path folder) throws IOException {
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> list = Files.list(folder)) {
            for (Path file : list.filter(Files::isRegularFile).toList()) {
                files.put(String.format("%09d %s", Files.size(file), file.getFileName()), file);
            }
        }
        return List.copyOf(files.values());
    }
}
