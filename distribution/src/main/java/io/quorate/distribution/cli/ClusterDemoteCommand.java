package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.MembershipChange;
import picocli.CommandLine.Command;

/** Make a voter a learner that stays one. */
@Command(name = "demote", description = "Make a voter a learner that stays one.",
    footer = {"", "Example:", "  quorate cluster demote n3"})
final class ClusterDemoteCommand extends MembershipAction {

    @Override
    MembershipChange change(NodeId about) {
        return new MembershipChange.Demote(about);
    }
}
