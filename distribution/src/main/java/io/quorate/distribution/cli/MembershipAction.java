package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
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
}
