package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A change of one member. */
abstract class MembershipAction extends AdministrationAction {

    @Parameters(index = "0", paramLabel = "NODE", description = "The node, such as n4.")
    private String node;

    @Option(names = "--force", description = "Do it although the leader finds that it endangers the quorum.")
    private boolean force;

    private MembershipChange change;

    abstract MembershipChange change(NodeId about) throws Problem;

    @Override
    final void prepare() throws Problem {
        change = change(node(node));
    }

    @Override
    final boolean forced() {
        return force;
    }

    @Override
    final CompletableFuture<AdministrationResult> order(ClusterConnection cluster, Duration atMost) {
        return cluster.changeMembership(change, force, atMost);
    }

    @Override
    final String said(String detail) {
        return said(change) + "; now " + detail;
    }

    static String said(MembershipChange change) {
        return change.node() + switch (change) {
            case MembershipChange.Add add -> add.promote()
                ? " is a learner, and becomes a voter once it has caught up" : " is a learner, and stays one";
            case MembershipChange.Remove gone -> " is no member any more";
            case MembershipChange.Promote promoted -> " is a voter";
            case MembershipChange.Demote demoted -> " is a learner, and stays one";
            case MembershipChange.SetEndpoints moved -> " is to be reached at " + moved.endpoints().stream()
                .map(Endpoint::toString).collect(Collectors.joining(", "));
        };
    }
}
