package io.quorate.spi.consensus;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.spi.transport.Endpoint;
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
 * @param voters the nodes whose majority decides
 * @param learners nodes that receive the log and do not vote
 * @param endpoints where each voter and learner can be reached, in order of preference
 */
public record Membership(
    SortedSet<NodeId> voters, SortedSet<NodeId> learners, SortedMap<NodeId, List<Endpoint>> endpoints) {

    /** The most members, voters and learners together. */
    public static final int MAX_MEMBERS = 64;

    /** The most endpoints of one member. */
    public static final int MAX_ENDPOINTS = 8;

    /** @throws IllegalArgumentException if a node is both voter and learner, or there are too many */
    public Membership {
        voters = Collections.unmodifiableSortedSet(new TreeSet<>(voters));
        learners = Collections.unmodifiableSortedSet(new TreeSet<>(learners));
        TreeMap<NodeId, List<Endpoint>> copy = new TreeMap<>();
        endpoints.forEach((id, list) -> copy.put(id, List.copyOf(list)));
        endpoints = Collections.unmodifiableSortedMap(copy);
        if (!Collections.disjoint(voters, learners)) {
            throw new IllegalArgumentException("found voters " + voters + " and learners " + learners
                + ", expected no node in both");
        }
        if (voters.size() + learners.size() > MAX_MEMBERS) {
            throw new IllegalArgumentException("found " + (voters.size() + learners.size())
                + " members, expected at most "
                + MAX_MEMBERS);
        }
    }

    /** A configuration of voters alone. */
    public static Membership ofVoters(Map<NodeId, List<Endpoint>> endpoints) {
        return new Membership(new TreeSet<>(endpoints.keySet()), new TreeSet<>(), new TreeMap<>(endpoints));
    }

    /** Voters and learners. */
    public SortedSet<NodeId> members() {
        TreeSet<NodeId> all = new TreeSet<>(voters);
        all.addAll(learners);
        return all;
    }

    public boolean contains(NodeId node) {
        return voters.contains(node) || learners.contains(node);
    }

    /** The smallest number of voters that is a majority. */
    public int quorum() {
        return voters.size() / 2 + 1;
    }

    public Bytes encode() {
        BytesWriter out = new BytesWriter(256);
        out.i32(voters.size() + learners.size());
        for (NodeId id : members()) {
            List<Endpoint> places = Optional.ofNullable(endpoints.get(id)).orElse(List.of());
            out.string(id.value()).bool(voters.contains(id)).i32(places.size());
            places.forEach(place -> out.string(place.toString()));
        }
        return out.toBytes();
    }

    public static Membership decode(Bytes encoded) throws MalformedBytesException {
        BytesReader in = new BytesReader(encoded);
        TreeSet<NodeId> voters = new TreeSet<>();
        TreeSet<NodeId> learners = new TreeSet<>();
        TreeMap<NodeId, List<Endpoint>> endpoints = new TreeMap<>();
        int count = in.count(MAX_MEMBERS, 9);
        try {
            for (int i = 0; i < count; i++) {
                NodeId id = new NodeId(in.string(63));
                (in.bool() ? voters : learners).add(id);
                List<Endpoint> places = new ArrayList<>();
                int most = in.count(MAX_ENDPOINTS, 4);
                for (int j = 0; j < most; j++) {
                    places.add(Endpoint.parse(in.string(Endpoint.MAX_LENGTH)));
                }
                endpoints.put(id, places);
            }
            in.end();
            return new Membership(voters, learners, endpoints);
        } catch (IllegalArgumentException e) {
            throw new MalformedBytesException("membership: " + e.getMessage());
        }
    }
}
