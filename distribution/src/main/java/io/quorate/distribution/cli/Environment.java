package io.quorate.distribution.cli;

import io.quorate.distribution.compose.ClientComposition;
import io.quorate.distribution.compose.Connector;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a command takes from the process that it runs in; tests give their own.
 *
 * @param variables the environment variables
 * @param folder where relative paths begin
 * @param home where the distribution lies; empty outside of one
 * @param terminal whether standard output is a terminal that people look at
 * @param connector how to reach a cluster
 */
public record Environment(
    Map<String, String> variables, Path folder, Optional<Path> home, boolean terminal, Connector connector) {

    /** That of this process. */
    public static Environment ofProcess() {
        Optional<Path> home = Optional.ofNullable(System.getProperty("quorate.home")).map(Path::of);
        return new Environment(System.getenv(), Path.of("").toAbsolutePath(), home,
            Boolean.getBoolean("quorate.terminal"), new ClientComposition(home));
    }

    /** Whether stack traces are wanted. */
    boolean debug() {
        String value = variables.getOrDefault("QUORATE_DEBUG", "");
        return !value.isEmpty() && !value.equals("0") && !value.equals("false");
    }
}
