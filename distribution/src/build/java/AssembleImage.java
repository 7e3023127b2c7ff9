import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleFinder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The two parts of the distribution that copying files cannot make: the Java runtime, linked from the JDK that runs
 * this program, and the licence texts of the bundled libraries. Run by the build as
 * {@code java AssembleImage.java <image directory> <licences kept by hand> <modules of the runtime>}.
 */
final class AssembleImage {

    private static final String LICENCE_ENTRY =
            "(?i)(META-INF/(license|notice)/[^/]+|(META-INF/)?[^/]*(license|notice|copying|copyright)[^/]*)";

    public static void main(String[] args) throws IOException {
        Path image = Path.of(args[0]);
        try {
            linkRuntime(image.resolve("runtime"), args[2]);
            collectLicences(image, Path.of(args[1]));
        } catch (IllegalStateException e) {
            System.err.println("[ERROR] " + e.getMessage());
            System.exit(1);
        }
    }

    /** Linking takes seconds, so a runtime that was linked from the same JDK with the same options is kept. */
    private static void linkRuntime(Path runtime, String wanted) throws IOException {
        ModuleFinder jdk = ModuleFinder.ofSystem();
        String modules = Stream.of(wanted.split("\\s*,\\s*"))
                .filter(name -> jdk.find(name).isPresent())
                .collect(Collectors.joining(","));
        List<String> options = List.of(
                "--add-modules", modules,
                "--strip-debug", "--no-header-files", "--no-man-pages",
                "--compress", "zip-6",
                // Class data sharing halves the start-up of short commands.
                "--generate-cds-archive");
        String recipe = Runtime.version() + " " + System.getProperty("java.vendor") + "\n"
                + String.join(" ", options) + "\n";
        Path stamp = runtime.resolveSibling("../runtime.recipe").normalize();
        if (Files.exists(runtime.resolve("bin/java")) && Files.exists(stamp)
                && Files.readString(stamp).equals(recipe)) {
            return;
        }
        Files.deleteIfExists(stamp);
        deleteTree(runtime);
        List<String> arguments = new ArrayList<>(options);
        arguments.add("--output");
        arguments.add(runtime.toString());
        ToolProvider jlink = ToolProvider.findFirst("jlink").orElseThrow(() -> new IllegalStateException(
                "The JDK in " + System.getProperty("java.home") + " has no jlink; install the full JDK."));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        PrintStream console = System.out;
        int exit;
        try (PrintStream printer = new PrintStream(output, true)) {
            // Some of jlink's parts print past the stream that they were given.
            System.setOut(printer);
            exit = jlink.run(printer, printer, arguments.toArray(String[]::new));
        } finally {
            System.setOut(console);
        }
        if (exit != 0) {
            throw new IllegalStateException("jlink failed with exit code " + exit + ":\n" + output);
        }
        // The archive for heaps above 32 GB: 14 MB that no node needs.
        Files.deleteIfExists(runtime.resolve("lib/server/classes_nocoops.jsa"));
        Files.writeString(stamp, recipe);
    }

    /** Every jar that is not ours must come with its licence: from the jar itself, or from the texts kept by hand. */
    private static void collectLicences(Path image, Path keptByHand) throws IOException {
        Path licences = image.resolve("licenses");
        deleteTree(licences);
        Files.createDirectories(licences);
        List<String> missing = new ArrayList<>();
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(image.resolve("lib"), "*.jar")) {
            for (Path jar : jars) {
                String name = jar.getFileName().toString();
                if (!name.startsWith("quorate-") && !collect(jar, licences, keptByHand)) {
                    missing.add(name);
                }
            }
        }
        if (!missing.isEmpty()) {
            missing.sort(Comparator.naturalOrder());
            throw new IllegalStateException("No licence text in " + missing + ": add <artifact>.txt to " + keptByHand);
        }
    }

    private static boolean collect(Path jar, Path licences, Path keptByHand) throws IOException {
        String artifact = jar.getFileName().toString().replaceFirst("-\\d.*$", "");
        TreeMap<String, byte[]> texts = new TreeMap<>();
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : zip.stream().toList()) {
                if (!entry.isDirectory() && entry.getName().matches(LICENCE_ENTRY)
                        && !entry.getName().endsWith(".class")) {
                    try (InputStream in = zip.getInputStream(entry)) {
                        texts.put(entry.getName().replaceFirst("^META-INF/", "").replace('/', '-'), in.readAllBytes());
                    }
                }
            }
        }
        if (texts.keySet().stream().noneMatch(AssembleImage::isLicence)) {
            // netty-codec-base.txt, netty-codec.txt, netty.txt: one text serves a family of jars.
            for (String family = artifact; !family.isEmpty(); family = family.replaceFirst("(-|^)[^-]*$", "")) {
                Path byHand = keptByHand.resolve(family + ".txt");
                if (Files.exists(byHand)) {
                    texts.put("LICENSE.txt", Files.readAllBytes(byHand));
                    break;
                }
            }
        }
        if (texts.keySet().stream().noneMatch(AssembleImage::isLicence)) {
            return false;
        }
        Path folder = Files.createDirectories(licences.resolve(artifact));
        for (var text : texts.entrySet()) {
            Files.write(folder.resolve(text.getKey()), text.getValue());
        }
        return true;
    }

    /** A notice alone does not grant anything. */
    private static boolean isLicence(String fileName) {
        return !fileName.toLowerCase(Locale.ROOT).contains("notice");
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private AssembleImage() {
    }
}
