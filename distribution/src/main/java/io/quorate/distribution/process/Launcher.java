package io.quorate.distribution.process;

import io.quorate.distribution.problem.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How to start this distribution's command once more: its own launcher, with the Java that runs this very process.
 *
 * @param script {@code bin/quorate}
 * @param java the Java to run it with; empty to let the script find its own
 */
public record Launcher(Path script, Optional<Path> java) {

    /** @param home where the distribution lies */
    public static Launcher find(Optional<Path> home) throws Problem {
        Path script = home.map(folder -> folder.resolve("bin/quorate")).orElse(null);
        if (script == null || !Files.isExecutable(script)) {
            throw Problem.failed("found no launcher" + (script == null ? "" : " at " + script),
                "the distribution's own bin/quorate, which starts the nodes",
                "run this command as bin/quorate of an unpacked distribution");
        }
        // The default java of the machine may be another one, or too old, or not there.
        Optional<Path> java = ProcessHandle.current().info().command().map(Path::of).filter(Files::isExecutable);
        return new Launcher(script, java);
    }
}
