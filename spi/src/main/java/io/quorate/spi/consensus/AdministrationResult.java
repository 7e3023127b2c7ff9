package io.quorate.spi.consensus;

import io.quorate.api.NodeId;
import java.util.Optional;

/** What became of a change of the membership or of a transfer of the leadership. */
public sealed interface AdministrationResult {

    /**
     * It is done: the final configuration is committed, or another node leads.
     *
     * @param detail for people, what is so now
     */
    record Done(String detail) implements AdministrationResult {
    }

    /**
     * Nothing happened, since it makes no sense or would endanger the cluster.
     *
     * @param reason for people: what was found, what was expected, what to do
     * @param forcible whether it would be done if it were forced
     */
    record Refused(String reason, boolean forcible) implements AdministrationResult {
    }

    /** Nothing happened: this node does not lead. */
    record NotLeader(Optional<NodeId> leader) implements AdministrationResult {
    }

    /** The leadership or the time ended before it was decided: it may or may not come about. */
    record Unknown(String reason) implements AdministrationResult {
    }
}
