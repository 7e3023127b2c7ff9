package io.quorate.distribution;

import io.quorate.distribution.cli.CommandRunner;
import io.quorate.distribution.cli.Environment;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Entry point of the {@code quorate} command. */
public final class Main {

    private Main() {
    }

    /**
     * Runs the command and exits with its code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int exitCode = new CommandRunner(Environment.ofProcess(), out, err).run(args);
        out.flush();
        err.flush();
        System.exit(exitCode);
    }
}
