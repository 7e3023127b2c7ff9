package io.quorate.registry.directory;

import io.quorate.api.NodeId;
import io.quorate.api.PeerStatus;
import java.util.List;
import java.util.Optional;

/**
 * One change of one record, as a leader proposes it. What it does not know it leaves out, and what is left out is kept:
 * a change never blanks a field that it has nothing to say about.
 *
 * @param id the member
 * @param revision the record's revision that the proposer had seen, 0 for none. The change applies to that one only, so
 *     that a proposal that comes late or twice does nothing.
 * @param incarnation the process that the change is about
 * @param status the status after it
 * @param reason why
 * @param identity the SPIFFE URI, if known
 * @param fingerprint of the certificate, if known
 * @param endpoints if known, not empty
 * @param version if known, not empty
 */
public record PeerChange(
    NodeId id,
    long revision,
    long incarnation,
    PeerStatus status,
    String reason,
    Optional<String> identity,
    Optional<String> fingerprint,
    List<String> endpoints,
    String version) {

    public PeerChange {
        endpoints = List.copyOf(endpoints);
    }
}
