package io.quorate.distribution.cli;

import picocli.CommandLine.Option;

/** The options that every command has. */
final class CommonOptions {

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    private boolean help;

    @Option(names = "--debug",
        description = "Show logs, and a stack trace if something fails (or set QUORATE_DEBUG=1).")
    private boolean debug;

    boolean debug() {
        return debug;
    }
}
