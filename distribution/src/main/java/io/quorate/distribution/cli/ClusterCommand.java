package io.quorate.distribution.cli;

import picocli.CommandLine.Command;

/** Groups what concerns the cluster as a whole. */
@Command(name = "cluster", description = "Ask the cluster how it is, and change who belongs to it.",
    subcommands = {ClusterStatusCommand.class, ClusterAddCommand.class, ClusterRemoveCommand.class,
        ClusterPromoteCommand.class, ClusterDemoteCommand.class, ClusterEndpointsCommand.class,
        ClusterTransferCommand.class, ClusterRecoverCommand.class},
    footer = {"", "Example:", "  quorate cluster status", "  quorate cluster add n4 --endpoint tcp://10.0.0.4:7400"})
final class ClusterCommand extends GroupCommand {
}
