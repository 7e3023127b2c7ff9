package io.quorate.distribution.cli;

import io.quorate.distribution.problem.ExitCode;
import io.quorate.distribution.problem.Nearest;
import io.quorate.distribution.problem.Problem;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs a command line, and turns whatever goes wrong into three parts and an exit code. No stack trace leaves here. */
public final class CommandRunner {

    private static final int HELP_WIDTH = 100;

    private final Environment environment;
    private final PrintWriter out;
    private final PrintWriter err;

    public CommandRunner(Environment environment, PrintWriter out, PrintWriter err) {
        this.environment = environment;
        this.out = out;
        this.err = err;
    }

    /** Runs a command; returns its exit code, see {@link ExitCode}. */
    public int run(String... args) {
        boolean debug = environment.debug() || Arrays.asList(args).contains("--debug");
        // Read by conf/logback.xml when the first logger is made; 'node' sets its own level before that.
        System.setProperty("quorate.log.level", debug ? "debug" : "off");
        try {
            CommandLine line = new CommandLine(new QuorateCommand(environment));
            line.setOut(out);
            line.setErr(err);
            line.setUsageHelpWidth(HELP_WIDTH);
            line.setCaseInsensitiveEnumValuesAllowed(true);
            line.setAbbreviatedOptionsAllowed(false);
            line.setParameterExceptionHandler((e, given) -> report(usageProblem(e), e, debug));
            line.setExecutionExceptionHandler((e, command, parsed) -> report(Problems.of(e), e, debug));
            return line.execute(args);
        } catch (RuntimeException | Error e) {
            return report(Problems.of(e), e, debug);
        }
    }

    private int report(Problem problem, Throwable cause, boolean debug) {
        out.flush();
        err.println(problem.text());
        if (debug) {
            cause.printStackTrace(err);
        }
        err.flush();
        return problem.exitCode();
    }

    private static Problem usageProblem(ParameterException e) {
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        String name = spec.qualifiedName();
        String help = "'" + name + " --help' shows what there is";
        if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
            String word = unmatched.getUnmatched().get(0);
            boolean option = word.startsWith("-");
            List<String> known = option ? options(spec) : new ArrayList<>(spec.subcommands().keySet());
            if (option || !known.isEmpty()) {
                Optional<String> near = Nearest.to(option ? word.replaceFirst("=.*", "") : word, known);
                return Problem.usage("found unknown " + (option ? "option" : "command") + " '" + word + "'",
                    "one of " + String.join(", ", known),
                    near.map(hint -> "did you mean '" + hint + "'? ").orElse("") + help);
            }
            return Problem.usage("found '" + word + "' where nothing more was expected", "the form of '" + name
                + " --help'", "put text with spaces in quotes; " + help);
        }
        return Problem.usage(e.getMessage(), "the form of '" + name + " --help'", help);
    }

    private static List<String> options(CommandSpec spec) {
        List<String> names = new ArrayList<>();
        for (OptionSpec option : spec.options()) {
            if (!option.hidden()) {
                names.add(option.longestName());
            }
        }
        names.sort(String::compareTo);
        return names;
    }
}
