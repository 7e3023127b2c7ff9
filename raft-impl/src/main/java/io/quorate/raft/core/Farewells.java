package io.quorate.raft.core;

import io.quorate.api.NodeId;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Nodes that a leader has removed and still tells so: until they know that their removal is committed, or for
 * {@link RaftLimits#FAREWELL_NANOS}. Otherwise a removed node would never learn of it, wait for a leader that has
 * forgotten it, and disturb the others with its elections.
 */
final class Farewells {

    private record Farewell(long index, long deadlineNanos) {
    }

    private final TreeMap<NodeId, Farewell> leaving = new TreeMap<>();

    /** The configuration at {@code index} is without {@code node}. */
    void add(NodeId node, long index, long now) {
        leaving.putIfAbsent(node, new Farewell(index, now + RaftLimits.FAREWELL_NANOS));
    }

    /** It is a member again. @return whether it was leaving */
    boolean cancel(NodeId node) {
        return leaving.remove(node) != null;
    }

    /** Whether it leaves and has its removal in its log: nothing behind that is its business. */
    boolean hasAll(Progress follower) {
        Farewell farewell = leaving.get(follower.id());
        return farewell != null && follower.match() >= farewell.index();
    }

    Set<NodeId> nodes() {
        return Collections.unmodifiableSet(leaving.keySet());
    }

    /** Forgets those who know, or who could not be told in time. */
    void end(Map<NodeId, Progress> followers, long now) {
        for (Iterator<Map.Entry<NodeId, Farewell>> all = leaving.entrySet().iterator(); all.hasNext();) {
            Map.Entry<NodeId, Farewell> entry = all.next();
            Farewell farewell = entry.getValue();
            if (followers.get(entry.getKey()).commitTold() >= farewell.index() || now >= farewell.deadlineNanos()) {
                followers.remove(entry.getKey());
                all.remove();
            }
        }
    }
}
