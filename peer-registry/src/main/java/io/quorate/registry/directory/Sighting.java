package io.quorate.registry.directory;

import java.util.List;
import java.util.Optional;

/**
 * What one node sees of another right now, in the registry's terms. Whoever dialed plays no part in it.
 *
 * @param present whether at least one session lives
 * @param confirmed whether at least one of them has been confirmed by a round trip
 * @param incarnation the process at the other end, or the last one that was there
 * @param identity the SPIFFE URI that its certificate proved, if known
 * @param fingerprint of its leaf certificate, if known
 * @param endpoints where it says it can be reached; empty if it does not say
 * @param version the build it runs; empty if unknown
 * @param lastReason why the last session ended; empty if none has
 */
public record Sighting(
    boolean present,
    boolean confirmed,
    long incarnation,
    Optional<String> identity,
    Optional<String> fingerprint,
    List<String> endpoints,
    String version,
    String lastReason) {

    public Sighting {
        endpoints = List.copyOf(endpoints);
    }

    /** Of a node to which there never was a session. */
    public static Sighting never() {
        return new Sighting(false, false, 0, Optional.empty(), Optional.empty(), List.of(), "", "");
    }
}
