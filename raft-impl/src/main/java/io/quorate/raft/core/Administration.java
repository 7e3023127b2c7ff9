package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Changes of the membership and transfers of the leadership: what was asked of this node, and what a leader does of
 * itself. Outlives leaderships, since an answer may come only after one has ended.
 *
 * <p>One change is under way at a time, from when its configuration is appended until the last one that it leads to is
 * committed. The next begins only then, and none before an entry of the leader's own term is committed: otherwise
 * configurations of two leaders could both count that have no majority in common (thesis §4.1 and the author's
 * correction of 2015).
 *
 * <p>Everything is found from the configuration in force, at each step: so a leader that comes upon a joint
 * configuration of another one leaves it just as it would its own, and exactly once, since the one that it appends is
 * in force at once and is not joint.
 */
final class Administration {

    /** How many heartbeats a leader lets pass before it says who is not there. */
    private static final int HEARTBEATS_TO_KNOW = 2;

    private record Change(Object token, MembershipChange change, boolean force, long deadlineNanos) {
    }

    /** @param only the one that was asked for; empty: any other node will do */
    private record Transferred(Object token, Optional<NodeId> only, long deadlineNanos) {
    }

    private final RaftCore core;
    private final ArrayDeque<Change> waiting = new ArrayDeque<>();
    private Change underWay;
    private Transferred transfer;

    Administration(RaftCore core) {
        this.core = core;
    }

    // What is asked

    void change(Input.ChangeRequested request, long now) {
        if (!(core.role() instanceof Leader leader)) {
            core.administered(request.token(), notLeader());
        } else if (waiting.size() >= RaftLimits.MAX_WAITING_CHANGES) {
            core.administered(request.token(), new AdministrationResult.Refused("found " + waiting.size()
                + " changes of the membership waiting, expected fewer than " + RaftLimits.MAX_WAITING_CHANGES
                + "; try again when they are done", false));
        } else {
            waiting.add(new Change(request.token(), request.change(), request.force(), now + request.timeoutNanos()));
            advance(leader, now);
        }
    }

    void transfer(Input.TransferRequested request, long now) {
        if (!(core.role() instanceof Leader leader)) {
            core.administered(request.token(), notLeader());
            return;
        }
        if (request.to().equals(Optional.of(core.self()))) {
            core.administered(request.token(), new AdministrationResult.Done(core.self() + " leads already"));
            return;
        }
        Optional<NodeId> target = request.to().isPresent() ? request.to() : leader.successor(now);
        Optional<String> refused = whyNot(leader, target, now);
        if (refused.isPresent()) {
            core.administered(request.token(), new AdministrationResult.Refused(refused.get(), false));
            return;
        }
        transfer = new Transferred(request.token(), request.to(), now + request.timeoutNanos());
        leader.handOver(target.get(), now);
    }

    private Optional<String> whyNot(Leader leader, Optional<NodeId> target, long now) {
        if (leader.isHandingOver() || transfer != null) {
            return Optional.of("found the leadership being handed over already, expected one transfer at a time; try "
                + "again when it has ended");
        }
        if (target.isEmpty()) {
            return Optional.of("found no other voter heard lately, expected one to hand over to; bring one back");
        }
        if (!core.membership().voters().contains(target.get())) {
            return Optional.of("found " + target.get() + " not to be a voter, expected one of "
                + core.membership().voters() + "; promote it first");
        }
        Progress follower = leader.follower(target.get());
        if (!leader.counts(follower)) {
            return Optional.of("found " + target.get() + " with a new store, expected the one with which it votes; "
                + "wait until it has caught up and votes again");
        }
        if (!leader.heardLately(follower, now)) {
            return Optional.of("found " + target.get() + " not heard lately, expected it to answer; bring it back, or "
                + "name another voter");
        }
        return Optional.empty();
    }

    private AdministrationResult notLeader() {
        return new AdministrationResult.NotLeader(Optional.ofNullable(core.leader()));
    }

    // What happens

    /** A heartbeat's interval is over: beside the next step, what a leader changes of itself. */
    void heartbeat(Leader leader, long now) {
        advance(leader, now);
        Membership current = core.membership();
        if (isQuiet(leader) && !current.isJoint() && !leader.isHandingOver() && current.votes(core.self())) {
            upkeep(current, leader, now).ifPresent(core::appendConfiguration);
        }
    }

    /** Whether nothing stands in the way of the next configuration. */
    private boolean isQuiet(Leader leader) {
        return leader.isReady() && core.membershipIndex() <= core.log().commitIndex() && !core.isStorageFull();
    }

    /** Something has changed that may let the next step be made: a commit, a request, the time. */
    void advance(Leader leader, long now) {
        if (!isQuiet(leader)) {
            return;
        }
        Membership current = core.membership();
        if (current.isJoint()) {
            core.appendConfiguration(ConfigurationPlan.leave(current));
            return;
        }
        if (underWay != null) {
            core.administered(underWay.token(), new AdministrationResult.Done(said(current)));
            underWay = null;
        }
        if (leader.isHandingOver() || !current.votes(core.self())) {
            return; // Whoever leads next goes on.
        }
        boolean begun = false;
        while (!begun && !waiting.isEmpty() && knowsWhoIsThere(leader, now)) {
            begun = begin(waiting.poll(), current, leader, now);
        }
    }

    /** @return whether it is under way now; otherwise it has been answered */
    private boolean begin(Change asked, Membership current, Leader leader, long now) {
        Optional<String> lacking = asked.change() instanceof MembershipChange.Add add
            ? core.features().whyNotAdd(add.node(), current) : Optional.empty();
        if (lacking.isPresent()) {
            core.administered(asked.token(), new AdministrationResult.Refused(lacking.get(), false));
            return false;
        }
        switch (ConfigurationPlan.of(current, asked.change(), node -> storeOf(leader, node))) {
            case ConfigurationPlan.Outcome.Senseless senseless -> {
                core.administered(asked.token(), new AdministrationResult.Refused(senseless.reason(), false));
                return false;
            }
            case ConfigurationPlan.Outcome.Next next -> {
                Optional<String> danger = danger(next.membership(), leader, now);
                if (danger.isPresent() && !asked.force()) {
                    core.administered(asked.token(), new AdministrationResult.Refused(danger.get()
                        + "; or force it, and accept that the cluster may stand still", true));
                    return false;
                }
                underWay = asked;
                core.appendConfiguration(next.membership());
                return true;
            }
        }
    }

    /**
     * What a leader changes of itself, one thing at a time, the most urgent first: a voter that lost its store must
     * learn again before it votes; the stores of voters are recorded, so that such a loss is noticed; learners that
     * have caught up ({@link CatchUp}), answered within the last election timeout and told their store become voters;
     * features that every member has are switched on ({@link Features}).
     *
     * <p>What is not noticed: that a voter lost its store before it was recorded, unless one leader hears both numbers
     * in one term; and its vote for a candidate whose log does not have the entry that records it. Of a learner the
     * number is recorded by the entry that promotes it, of a cluster's first voters within about two heartbeats of the
     * first leadership, or of being heard then for the first time.
     */
    private Optional<Membership> upkeep(Membership current, Leader leader, long now) {
        TreeMap<NodeId, Long> unrecorded = new TreeMap<>();
        for (NodeId voter : current.voters()) {
            long told = storeOf(leader, voter);
            long votesWith = current.stores().getOrDefault(voter, lostStoreOf(leader, voter));
            if (votesWith == 0 && told != 0) {
                unrecorded.put(voter, told);
            } else if (votesWith != 0 && told != 0 && votesWith != told && current.voters().size() > 1
                && !voter.equals(core.self())) {
                Membership next = ConfigurationPlan.resetVoter(current, voter, votesWith);
                if (danger(next, leader, now).isEmpty()) {
                    return Optional.of(next);
                }
            }
        }
        if (!unrecorded.isEmpty() && knowsWhoIsThere(leader, now)) {
            return Optional.of(ConfigurationPlan.recorded(current, unrecorded));
        }
        TreeMap<NodeId, Long> caughtUp = new TreeMap<>();
        for (NodeId learner : current.joining()) {
            if (storeOf(leader, learner) != 0 && isAlive(leader, learner, now)) {
                caughtUp.put(learner, storeOf(leader, learner));
            }
        }
        if (!caughtUp.isEmpty()) {
            Membership next = ConfigurationPlan.promoted(current, caughtUp);
            if (danger(next, leader, now).isEmpty()) {
                return Optional.of(next);
            }
        }
        // Whoever is away may come back with another build than it was met with.
        boolean allAreHere = current.members().stream().allMatch(node -> isHeard(leader, node, now));
        List<NodeId> leaving = leader.leaving().stream().filter(node -> isHeard(leader, node, now)).toList();
        return allAreHere ? core.features().next(current, leaving, core.self()) : Optional.empty();
    }

    /** Everybody has answered, or has had time to: before that, a new leader would take the living for dead. */
    private boolean knowsWhoIsThere(Leader leader, long now) {
        return now - leader.sinceNanos() >= HEARTBEATS_TO_KNOW * core.settings().heartbeatNanos()
            || leader.followers().stream().allMatch(follower -> follower.hasAnswered()
                || !core.membership().votes(follower.id()));
    }

    private Optional<String> danger(Membership next, Leader leader, long now) {
        return next.isJoint() ? ConfigurationPlan.danger(next, node -> isAlive(leader, node, now)) : Optional.empty();
    }

    private boolean isHeard(Leader leader, NodeId node, long now) {
        return node.equals(core.self()) || leader.heardLately(leader.follower(node), now);
    }

    private boolean isAlive(Leader leader, NodeId node, long now) {
        if (node.equals(core.self())) {
            return true;
        }
        Progress follower = leader.follower(node);
        return follower != null && leader.counts(follower) && leader.heardLately(follower, now)
            && (core.membership().votes(node) || follower.catchUp().isDone());
    }

    private long storeOf(Leader leader, NodeId node) {
        if (node.equals(core.self())) {
            return core.store();
        }
        Progress follower = leader.follower(node);
        return follower == null ? 0 : follower.store();
    }

    private static long lostStoreOf(Leader leader, NodeId node) {
        Progress follower = leader.follower(node);
        return follower == null ? 0 : follower.lostStore();
    }

    private static String said(Membership membership) {
        return "voters " + membership.voters()
            + (membership.learners().isEmpty() ? "" : ", learners " + membership.learners());
    }

    // The end of a transfer, of a leadership, of patience

    /** The leader's attempt is over, and it still leads. */
    void handOverFailed(String reason, boolean maybe) {
        if (transfer != null) {
            endTransfer(maybe ? new AdministrationResult.Unknown(reason)
                : new AdministrationResult.Refused(reason, false));
        }
    }

    void otherLeads(NodeId leader) {
        if (transfer != null) {
            // Whoever takes a node down after this answer must not take down the leader.
            endTransfer(transfer.only().filter(target -> !target.equals(leader)).isEmpty()
                ? new AdministrationResult.Done(leader + " leads")
                : new AdministrationResult.Unknown("found " + leader + " leading, expected " + transfer.only().get()
                    + ", which did not win the election; ask " + leader + " to hand over to it"));
        }
    }

    void leadershipBegan() {
        if (transfer != null) {
            endTransfer(new AdministrationResult.Unknown(core.self() + " was elected again"));
        }
    }

    void leadershipEnded() {
        if (underWay != null) {
            core.administered(underWay.token(), new AdministrationResult.Unknown(
                "the leadership ended before the change was committed; ask the next leader what became of it"));
            underWay = null;
        }
        waiting.forEach(asked -> core.administered(asked.token(), notLeader()));
        waiting.clear();
    }

    private void endTransfer(AdministrationResult result) {
        Object token = transfer.token();
        transfer = null;
        core.administered(token, result);
    }

    /** When {@link #tick} has something to do; {@link Long#MAX_VALUE}: not by time alone. */
    long deadlineNanos() {
        long deadline = transfer == null ? Long.MAX_VALUE : transfer.deadlineNanos();
        if (underWay != null) {
            deadline = Math.min(deadline, underWay.deadlineNanos());
        }
        for (Change asked : waiting) {
            deadline = Math.min(deadline, asked.deadlineNanos());
        }
        return deadline;
    }

    void tick(long now) {
        if (transfer != null && now >= transfer.deadlineNanos()) {
            endTransfer(new AdministrationResult.Unknown("no other node is known to lead yet"));
        }
        if (underWay != null && now >= underWay.deadlineNanos()) {
            core.administered(underWay.token(), new AdministrationResult.Unknown(
                "the change was begun and not committed in time; it goes on"));
            underWay = null;
        }
        for (Iterator<Change> all = waiting.iterator(); all.hasNext();) {
            Change asked = all.next();
            if (now >= asked.deadlineNanos()) {
                all.remove();
                core.administered(asked.token(), new AdministrationResult.Refused("found another change under way, or "
                    + "nothing committed by this leader yet, for all of the time given; expected a quiet moment; "
                    + "nothing was changed, try again", false));
            }
        }
    }
}
