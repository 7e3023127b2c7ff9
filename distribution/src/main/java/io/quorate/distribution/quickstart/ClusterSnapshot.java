package io.quorate.distribution.quickstart;

import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.api.Peer;
import io.quorate.api.PeerStatus;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What every node said about itself at about the same time, and what the registry says about all.
 *
 * @param nodes each node's own account; empty for a node that did not answer
 * @param views each node's copy of the registry; a node that did not answer is missing
 */
public record ClusterSnapshot(
    SortedMap<NodeId, Optional<NodeStatus>> nodes, SortedMap<NodeId, List<Peer>> views) {

    /** The leader that most recently took office, by its own account. */
    public Optional<NodeStatus> leader() {
        return nodes.values().stream().flatMap(Optional::stream).filter(status -> status.role().equals("leader"))
            .max((a, b) -> a.term().compareTo(b.term()));
    }

    /** The registry's status of a node, as the leader has it, or else any node that answered. */
    public Optional<PeerStatus> status(NodeId id) {
        Optional<List<Peer>> view = leader().map(leader -> views.get(leader.node()));
        if (view.isEmpty() && !views.isEmpty()) {
            view = Optional.of(views.get(views.firstKey()));
        }
        return view.flatMap(peers -> statusIn(peers, id));
    }

    /** Whether {@code observer} answered and its copy of the registry says {@code status} of {@code id}. */
    public boolean says(NodeId observer, NodeId id, PeerStatus status) {
        return Optional.ofNullable(views.get(observer)).flatMap(peers -> statusIn(peers, id))
            .filter(status::equals).isPresent();
    }

    /** Whether every node answers, sees every other one, and has every one down as online. */
    public boolean allOnlineEverywhere() {
        for (NodeId observer : nodes.keySet()) {
            Optional<NodeStatus> status = nodes.get(observer);
            if (status.isEmpty()) {
                return false;
            }
            for (NodeId id : nodes.keySet()) {
                boolean sees = id.equals(observer) || status.get().reachable().contains(id);
                if (!sees || !says(observer, id, PeerStatus.ONLINE)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static Optional<PeerStatus> statusIn(List<Peer> peers, NodeId id) {
        return peers.stream().filter(peer -> peer.id().equals(id)).map(Peer::status).findFirst();
    }
}
