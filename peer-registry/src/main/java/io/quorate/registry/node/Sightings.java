package io.quorate.registry.node;

import io.quorate.api.NodeId;
import io.quorate.registry.directory.Sighting;
import io.quorate.registry.session.LocalDescription;
import io.quorate.registry.session.NodePresence;
import io.quorate.spi.transport.Endpoint;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Puts what the sessions see into the registry's terms. */
final class Sightings {

    private static final String GOODBYE_OF_STOPPING_NODE = "goodbye: shutdown";
    private static final String LOST = "lost";

    private Sightings() {
    }

    static SortedMap<NodeId, Sighting> of(Map<NodeId, NodePresence> presence) {
        SortedMap<NodeId, Sighting> sightings = new TreeMap<>();
        presence.forEach((node, seen) -> sightings.put(node, new Sighting(seen.present(), seen.confirmed(),
            seen.incarnation(), Optional.of(seen.identity().uri()), seen.certificateFingerprint(),
            seen.hello().endpoints().stream().map(Endpoint::toString).toList(), seen.hello().build(),
            reason(seen.lastReason()))));
        return sightings;
    }

    static Sighting self(LocalDescription local, Optional<String> fingerprint) {
        return new Sighting(true, true, local.incarnation(), Optional.of(local.self().uri()), fingerprint,
            local.endpoints().stream().map(Endpoint::toString).toList(), local.build(), "");
    }

    /** A session's end in an operator's words. */
    static String reason(String closeReason) {
        if (closeReason.toLowerCase(Locale.ROOT).startsWith(GOODBYE_OF_STOPPING_NODE)) {
            return "node stopped: shutdown";
        }
        return closeReason.equals(LOST) || closeReason.startsWith(LOST + ":")
            ? "connection " + closeReason : closeReason;
    }
}
