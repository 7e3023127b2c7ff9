package io.quorate.registry.session;

import io.quorate.api.NodeId;
import io.quorate.spi.identity.PeerIdentity;
import java.util.Optional;

/**
 * What this node sees of another node right now.
 *
 * @param node the other node
 * @param identity the identity that its certificate proved
 * @param incarnation the one whose sessions live, or lived last. It may become smaller: after the node's clock was set
 *     back
 * @param sessions how many sessions live
 * @param confirmed whether at least one of them has been confirmed by a round trip
 * @param sinceWallMillis when the first of these sessions was admitted, or the last one ended
 * @param lastReason why the last session that ended did; empty if none has ended
 * @param lastHeardMillisAgo how long ago a byte of it was noticed, at a granularity of the liveness tick
 * @param hello what it said of itself in its latest hello
 * @param certificateFingerprint SHA-256 of its leaf certificate, lower-case hexadecimal. May be missing, and says
 *     nothing about whether the node is there.
 */
public record NodePresence(
    NodeId node,
    PeerIdentity identity,
    long incarnation,
    int sessions,
    boolean confirmed,
    long sinceWallMillis,
    String lastReason,
    long lastHeardMillisAgo,
    Hello hello,
    Optional<String> certificateFingerprint) {

    /** Whether any session lives. */
    public boolean present() {
        return sessions > 0;
    }
}
