package io.quorate.spi.consensus;

import io.quorate.api.NodeId;
import io.quorate.spi.transport.Endpoint;
import java.util.List;

/** What an operator may want changed about a cluster's configuration. */
public sealed interface MembershipChange {

    /** Whom it is about. */
    NodeId node();

    /**
     * Adds a node as a learner.
     *
     * @param endpoints where it can be reached; at least one
     * @param promote whether it becomes a voter by itself once it has caught up
     */
    record Add(NodeId node, List<Endpoint> endpoints, boolean promote) implements MembershipChange {

        public Add {
            endpoints = List.copyOf(endpoints);
        }
    }

    /** Takes a voter or learner out; it may be the leader. */
    record Remove(NodeId node) implements MembershipChange {
    }

    /** Makes a learner a voter now. */
    record Promote(NodeId node) implements MembershipChange {
    }

    /** Makes a voter a learner that stays one. */
    record Demote(NodeId node) implements MembershipChange {
    }

    /** Replaces where a member can be reached. */
    record SetEndpoints(NodeId node, List<Endpoint> endpoints) implements MembershipChange {

        public SetEndpoints {
            endpoints = List.copyOf(endpoints);
        }
    }
}
