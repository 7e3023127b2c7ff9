package io.quorate.api;

import java.util.List;

/**
 * The peers as one node knows them.
 *
 * @param number the registry's last change; pass it to {@link ControlPlane#peerChanges} to follow on from here
 * @param peers the replicated registry, in order of node id
 * @param presence who sees whom, as far as reported to the asked node, in order of observer
 */
public record PeerView(long number, List<Peer> peers, List<PresenceRow> presence) {

    public PeerView {
        peers = List.copyOf(peers);
        presence = List.copyOf(presence);
    }
}
