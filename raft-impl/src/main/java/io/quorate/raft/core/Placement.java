package io.quorate.raft.core;

import io.quorate.api.NodeId;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Who should lead. A leader hands over to a voter of a strictly higher priority, and only after that one has been there
 * and up to date for {@link RaftLimits#PLACEMENT_STABLE_NANOS}: so the leadership never moves between equals, and a
 * node that comes and goes does not draw it along. After a try it waits {@link RaftLimits#PLACEMENT_RETRY_NANOS}, with
 * each further try at the same node twice as long.
 *
 * <p>It outlives leaderships. A node that this leader reaches but most others do not takes the lead, cannot keep it,
 * and leaves it to whoever is elected next: if each new leader had no memory and no pause, there would be an election
 * every few seconds for as long as that partition lasts. So each leadership begins with the pause; only the first one
 * in a cluster that starts does without, which is known by nobody else having led since this node started.
 */
final class Placement {

    private static final Comparator<Progress> BY_PREPARATION = Comparator.comparingInt(Progress::priority)
        .thenComparingLong(Progress::match).thenComparing(Progress::id, Comparator.reverseOrder());

    private static final int MOST_DOUBLINGS = 4;

    /** How often it was tried to make a node lead, and when last. */
    private record Tried(int times, long atNanos) {

        long pauseNanos() {
            return RaftLimits.PLACEMENT_RETRY_NANOS << Math.min(times - 1, MOST_DOUBLINGS);
        }
    }

    private final RaftCore core;
    private final Map<NodeId, Tried> tried = new TreeMap<>();
    private boolean somebodyLed;
    private NodeId candidate;
    private long candidateSinceNanos;
    private long notBeforeNanos;

    Placement(RaftCore core) {
        this.core = core;
    }

    void otherLeads() {
        somebodyLed = true;
    }

    void leadershipBegan(long now) {
        candidate = null;
        notBeforeNanos = somebodyLed ? now + RaftLimits.PLACEMENT_RETRY_NANOS : now;
        somebodyLed = true;
        // Whoever has kept the lead for longer than it would be spared anyway has not failed.
        tried.values().removeIf(last -> now - last.atNanos > 2 * last.pauseNanos());
    }

    /** Whom to hand over to now, if anybody; asked at every heartbeat. */
    Optional<NodeId> consider(Leader leader, long now) {
        int own = core.settings().leadership().priority();
        Optional<NodeId> better = leader.isHandingOver() ? Optional.empty()
            : best(leader, own, RaftLimits.PLACEMENT_LAG_ENTRIES, node -> !isSpared(node, now), now);
        if (better.isEmpty() || !better.get().equals(candidate)) {
            candidate = better.orElse(null);
            candidateSinceNanos = now;
            return Optional.empty();
        }
        if (now - candidateSinceNanos < RaftLimits.PLACEMENT_STABLE_NANOS || now < notBeforeNanos) {
            return Optional.empty();
        }
        notBeforeNanos = now + RaftLimits.PLACEMENT_RETRY_NANOS;
        tried.compute(candidate, (node, last) -> new Tried(last == null ? 1 : last.times + 1, now));
        return better;
    }

    private boolean isSpared(NodeId node, long now) {
        Tried last = tried.get(node);
        return last != null && now - last.atNanos < last.pauseNanos();
    }

    /** The voter that is best prepared to lead: of the highest priority among those that are nearly up to date. */
    Optional<NodeId> best(Leader leader, long now) {
        Optional<NodeId> near = best(leader, -1, RaftLimits.PLACEMENT_LAG_ENTRIES, node -> true, now);
        return near.isPresent() ? near : best(leader, -1, Long.MAX_VALUE, node -> true, now);
    }

    private Optional<NodeId> best(Leader leader, int abovePriority, long mostBehind, Predicate<NodeId> may, long now) {
        return leader.followers().stream()
            .filter(follower -> core.membership().voters().contains(follower.id()) && may.test(follower.id())
                && leader.counts(follower)
                && leader.heardLately(follower, now) && !follower.storageFull()
                && follower.priority() > abovePriority && core.log().lastIndex() - follower.match() <= mostBehind)
            .max(BY_PREPARATION)
            .map(Progress::id);
    }
}
