package io.quorate.distribution.cli;

import io.quorate.distribution.compose.BuildVersion;
import io.quorate.distribution.problem.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The root: holds the environment, and shows what there is. */
@Command(
    name = "quorate",
    description = "A replicated control plane: nodes that agree, know each other, and say who is there.",
    versionProvider = QuorateCommand.Version.class,
    subcommands = {
        QuickstartCommand.class, NodeCommand.class, PkiCommand.class, PeersCommand.class, ClusterCommand.class,
        KvCommand.class, PluginsCommand.class, BenchCommand.class,
        DoctorCommand.class},
    footer = {"", "Example:", "  quorate quickstart          three nodes on this machine", "",
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no leader or no quorum (try again)."})
final class QuorateCommand implements Callable<Integer> {

    private final Environment environment;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "Show the version.")
    private boolean version;

    QuorateCommand(Environment environment) {
        this.environment = environment;
    }

    /** The environment of the command that {@code spec} belongs to. */
    static Environment environment(CommandSpec spec) {
        return ((QuorateCommand) spec.root().userObject()).environment;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE;
    }

    /** The build's version. */
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {"quorate " + BuildVersion.text()
                + " (Java " + Runtime.version() + ", " + System.getProperty("os.name") + ")"};
        }
    }
}
