import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs TLC on every model of the specification, on every deliberately broken one and on every trace, each in a JVM of
 * its own, and demands what the model's first lines say: {@code expect: holds}, or the names of the properties of which
 * TLC must find one violated. A model that is not decided within its time has failed. The exceptions are those in
 * {@code wide}, which are too large to come to an end: they are run only if they are asked for, and it is told how far
 * each came.
 *
 * <p>Arguments: the jar of TLC, the folder of the specification, a folder for its output, the folder of traces that the
 * tests have written, and seconds for each. Properties: {@code spec.model} names one, to run it alone;
 * {@code spec.wide=true} runs the wide ones, and nothing else; {@code spec.workers} is how many threads TLC has.
 */
public final class CheckSpecification {

    private static final Pattern SETTING =
        Pattern.compile("^\\\\\\* (expect|simulate|module): (.*)$", Pattern.MULTILINE);
    private static final Pattern VIOLATED =
        Pattern.compile("Invariant (\\w+) is violated|Action property (\\w+) is violated"
            + "|Temporal properties were (violated)");
    private static final Pattern STATES =
        Pattern.compile("([\\d,]+) states generated, ([\\d,]+) distinct states found|"
            + "Progress: ([\\d,]+) states checked");
    private static final Pattern DEPTH = Pattern.compile("depth of the complete state graph search is (\\d+)");
    private static final String HEAP = "-Xmx3g";
    private static final String WIDE = "wide";
    private static final String UNDECIDED = "undecided";

    /**
     * What is to be run.
     *
     * @param library where TLC finds modules beside those of the specification
     * @param simulate how many random behaviours of which length, instead of all behaviours
     */
    private record Setting(Path file, String name, List<String> expected, String module, Path library,
        Optional<String> simulate) {

        static Setting read(Path file) throws IOException {
            List<String> expected = List.of();
            Optional<String> simulate = Optional.empty();
            String module = "MCRaft";
            Matcher settings = SETTING.matcher(Files.readString(file));
            while (settings.find()) {
                switch (settings.group(1)) {
                    case "expect" -> expected = List.of(settings.group(2).strip().split("[ ,]+"));
                    case "module" -> module = settings.group(2).strip();
                    default -> simulate = Optional.of(settings.group(2).strip());
                }
            }
            if (expected.isEmpty()) {
                throw new IOException("found no 'expect:' in " + file + ", expected 'holds' or names of properties");
            }
            return new Setting(file, file.getParent().getFileName() + "/"
                + file.getFileName().toString().replace(".cfg", ""), expected, module, file.getParent(), simulate);
        }
    }

    private CheckSpecification() {
    }

    public static void main(String[] words) throws Exception {
        Path jar = Path.of(words[0]).toAbsolutePath();
        Path folder = Path.of(words[1]).toAbsolutePath();
        Path out = Path.of(words[2]).toAbsolutePath();
        Path traces = Path.of(words[3]).toAbsolutePath();
        long seconds = Long.parseLong(words[4]);
        String only = System.getProperty("spec.model", "").strip();
        boolean wide = Boolean.getBoolean("spec.wide");
        List<Setting> settings = new ArrayList<>();
        for (String part : wide ? List.of(WIDE) : List.of("models", "broken")) {
            try (Stream<Path> files = Files.list(folder.resolve(part))) {
                for (Path file : files.filter(f -> f.toString().endsWith(".cfg")).sorted().toList()) {
                    Setting setting = Setting.read(file);
                    if (only.isEmpty() || setting.name().endsWith(only)) {
                        settings.add(setting);
                    }
                }
            }
        }
        if (Files.isDirectory(traces) && !wide) {
            try (Stream<Path> folders = Files.list(traces)) {
                for (Path one : folders.sorted().toList()) {
                    String name = "traces/" + one.getFileName();
                    // The end of a run is what TLC is asked to rule out; of one that was altered it must.
                    String expected = name.contains("altered") ? "holds" : "Unfinished";
                    if (only.isEmpty() || name.endsWith(only)) {
                        settings.add(new Setting(folder.resolve("TraceRaft.cfg"), name, List.of(expected), "TraceRaft",
                            one, Optional.empty()));
                    }
                }
            }
        }
        if (only.isEmpty() && !wide && settings.stream().noneMatch(one -> one.name().startsWith("traces/"))) {
            throw new IOException("found no run in " + traces
                + ", expected those that the tests write; do not skip the tests");
        }
        int failed = 0;
        System.out.printf("%-46s %-22s %12s %12s %6s  %s%n", "model", "found", "generated", "distinct", "s", "how");
        for (Setting setting : settings) {
            failed += check(jar, folder, out, seconds, setting) ? 0 : 1;
        }
        if (settings.isEmpty() || failed > 0) {
            System.err.println("FAILED: " + failed + " of " + settings.size()
                + " models did not show what they must; what TLC said is in " + out);
            System.exit(1);
        }
    }

    private static boolean check(Path jar, Path folder, Path out, long seconds, Setting setting) throws Exception {
        Path states = out.resolve(setting.name() + ".states");
        Path log = out.resolve(setting.name() + ".log");
        Files.createDirectories(log.getParent());
        // TLC unpacks its own modules into the temporary folder; of two at once one would find half a file.
        Path unpacked = Files.createDirectories(out.resolve(setting.name() + ".modules"));
        List<String> words = new ArrayList<>(List.of(
            ProcessHandle.current().info().command().orElse("java"), "-XX:+UseParallelGC", HEAP,
            "-DTLA-Library=" + setting.library(), "-Djava.io.tmpdir=" + unpacked, "-cp", jar.toString(),
            "tlc2.TLC", "-nowarning", "-difftrace", "-workers", System.getProperty("spec.workers", "2"),
            "-metadir", states.toString(), "-config", setting.file().toString()));
        // The seed is fixed: the same behaviours each time.
        setting.simulate().ifPresent(how -> words.addAll(List.of("-seed", "1", "-depth",
            how.split(" ")[1], "-simulate", "num=" + how.split(" ")[0])));
        words.add(folder.resolve(setting.module() + ".tla").toString());
        long begin = System.nanoTime();
        Process tlc = new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        boolean ended = tlc.waitFor(seconds, TimeUnit.SECONDS);
        tlc.destroyForcibly().waitFor();
        delete(states);
        delete(unpacked);
        String said = Files.readString(log, StandardCharsets.UTF_8);
        String found = found(ended, tlc.exitValue(), said, setting);
        Matcher count = STATES.matcher(said);
        String generated = "";
        String distinct = "";
        while (count.find()) {
            generated = count.group(1) == null ? count.group(3) : count.group(1);
            distinct = count.group(2) == null ? "" : count.group(2);
        }
        long took = (System.nanoTime() - begin) / 1_000_000_000;
        boolean cutOff = found.equals(UNDECIDED) && setting.name().startsWith(WIDE);
        boolean good = cutOff || setting.expected().contains(found);
        Matcher depth = DEPTH.matcher(said);
        String how = cutOff || found.equals(UNDECIDED) ? "ended after " + took + " s, no violation so far"
            : setting.simulate().isPresent() ? "random behaviours"
            : found.equals("holds") ? "complete" + (depth.find() ? ", depth " + depth.group(1) : "")
            : "counterexample";
        System.out.printf("%-46s %-22s %12s %12s %6d  %s%s%n", setting.name(), found, generated, distinct, took, how,
            good ? "" : "; expected " + String.join(" or ", setting.expected()));
        return good;
    }

    private static String found(boolean ended, int code, String said, Setting setting) {
        Matcher violated = VIOLATED.matcher(said);
        if (violated.find()) {
            return violated.group(1) != null ? violated.group(1)
                : violated.group(2) != null ? violated.group(2) : "Liveness";
        }
        if (!ended) {
            return UNDECIDED;
        }
        boolean whole = said.contains("No error has been found")
            || setting.simulate().isPresent() && !said.contains("Error");
        return code == 0 && whole ? "holds" : "an-error";
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
