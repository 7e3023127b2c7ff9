package io.quorate.registry.session;

import io.quorate.api.NodeId;
import io.quorate.api.Standing;
import io.quorate.spi.identity.PeerIdentity;
import java.util.Optional;

/**
 * Who calls.
 *
 * @param identity the identity that the caller's certificate proves
 * @param standing what {@link AdmissionPolicy#standing} said at the time of the call
 * @param session the session on which the call came
 */
public record Caller(PeerIdentity identity, Standing standing, PeerSession session) {

    /** The node that calls; empty if a client or an operator does. */
    public Optional<NodeId> node() {
        return session.node();
    }
}
