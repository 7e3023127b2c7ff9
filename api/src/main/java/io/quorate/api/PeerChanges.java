package io.quorate.api;

import java.util.List;

/**
 * What has changed among the peers since a number: every change in order, or, where the history no longer reaches back
 * that far, the whole present state.
 *
 * @param upTo ask again with this number for what comes next
 * @param snapshot whether {@code peers} is to replace everything known, because changes before it are missing
 * @param peers the whole present state, if {@code snapshot}; otherwise empty
 * @param events the changes in order; empty if {@code snapshot} or if nothing happened in time
 */
public record PeerChanges(long upTo, boolean snapshot, List<Peer> peers, List<PeerEvent> events) {

    public PeerChanges {
        peers = List.copyOf(peers);
        events = List.copyOf(events);
    }
}
