package io.quorate.spi.consensus;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.spi.transport.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A configuration of the cluster: who votes, who learns, and where each can be reached. Iterates in order of node id.
 *
 * <p>While the voters change, a configuration is <em>joint</em> (thesis §4.3): it has the new voters and the outgoing
 * ones, and whatever is decided needs a majority of each.
 *
 * @param epoch 1 for a cluster from its first start on; one more after each recovery from the permanent loss of its
 *     quorum, so that members who were given up cannot come back unnoticed
 * @param voters the nodes whose majority decides
 * @param outgoing the voters before the change under way, whose majority must agree too; empty unless joint. A node
 *     may be in both, or an outgoing voter and a learner from then on
 * @param learners nodes that receive the log and do not vote
 * @param joining those learners that become voters by themselves once they have caught up
 * @param endpoints where each member can be reached, in order of preference
 * @param stores the number of the data directory with which a voter takes part, where it is known. A node that comes
 *     back with another one has lost what it promised, and must not vote
 * @param features what has been switched on, see {@link Feature}; may name what this build does not know
 */
public record Membership(
    long epoch,
    SortedSet<NodeId> voters,
    SortedSet<NodeId> outgoing,
    SortedSet<NodeId> learners,
    SortedSet<NodeId> joining,
    SortedMap<NodeId, List<Endpoint>> endpoints,
    SortedMap<NodeId, Long> stores,
    SortedSet<String> features) {

    /** The epoch of a cluster that never had to be recovered. */
    public static final long FIRST_EPOCH = 1;

    /** The most members, voters and learners together. */
    public static final int MAX_MEMBERS = 64;

    /** The most endpoints of one member. */
    public static final int MAX_ENDPOINTS = 8;

    /** The most features. */
    public static final int MAX_FEATURES = 24;

    /** The longest label of a feature, in bytes. */
    public static final int MAX_FEATURE_BYTES = 40;

    private static final int VOTER = 1;
    private static final int OUTGOING = 2;
    private static final int JOINING = 4;
    private static final int KNOWN_STORE = 8;
    private static final int LEARNER = 16;
    private static final int ALL_FLAGS = 31;

    /**
     * @throws IllegalArgumentException if a node is both voter and learner, one joins that is no learner, a store is
     *     of no member, the epoch is below {@link #FIRST_EPOCH}, or there are too many members or
     *     features
     */
    public Membership {
        voters = Collections.unmodifiableSortedSet(new TreeSet<>(voters));
        outgoing = Collections.unmodifiableSortedSet(new TreeSet<>(outgoing));
        learners = Collections.unmodifiableSortedSet(new TreeSet<>(learners));
        joining = Collections.unmodifiableSortedSet(new TreeSet<>(joining));
        stores = Collections.unmodifiableSortedMap(new TreeMap<>(stores));
        features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
        TreeMap<NodeId, List<Endpoint>> copy = new TreeMap<>();
        endpoints.forEach((id, list) -> copy.put(id, List.copyOf(list)));
        endpoints = Collections.unmodifiableSortedMap(copy);
        if (!Collections.disjoint(voters, learners)) {
            throw new IllegalArgumentException("found voters " + voters + " and learners " + learners
                + ", expected no node in both");
        }
        if (!learners.containsAll(joining)) {
            throw new IllegalArgumentException("found joining " + joining + ", expected only learners " + learners);
        }
        if (epoch < FIRST_EPOCH) {
            throw new IllegalArgumentException("found epoch " + epoch + ", expected " + FIRST_EPOCH + " or more");
        }
        TreeSet<NodeId> all = union(voters, outgoing, learners);
        if (all.size() > MAX_MEMBERS) {
            throw new IllegalArgumentException("found " + all.size() + " members, expected at most " + MAX_MEMBERS);
        }
        if (!all.containsAll(stores.keySet())) {
            throw new IllegalArgumentException("found stores of " + stores.keySet() + ", expected members " + all);
        }
        if (features.size() > MAX_FEATURES || features.stream().anyMatch(label -> label.isEmpty()
                || label.getBytes(StandardCharsets.UTF_8).length > MAX_FEATURE_BYTES)) {
            throw new IllegalArgumentException("found features " + features + ", expected at most " + MAX_FEATURES
                + " of 1 to " + MAX_FEATURE_BYTES + " bytes");
        }
    }

    /** A configuration in which no feature is on. */
    public Membership(long epoch, SortedSet<NodeId> voters, SortedSet<NodeId> outgoing, SortedSet<NodeId> learners,
        SortedSet<NodeId> joining, SortedMap<NodeId, List<Endpoint>> endpoints, SortedMap<NodeId, Long> stores) {
        this(epoch, voters, outgoing, learners, joining, endpoints, stores, new TreeSet<>());
    }

    /** A configuration of the first epoch that is not joint, with learners that stay learners. */
    public Membership(SortedSet<NodeId> voters, SortedSet<NodeId> learners,
        SortedMap<NodeId, List<Endpoint>> endpoints) {
        this(FIRST_EPOCH, voters, new TreeSet<>(), learners, new TreeSet<>(), endpoints, new TreeMap<>());
    }

    /** A configuration of voters alone. */
    public static Membership ofVoters(Map<NodeId, List<Endpoint>> endpoints) {
        return new Membership(new TreeSet<>(endpoints.keySet()), new TreeSet<>(), new TreeMap<>(endpoints));
    }

    /**
     * What a node begins with that joins a cluster that runs: it counts nobody, itself included, so it can neither vote
     * nor campaign, and waits for a leader that has added it.
     *
     * @param places where some of the cluster's members may be met
     */
    public static Membership ofNobody(Map<NodeId, List<Endpoint>> places) {
        return new Membership(new TreeSet<>(), new TreeSet<>(), new TreeMap<>(places));
    }

    /** Voters, outgoing voters and learners. */
    public SortedSet<NodeId> members() {
        return union(voters, outgoing, learners);
    }

    public boolean contains(NodeId node) {
        return votes(node) || learners.contains(node);
    }

    /** Whether the voters are changing, so that two majorities must agree. */
    public boolean isJoint() {
        return !outgoing.isEmpty();
    }

    /** Whether {@code node}'s vote counts in a majority, the new one or the outgoing one. */
    public boolean votes(NodeId node) {
        return voters.contains(node) || outgoing.contains(node);
    }

    /** The smallest number of (new) voters that is a majority. */
    public int quorum() {
        return voters.size() / 2 + 1;
    }

    /** The same members, with these features on beside those that are. */
    public Membership withFeatures(SortedSet<String> more) {
        TreeSet<String> all = new TreeSet<>(features);
        all.addAll(more);
        return new Membership(epoch, voters, outgoing, learners, joining, endpoints, stores, all);
    }

    /** Without features it is what builds wrote that had none. */
    public Bytes encode() {
        BytesWriter out = new BytesWriter(256);
        SortedSet<NodeId> members = members();
        out.i32(members.size());
        for (NodeId id : members) {
            List<Endpoint> places = Optional.ofNullable(endpoints.get(id)).orElse(List.of());
            out.string(id.value()).u8(flags(id)).i32(places.size());
            places.forEach(place -> out.string(place.toString()));
            if (stores.containsKey(id)) {
                out.i64(stores.get(id));
            }
        }
        out.i64(epoch);
        if (!features.isEmpty()) {
            out.i32(features.size());
            features.forEach(out::string);
        }
        return out.toBytes();
    }

    private int flags(NodeId id) {
        return (voters.contains(id) ? VOTER : 0) | (outgoing.contains(id) ? OUTGOING : 0)
            | (learners.contains(id) ? LEARNER : 0) | (joining.contains(id) ? JOINING : 0)
            | (stores.containsKey(id) ? KNOWN_STORE : 0);
    }

    public static Membership decode(Bytes encoded) throws MalformedBytesException {
        BytesReader in = new BytesReader(encoded);
        TreeSet<NodeId> voters = new TreeSet<>();
        TreeSet<NodeId> outgoing = new TreeSet<>();
        TreeSet<NodeId> learners = new TreeSet<>();
        TreeSet<NodeId> joining = new TreeSet<>();
        TreeMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        TreeMap<NodeId, Long> stores = new TreeMap<>();
        int count = in.count(MAX_MEMBERS, 9);
        try {
            for (int i = 0; i < count; i++) {
                NodeId id = new NodeId(in.string(63));
                int flags = in.u8();
                if ((flags & ~ALL_FLAGS) != 0) {
                    throw new MalformedBytesException("membership: found flags " + flags + " of " + id
                        + ", expected at most " + ALL_FLAGS);
                }
                if ((flags & OUTGOING) != 0) {
                    outgoing.add(id);
                }
                if ((flags & VOTER) != 0) {
                    voters.add(id);
                }
                if ((flags & LEARNER) != 0) {
                    learners.add(id);
                }
                if ((flags & JOINING) != 0) {
                    joining.add(id);
                }
                List<Endpoint> places = new ArrayList<>();
                int most = in.count(MAX_ENDPOINTS, 4);
                for (int j = 0; j < most; j++) {
                    places.add(Endpoint.parse(in.string(Endpoint.MAX_LENGTH)));
                }
                endpoints.put(id, places);
                if ((flags & KNOWN_STORE) != 0) {
                    stores.put(id, in.i64());
                }
            }
            long epoch = in.i64();
            TreeSet<String> features = features(in);
            in.end();
            return new Membership(epoch, voters, outgoing, learners, joining, endpoints, stores, features);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException("membership: " + e.getMessage());
        }
    }

    private static TreeSet<String> features(BytesReader in) throws MalformedBytesException {
        TreeSet<String> features = new TreeSet<>();
        if (in.remaining() == 0) {
            return features;
        }
        int count = in.count(MAX_FEATURES, Integer.BYTES + 1);
        for (int i = 0; i < count; i++) {
            String label = in.string(MAX_FEATURE_BYTES);
            if (!features.add(label)) {
                throw new MalformedBytesException("membership: found the feature " + label + " twice, expected it "
                    + "once");
            }
        }
        if (features.isEmpty()) {
            throw new MalformedBytesException("membership: found a list of 0 features, expected none at all");
        }
        return features;
    }

    @SafeVarargs
    private static TreeSet<NodeId> union(SortedSet<NodeId>... sets) {
        TreeSet<NodeId> all = new TreeSet<>();
        for (SortedSet<NodeId> set : sets) {
            all.addAll(set);
        }
        return all;
    }
}
