package io.quorate.api;

import java.util.List;

/**
 * One row of the presence matrix: whom one member sees right now.
 *
 * @param observer the member that sees
 * @param ageMillis how old this report is at the node that gave it out; 0 for its own row
 * @param sees the members to which it holds at least one confirmed session
 */
public record PresenceRow(NodeId observer, long ageMillis, List<NodeId> sees) {

    public PresenceRow {
        sees = List.copyOf(sees);
    }
}
