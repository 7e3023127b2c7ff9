package io.quorate.api;

/**
 * What a caller is to this cluster: from its verified identity and the membership, never from what it says of itself.
 * Authorisation is by standing alone.
 */
public enum Standing {
    /** A node of the cluster's current configuration. */
    MEMBER,
    /** A node with an identity of this trust domain that is not in the configuration. */
    JOINING,
    /** An application: {@code spiffe://<trust-domain>/client/<name>}. */
    CLIENT,
    /** An administrator: {@code spiffe://<trust-domain>/operator/<name>}. */
    OPERATOR
}
