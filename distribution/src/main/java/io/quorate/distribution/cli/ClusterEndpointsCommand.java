package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.MembershipChange;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Replace where a member can be reached. */
@Command(name = "endpoints", description = "Replace where a member can be reached.",
    footer = {"", "Example:",
        "  quorate cluster endpoints n2 --endpoint quic://10.0.0.2:7400 --endpoint tcp://10.0.0.2:7400"})
final class ClusterEndpointsCommand extends MembershipAction {

    @Option(names = "--endpoint", paramLabel = "ENDPOINT", required = true,
        description = "Where the node can be reached, such as tcp://10.0.0.4:7400; once for each transport.")
    private List<String> endpoints;

    @Override
    MembershipChange change(NodeId about) throws Problem {
        return new MembershipChange.SetEndpoints(about, endpoints(endpoints));
    }
}
