package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import java.util.Arrays;
import java.util.Set;
import java.util.function.ToLongFunction;

/** What a majority of the voters has. Learners and strangers never count. */
final class Quorum {

    private Quorum() {
    }

    /** Whether {@code nodes} holds a majority of the voters. */
    static boolean has(Membership membership, Set<NodeId> nodes) {
        return count(membership, nodes) >= membership.quorum();
    }

    /** Whether a majority of the voters remains without {@code nodes}. */
    static boolean possibleWithout(Membership membership, Set<NodeId> nodes) {
        return membership.voters().size() - count(membership, nodes) >= membership.quorum();
    }

    /** The largest value that a majority of the voters has reached. */
    static long reached(Membership membership, ToLongFunction<NodeId> value) {
        long[] values = new long[membership.voters().size()];
        int i = 0;
        for (NodeId voter : membership.voters()) {
            values[i++] = value.applyAsLong(voter);
        }
        Arrays.sort(values);
        return values.length == 0 ? Long.MIN_VALUE : values[values.length - membership.quorum()];
    }

    private static int count(Membership membership, Set<NodeId> nodes) {
        int count = 0;
        for (NodeId voter : membership.voters()) {
            if (nodes.contains(voter)) {
                count++;
            }
        }
        return count;
    }
}
