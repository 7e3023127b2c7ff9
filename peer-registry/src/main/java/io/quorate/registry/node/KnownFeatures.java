package io.quorate.registry.node;

import io.quorate.api.NodeId;
import io.quorate.registry.session.PeerSession;
import io.quorate.spi.consensus.Membership;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Which features the builds of the other nodes have, as they said when they were met last. Handed on to the consensus,
 * where a leader switches on what all have; kept here for those who ask what is not on yet, and why. Loop only.
 */
final class KnownFeatures {

    /** More nodes than that are neither members nor about to become some. */
    private static final int MOST_NODES = 4 * Membership.MAX_MEMBERS;

    private final NodeId self;
    private final SortedSet<String> own;
    private final Supplier<Membership> members;
    private final BiConsumer<NodeId, SortedSet<String>> consensus;
    private final TreeMap<NodeId, SortedSet<String>> others = new TreeMap<>();

    /**
     * @param members the configuration as it is: of others nothing is kept where there are too many
     * @param consensus hears of every node that is met
     */
    KnownFeatures(NodeId self, SortedSet<String> own, Supplier<Membership> members,
            BiConsumer<NodeId, SortedSet<String>> consensus) {
        this.self = self;
        this.members = members;
        this.own = new TreeSet<>(own);
        this.consensus = consensus;
    }

    /** A session with a node: its hello says what it has. */
    void met(PeerSession session) {
        session.node().ifPresent(node -> heard(node, session.hello().features()));
    }

    /** A node was refused, since it lacks what is on: whoever adds it meanwhile is to hear that. */
    void refused(NodeId node) {
        heard(node, new TreeSet<>());
    }

    private void heard(NodeId node, SortedSet<String> features) {
        if (others.size() >= MOST_NODES) {
            SortedSet<NodeId> now = members.get().members();
            others.keySet().removeIf(other -> !now.contains(other));
        }
        others.put(node, features);
        consensus.accept(node, features); // Also what is no news here: it may have been forgotten there.
    }

    /** What this node has and is not on, each with the members that are not known to have it. */
    SortedMap<String, List<NodeId>> waiting(Membership membership) {
        TreeMap<String, List<NodeId>> waiting = new TreeMap<>();
        for (String feature : own) {
            if (!membership.features().contains(feature)) {
                List<NodeId> without = new ArrayList<>(membership.members());
                without.removeIf(node -> node.equals(self)
                    || others.getOrDefault(node, new TreeSet<>()).contains(feature));
                waiting.put(feature, without);
            }
        }
        return waiting;
    }
}
