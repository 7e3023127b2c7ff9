package io.quorate.registry.session;

import io.quorate.api.Standing;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.transport.RefusalReason;
import java.util.Optional;

/** What the owner of the sessions decides about identities. Asked on the loop, each time anew; does not block. */
public interface AdmissionPolicy {

    /**
     * Whether a connection of this identity may become a session. Whatever the handshake itself can check (versions,
     * cluster, identity, binding, incarnation) has been checked before.
     *
     * @return why not: {@link RefusalReason#REMOVED_NODE}, {@link RefusalReason#NOT_A_MEMBER},
     *     {@link RefusalReason#SHUTTING_DOWN}; or empty if it may
     */
    Optional<RefusalReason> refusal(PeerIdentity identity);

    /** What the identity is to this cluster now: from the verified identity and the membership, nothing else. */
    Standing standing(PeerIdentity identity);

    /** For a client: it talks to nodes alone, whatever their place in the cluster. */
    static AdmissionPolicy forClient() {
        return new AdmissionPolicy() {
            @Override
            public Optional<RefusalReason> refusal(PeerIdentity identity) {
                return identity.kind() == PeerIdentity.Kind.NODE
                    ? Optional.empty() : Optional.of(RefusalReason.NOT_A_MEMBER);
            }

            @Override
            public Standing standing(PeerIdentity identity) {
                return switch (identity.kind()) {
                    case NODE -> Standing.JOINING;
                    case CLIENT -> Standing.CLIENT;
                    case OPERATOR -> Standing.OPERATOR;
                };
            }
        };
    }
}
