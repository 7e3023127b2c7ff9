package io.quorate.raft.core;

import io.quorate.api.NodeId;
import java.util.Comparator;
import java.util.Optional;

/**
 * Who should lead. A leader hands over to a voter of a strictly higher priority, and only after that one has been there
 * and up to date for {@link RaftLimits#PLACEMENT_STABLE_NANOS}: so the leadership never moves between equals, and a
 * node that comes and goes does not draw it along. After a try it waits {@link RaftLimits#PLACEMENT_RETRY_NANOS}.
 */
final class Placement {

    private static final Comparator<Progress> BY_PREPARATION = Comparator.comparingInt(Progress::priority)
        .thenComparingLong(Progress::match).thenComparing(Progress::id, Comparator.reverseOrder());

    private final RaftCore core;
    private NodeId candidate;
    private long candidateSinceNanos;
    private long notBeforeNanos;

    Placement(RaftCore core, long now) {
        this.core = core;
        this.notBeforeNanos = now;
    }

    /** Whom to hand over to now, if anybody; asked at every heartbeat. */
    Optional<NodeId> consider(Leader leader, long now) {
        int own = core.settings().leadership().priority();
        Optional<NodeId> better = leader.isHandingOver() ? Optional.empty()
            : best(leader, own, RaftLimits.PLACEMENT_LAG_ENTRIES, now);
        if (better.isEmpty() || !better.get().equals(candidate)) {
            candidate = better.orElse(null);
            candidateSinceNanos = now;
            return Optional.empty();
        }
        if (now - candidateSinceNanos < RaftLimits.PLACEMENT_STABLE_NANOS || now < notBeforeNanos) {
            return Optional.empty();
        }
        notBeforeNanos = now + RaftLimits.PLACEMENT_RETRY_NANOS;
        return better;
    }

    /** The voter that is best prepared to lead: of the highest priority among those that are nearly up to date. */
    Optional<NodeId> best(Leader leader, long now) {
        Optional<NodeId> near = best(leader, -1, RaftLimits.PLACEMENT_LAG_ENTRIES, now);
        return near.isPresent() ? near : best(leader, -1, Long.MAX_VALUE, now);
    }

    private Optional<NodeId> best(Leader leader, int abovePriority, long mostBehind, long now) {
        return leader.followers().stream()
            .filter(follower -> core.membership().voters().contains(follower.id()) && leader.counts(follower)
                && leader.heardLately(follower, now) && !follower.storageFull()
                && follower.priority() > abovePriority && core.log().lastIndex() - follower.match() <= mostBehind)
            .max(BY_PREPARATION)
            .map(Progress::id);
    }
}
