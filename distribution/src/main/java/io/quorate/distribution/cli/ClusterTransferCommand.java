package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.consensus.AdministrationResult;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Hands the leadership over. */
@Command(name = "transfer", description = "Hand the leadership to another voter.",
    footer = {"", "Writes wait for a moment and none is lost.", "", "Example:", "  quorate cluster transfer",
        "  quorate cluster transfer --to n2"})
final class ClusterTransferCommand extends AdministrationAction {

    @Option(names = "--to", paramLabel = "NODE", description = "Who is to lead; otherwise whoever is best prepared.")
    private String to;

    private Optional<NodeId> target = Optional.empty();

    @Override
    void prepare() throws Problem {
        target = to == null ? Optional.empty() : Optional.of(node(to));
    }

    @Override
    CompletableFuture<AdministrationResult> order(ClusterConnection cluster, Duration atMost) {
        return cluster.transferLeadership(target, atMost);
    }

    @Override
    boolean forced() {
        return false;
    }
}
