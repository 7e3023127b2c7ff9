package io.quorate.registry.session;

import io.quorate.api.NodeId;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.Optional;

/**
 * A node to which connections are to be kept.
 *
 * @param node the node that must be met there; empty if any node of the cluster will do (a client's first contact)
 * @param endpoints where to try, in order of preference; those of a scheme without transport are skipped
 */
public record DialTarget(Optional<NodeId> node, List<Endpoint> endpoints) {

    public DialTarget {
        endpoints = List.copyOf(endpoints);
        if (node.isEmpty() && endpoints.size() != 1) {
            throw new IllegalArgumentException("found " + endpoints.size() + " endpoints of a target without a node, "
                + "expected 1: two endpoints may be two nodes");
        }
    }

    /** A known node. */
    public static DialTarget node(NodeId node, List<Endpoint> endpoints) {
        return new DialTarget(Optional.of(node), endpoints);
    }

    /** Whatever node answers there. */
    public static DialTarget anyNodeAt(Endpoint endpoint) {
        return new DialTarget(Optional.empty(), List.of(endpoint));
    }

    /** What makes two targets the same: the node if it is known, otherwise the endpoint. */
    String key() {
        return node.isPresent() ? "node " + node.get() : "endpoint " + endpoints.get(0);
    }
}
