package io.quorate.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the cluster has agreed about one member: a replicated record. What is not known yet is empty, and says nothing
 * about the status: a member is {@link PeerStatus#ONLINE} although its certificate may be missing.
 *
 * @param id the member
 * @param incarnation the number the member's process chose at its start; 0 while none was seen
 * @param status see {@link PeerStatus}
 * @param reason why the status is what it is, in words for an operator
 * @param identity the SPIFFE URI that its certificate proved
 * @param certificateFingerprint SHA-256 of its leaf certificate, lower-case hexadecimal
 * @param endpoints where it can be reached, as {@code scheme://host:port}
 * @param version the build it runs; empty while unknown
 * @param since when the status last changed, by the clock of the leader that wrote it
 * @param observer the leader that wrote the record
 * @param observerTerm the term in which it was written
 */
public record Peer(
    NodeId id,
    long incarnation,
    PeerStatus status,
    String reason,
    Optional<String> identity,
    Optional<String> certificateFingerprint,
    List<String> endpoints,
    String version,
    Instant since,
    Optional<NodeId> observer,
    Term observerTerm) {

    public Peer {
        endpoints = List.copyOf(endpoints);
    }
}
