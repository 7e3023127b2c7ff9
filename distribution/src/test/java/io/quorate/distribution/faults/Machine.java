package io.quorate.distribution.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What this machine has to do faults with. A tool that is missing is no failure: what needs it is skipped, and the
 * reason is said.
 *
 * @param namespaces the prefix of the network namespaces of the nodes, made by {@code faults.sh}; empty: none
 */
record Machine(Optional<String> namespaces) {

    private static final int COMMAND_SECONDS = 30;
    private static final List<Path> LIBRARY_FOLDERS = libraryFolders();

    private static List<Path> libraryFolders() {
        List<Path> folders = new ArrayList<>();
        for (String root : List.of("/usr/lib", "/usr/lib64", "/usr/local/lib")) {
            for (String below : List.of("", "/x86_64-linux-gnu", "/aarch64-linux-gnu")) {
                folders.add(Path.of(root + below));
            }
        }
        return folders;
    }

    /** The library that moves the wall clock of one process. */
    Optional<Path> clockLibrary() {
        return library("faketime/libfaketime.so.1");
    }

    /** The libraries that make system calls of one process fail, in the order of preloading. */
    List<Path> failureLibraries() {
        Optional<Path> run = library("fiu/fiu_run_preload.so");
        Optional<Path> posix = library("fiu/fiu_posix_preload.so");
        return run.isPresent() && posix.isPresent() && command("fiu-ctrl").isPresent()
            ? List.of(run.get(), posix.get()) : List.of();
    }

    private static Optional<Path> library(String name) {
        return LIBRARY_FOLDERS.stream().map(folder -> folder.resolve(name)).filter(Files::isReadable).findFirst();
    }

    static Optional<Path> command(String name) {
        for (String folder : System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(":")) {
            Path file = Path.of(folder, name);
            if (Files.isExecutable(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    /** Runs a command to its end and gives what it printed. */
    static String run(String... words) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("found that '" + String.join(" ", words) + "' failed: " + printed.strip());
        }
        return printed;
    }
}
