package io.quorate.registry.node;

import io.quorate.api.NodeId;
import io.quorate.registry.directory.RegistrySnapshot;
import io.quorate.registry.session.NodePresence;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.transport.Endpoint;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Everywhere a member may be met: where this node's own configuration says, where the replicated configuration says,
 * where it says itself, and where the registry remembers it.
 *
 * <p>Scenario: a cluster rolls from TCP to QUIC. Its replicated configuration is that of the first start and names TCP.
 * A node that comes back with a QUIC listener advertises it, and is found there; once the last TCP listener is gone,
 * and every node is started again at the same time, only the nodes' own files still say where to begin.
 *
 * <p>A wrong place costs one attempt: the handshake checks who answers there.
 */
final class KnownEndpoints {

    /** How many endpoints of one member are tried. */
    static final int MAX_ENDPOINTS = 16;

    private KnownEndpoints() {
    }

    /** In this order, each once; empty if no configuration says that {@code member} can be dialed at all. */
    static List<Endpoint> of(NodeId member, Membership own, Membership replicated, Optional<NodePresence> seen,
            RegistrySnapshot registry) {
        Set<Endpoint> all = new LinkedHashSet<>(own.endpoints().getOrDefault(member, List.of()));
        all.addAll(replicated.endpoints().getOrDefault(member, List.of()));
        if (all.isEmpty()) {
            return List.of();
        }
        seen.ifPresent(present -> all.addAll(present.hello().endpoints()));
        registry.get(member).ifPresent(record -> all.addAll(parsed(record.peer().endpoints())));
        return all.stream().limit(MAX_ENDPOINTS).toList();
    }

    private static List<Endpoint> parsed(List<String> texts) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String text : texts) {
            try {
                endpoints.add(Endpoint.parse(text));
            } catch (IllegalArgumentException ignored) {
                // Written by a later build, which knows forms that this one does not: not a place for this node.
            }
        }
        return endpoints;
    }
}
