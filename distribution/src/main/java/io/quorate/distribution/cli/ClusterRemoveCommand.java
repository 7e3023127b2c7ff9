package io.quorate.distribution.cli;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.MembershipChange;
import picocli.CommandLine.Command;

/** Take a member out. */
@Command(name = "remove", description = "Take a member out; it may be the leader.",
    footer = {"", "The node is told, and refused from then on. Stop it afterwards.", "", "Example:",
        "  quorate cluster remove n3"})
final class ClusterRemoveCommand extends MembershipAction {

    @Override
    MembershipChange change(NodeId about) {
        return new MembershipChange.Remove(about);
    }
}
