package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.MembershipChange;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Add a node: a learner first, which votes once it has caught up. */
@Command(name = "add", description = "Add a node: a learner first, which votes once it has caught up.",
    footer = {"", "The node needs a certificate ('quorate pki issue node n4') and 'join: true' in its configuration.",
        "",
        "Example:", "  quorate cluster add n4 --endpoint tcp://10.0.0.4:7400",
        "  quorate cluster add n9 --endpoint tcp://10.0.0.9:7400 --learner"})
final class ClusterAddCommand extends MembershipAction {

    @Option(names = "--endpoint", paramLabel = "ENDPOINT", required = true,
        description = "Where the node can be reached, such as tcp://10.0.0.4:7400; once for each transport.")
    private List<String> endpoints;

    @Option(names = "--learner", description = "It stays a learner: it gets everything and never votes.")
    private boolean learner;

    @Override
    MembershipChange change(NodeId about) throws Problem {
        return new MembershipChange.Add(about, endpoints(endpoints), !learner);
    }
}
