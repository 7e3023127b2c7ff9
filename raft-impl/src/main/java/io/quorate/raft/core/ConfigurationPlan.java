package io.quorate.raft.core;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Which configuration is to follow another. Nothing here knows of a log or a time.
 *
 * <p>If the voters stay, one step leads there. Otherwise the next configuration is joint, and {@link #leave} gives the
 * one behind it (thesis §4.3).
 */
final class ConfigurationPlan {

    /** What a change comes to. */
    sealed interface Outcome {

        /** It makes no sense: what was found, what was expected, what to do. */
        record Senseless(String reason) implements Outcome {
        }

        /** The configuration to append next. */
        record Next(Membership membership) implements Outcome {
        }
    }

    private final Membership current;
    private final TreeSet<NodeId> voters;
    private final TreeSet<NodeId> learners;
    private final TreeSet<NodeId> joining;
    private final TreeMap<NodeId, List<Endpoint>> endpoints;
    private final TreeMap<NodeId, Long> stores;

    private ConfigurationPlan(Membership current) {
        this.current = current;
        this.voters = new TreeSet<>(current.voters());
        this.learners = new TreeSet<>(current.learners());
        this.joining = new TreeSet<>(current.joining());
        this.endpoints = new TreeMap<>(current.endpoints());
        this.stores = new TreeMap<>(current.stores());
    }

    /**
     * What {@code change} makes of {@code current}, which is not joint.
     *
     * @param store the number of a node's store, or 0 if it is not known
     */
    static Outcome of(Membership current, MembershipChange change, ToLongFunction<NodeId> store) {
        ConfigurationPlan plan = new ConfigurationPlan(current);
        Optional<String> senseless = switch (change) {
            case MembershipChange.Add add -> plan.add(add);
            case MembershipChange.Remove remove -> plan.remove(remove.node());
            case MembershipChange.Promote promote -> plan.promote(promote.node(), store.applyAsLong(promote.node()));
            case MembershipChange.Demote demote -> plan.demote(demote.node());
            case MembershipChange.SetEndpoints set -> plan.setEndpoints(set.node(), set.endpoints());
        };
        return senseless.<Outcome>map(Outcome.Senseless::new).orElseGet(() -> new Outcome.Next(plan.result()));
    }

    /** These learners become voters, each with the store that it has told. */
    static Membership promoted(Membership current, Map<NodeId, Long> caughtUp) {
        ConfigurationPlan plan = new ConfigurationPlan(current);
        caughtUp.forEach((node, store) -> {
            plan.learners.remove(node);
            plan.joining.remove(node);
            plan.voters.add(node);
            plan.stores.put(node, store);
        });
        return plan.result();
    }

    /**
     * A voter has lost its store: it becomes a learner that votes again once it has caught up. Until it is none any
     * more, what it says counts with the lost store alone, so not at all; also if that had not been recorded yet.
     */
    static Membership resetVoter(Membership current, NodeId voter, long lostStore) {
        ConfigurationPlan plan = new ConfigurationPlan(current);
        plan.voters.remove(voter);
        plan.learners.add(voter);
        plan.joining.add(voter);
        plan.stores.put(voter, lostStore);
        return plan.result();
    }

    /** The stores of these voters have become known. */
    static Membership recorded(Membership current, Map<NodeId, Long> stores) {
        ConfigurationPlan plan = new ConfigurationPlan(current);
        plan.stores.putAll(stores);
        return plan.result();
    }

    /** What follows a joint configuration: the new voters alone. Whoever left has no store in it any more. */
    static Membership leave(Membership joint) {
        ConfigurationPlan plan = new ConfigurationPlan(joint);
        plan.endpoints.keySet().removeIf(node -> !plan.voters.contains(node) && !plan.learners.contains(node));
        plan.stores.keySet().retainAll(plan.voters);
        return new Membership(joint.epoch(), plan.voters, new TreeSet<>(), plan.learners, plan.joining, plan.endpoints,
            plan.stores, joint.features());
    }

    /**
     * Why {@code next} could not decide anything: a majority of its voters is not there. Empty if it could.
     *
     * @param alive whether a voter can take part now
     */
    static Optional<String> danger(Membership next, Predicate<NodeId> alive) {
        Optional<String> danger = danger("new", next.voters(), alive);
        return danger.isPresent() || !next.isJoint() ? danger : danger("outgoing", next.outgoing(), alive);
    }

    private static Optional<String> danger(String which, SortedSet<NodeId> voters, Predicate<NodeId> alive) {
        List<NodeId> missing = voters.stream().filter(alive.negate()).toList();
        int there = voters.size() - missing.size();
        int needed = Quorum.majority(voters);
        return there >= needed ? Optional.empty() : Optional.of("found " + there + " of the " + which + " voters "
            + voters + " heard lately and caught up (not " + missing + "), expected at least " + needed
            + ", or nothing could be agreed on any more; bring back those that are missing, or wait until they have "
            + "caught up, or remove first those that will not return");
    }

    private Optional<String> add(MembershipChange.Add add) {
        NodeId node = add.node();
        if (voters.contains(node)) {
            return Optional.of("found " + node + " to be a voter, expected a node that is no member; nothing is to do");
        }
        if (learners.contains(node)) {
            return Optional.of("found " + node + " to be a learner"
                + (joining.contains(node) ? " that becomes a voter once it has caught up" : "")
                + ", expected a node that is no member; promote it if it is to vote now");
        }
        int members = voters.size() + learners.size();
        if (members >= Membership.MAX_MEMBERS) {
            return Optional.of("found " + members + " members, expected fewer than " + Membership.MAX_MEMBERS
                + "; remove one first");
        }
        learners.add(node);
        if (add.promote()) {
            joining.add(node);
        }
        return setEndpoints(node, add.endpoints());
    }

    private Optional<String> remove(NodeId node) {
        if (learners.remove(node)) {
            joining.remove(node);
        } else {
            Optional<String> senseless = takeVote(node);
            if (senseless.isPresent()) {
                return senseless;
            }
        }
        endpoints.remove(node);
        stores.remove(node);
        return Optional.empty();
    }

    private Optional<String> promote(NodeId node, long store) {
        if (voters.contains(node)) {
            return Optional.of("found " + node + " to be a voter, expected a learner; nothing is to do");
        }
        if (!learners.remove(node)) {
            return unknown(node, "add it first");
        }
        joining.remove(node);
        voters.add(node);
        if (store != 0) {
            stores.put(node, store);
        }
        return Optional.empty();
    }

    private Optional<String> demote(NodeId node) {
        if (joining.remove(node)) {
            return Optional.empty(); // It stays a learner and does not become a voter by itself any more.
        }
        if (learners.contains(node)) {
            return Optional.of("found " + node + " to be a learner, expected a voter; nothing is to do");
        }
        Optional<String> senseless = takeVote(node);
        if (senseless.isEmpty()) {
            learners.add(node);
        }
        return senseless;
    }

    private Optional<String> takeVote(NodeId node) {
        if (!voters.contains(node)) {
            return unknown(node, "correct the name, or do nothing: it is none already");
        }
        if (voters.size() == 1) {
            return Optional.of("found " + node + " to be the last voter, expected another one beside it; add and "
                + "promote its successor first");
        }
        voters.remove(node);
        return Optional.empty();
    }

    private Optional<String> setEndpoints(NodeId node, List<Endpoint> places) {
        if (!voters.contains(node) && !learners.contains(node)) {
            return unknown(node, "add it first");
        }
        if (places.isEmpty() || places.size() > Membership.MAX_ENDPOINTS) {
            return Optional.of("found " + places.size() + " endpoints of " + node + ", expected 1 to "
                + Membership.MAX_ENDPOINTS + "; say where it can be reached");
        }
        endpoints.put(node, places);
        return Optional.empty();
    }

    private Optional<String> unknown(NodeId node, String remedy) {
        return Optional.of("found no member " + node + ", expected one of " + current.members() + "; " + remedy);
    }

    private Membership result() {
        boolean joint = !voters.equals(current.voters());
        if (joint) {
            // Who leaves still votes until the joint configuration is left. So it stays known where it is reached, and
            // with which store it counts: without that, a voter that lost its store would count again meanwhile.
            current.endpoints().forEach(endpoints::putIfAbsent);
            current.stores().forEach(stores::putIfAbsent);
        }
        return new Membership(current.epoch(), voters, joint ? current.voters() : new TreeSet<>(), learners, joining,
            endpoints, stores, current.features());
    }
}
