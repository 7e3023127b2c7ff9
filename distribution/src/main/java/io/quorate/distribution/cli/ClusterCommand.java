package io.quorate.distribution.cli;

import picocli.CommandLine.Command;

/** Groups what concerns the cluster as a whole. */
@Command(name = "cluster", description = "Ask the cluster how it is.", subcommands = ClusterStatusCommand.class,
    footer = {"", "Example:", "  quorate cluster status"})
final class ClusterCommand extends GroupCommand {
}
