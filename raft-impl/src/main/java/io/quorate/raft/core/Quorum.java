package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/**
 * What a majority of the voters has. While the configuration is joint, a majority of the new voters <em>and</em> a
 * majority of the outgoing ones must have it (thesis §4.3): with either alone, two majorities that do not meet could
 * decide differently. Learners and strangers never count.
 */
final class Quorum {

    private Quorum() {
    }

    /** All whose voice counts in one of the majorities. */
    static SortedSet<NodeId> everyVoter(Membership membership) {
        TreeSet<NodeId> all = new TreeSet<>(membership.voters());
        all.addAll(membership.outgoing());
        return all;
    }

    /** Whether {@code nodes} decides. */
    static boolean has(Membership membership, Set<NodeId> nodes) {
        return hasMajority(membership.voters(), nodes)
            && (!membership.isJoint() || hasMajority(membership.outgoing(), nodes));
    }

    /** Whether the others can decide without {@code nodes}. */
    static boolean possibleWithout(Membership membership, Set<NodeId> nodes) {
        return remains(membership.voters(), nodes)
            && (!membership.isJoint() || remains(membership.outgoing(), nodes));
    }

    /** The largest value that is reached by those who decide. */
    static long reached(Membership membership, ToLongFunction<NodeId> value) {
        long reached = reached(membership.voters(), value);
        return membership.isJoint() ? Math.min(reached, reached(membership.outgoing(), value)) : reached;
    }

    static int majority(Collection<NodeId> voters) {
        return voters.size() / 2 + 1;
    }

    private static boolean hasMajority(Collection<NodeId> voters, Set<NodeId> nodes) {
        return count(voters, nodes) >= majority(voters);
    }

    private static boolean remains(Collection<NodeId> voters, Set<NodeId> without) {
        return voters.size() - count(voters, without) >= majority(voters);
    }

    private static long reached(Collection<NodeId> voters, ToLongFunction<NodeId> value) {
        long[] values = new long[voters.size()];
        int i = 0;
        for (NodeId voter : voters) {
            values[i++] = value.applyAsLong(voter);
        }
        Arrays.sort(values);
        return values.length == 0 ? Long.MIN_VALUE : values[values.length - majority(voters)];
    }

    private static int count(Collection<NodeId> voters, Set<NodeId> nodes) {
        int count = 0;
        for (NodeId voter : voters) {
            if (nodes.contains(voter)) {
                count++;
            }
        }
        return count;
    }
}
