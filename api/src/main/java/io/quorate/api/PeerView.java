package io.quorate.api;

import java.util.List;

/**
 * The peers as one node knows them.
 *
 * @param number the registry's last change; pass it to {@link ControlPlane#peerChanges} to follow on from here
 * @param peers the replicated registry, in order of node id
 * @param presence who sees whom, as far as reported to the asked node, in order of observer
 * @param sessions the asked node's own live sessions with its peers, in order of peer and transport; empty also if the
 *     asked node is of a build that does not tell
 */
public record PeerView(long number, List<Peer> peers, List<PresenceRow> presence, List<SessionSummary> sessions) {

    public PeerView {
        peers = List.copyOf(peers);
        presence = List.copyOf(presence);
        sessions = List.copyOf(sessions);
    }

    /** Without sessions. */
    public PeerView(long number, List<Peer> peers, List<PresenceRow> presence) {
        this(number, peers, presence, List.of());
    }
}
