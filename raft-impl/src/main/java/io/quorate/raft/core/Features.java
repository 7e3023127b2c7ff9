package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which features the builds of this node and of the others have, and what follows from it for the configuration.
 *
 * <p>What is on is a part of the configuration, and configurations follow one another one by one: so no node can become
 * a member between the leader's look at who has a feature and the entry that switches it on. Whatever uses a feature is
 * appended behind that entry; so whoever has the one in its log has the other, and a node that lacks the feature stops
 * before it comes upon what it cannot read.
 */
public final class Features {

    /** Of more nodes than members and those that may become some nothing is kept. */
    private static final int MOST_NODES = 4 * Membership.MAX_MEMBERS;

    private final SortedSet<String> own;
    private final TreeMap<NodeId, SortedSet<String>> others = new TreeMap<>();

    /** @param own the features of this node's build */
    Features(SortedSet<String> own) {
        this.own = new TreeSet<>(own);
    }

    /** The build of {@code node} has these, and no others. */
    void told(NodeId node, SortedSet<String> features, Membership current) {
        if (others.size() >= MOST_NODES) {
            others.keySet().removeIf(other -> !current.contains(other));
        }
        others.put(node, new TreeSet<>(features));
    }

    /**
     * The configuration that switches on what is not on and every member has: voters, outgoing ones, and learners too,
     * since they get the same log. A member that was not met since this node started counts as one that lacks all.
     *
     * @param leaving nodes that are still told of their removal, and hear it: they get the log up to there, and might
     *     get this as well
     */
    Optional<Membership> next(Membership current, Collection<NodeId> leaving, NodeId self) {
        TreeSet<String> common = new TreeSet<>(own);
        common.removeAll(current.features());
        TreeSet<NodeId> readers = new TreeSet<>(current.members());
        readers.addAll(leaving);
        readers.remove(self);
        for (NodeId reader : readers) {
            common.retainAll(others.getOrDefault(reader, new TreeSet<>()));
        }
        return common.isEmpty() ? Optional.empty() : Optional.of(current.withFeatures(common));
    }

    /** Why {@code node} cannot become a member: it is known to lack what is on. Empty if nothing speaks against it. */
    Optional<String> whyNotAdd(NodeId node, Membership current) {
        SortedSet<String> theirs = others.get(node);
        if (theirs == null || theirs.containsAll(current.features())) {
            return Optional.empty();
        }
        return Optional.of("found " + node + " of a build without " + without(current.features(), theirs)
            + ", expected one with all features that are on, " + current.features() + "; upgrade it first");
    }

    /**
     * @throws BrokenInvariantException if this node's build lacks what is on there: it could not read what follows
     */
    void check(Membership membership, String where) {
        lacking(membership, own, where).ifPresent(problem -> {
            throw new BrokenInvariantException(problem);
        });
    }

    /**
     * What is to be said of a configuration in which features are on that a build with {@code known} lacks.
     *
     * @param where what it was found in
     */
    public static Optional<String> lacking(Membership membership, SortedSet<String> known, String where) {
        return known.containsAll(membership.features()) ? Optional.empty()
            : Optional.of("found the features " + without(membership.features(), known) + " switched on in " + where
                + ", expected none but " + known + ", those of this build; the cluster has been upgraded: start this "
                + "node with the build of the others. Its data stays as it is");
    }

    private static List<String> without(SortedSet<String> all, SortedSet<String> some) {
        List<String> rest = new ArrayList<>(all);
        rest.removeAll(some);
        return rest;
    }
}
