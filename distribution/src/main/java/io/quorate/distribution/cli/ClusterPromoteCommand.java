package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.MembershipChange;
import picocli.CommandLine.Command;

/** Make a learner a voter now. */
@Command(name = "promote", description = "Make a learner a voter now.",
    footer = {"", "Example:", "  quorate cluster promote n4"})
final class ClusterPromoteCommand extends MembershipAction {

    @Override
    MembershipChange change(NodeId about) {
        return new MembershipChange.Promote(about);
    }
}
