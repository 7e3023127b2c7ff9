package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace.Appended;
import io.quorate.spi.consensus.ConsensusTrace.BecameLeader;
import io.quorate.spi.consensus.ConsensusTrace.Campaigned;
import io.quorate.spi.consensus.ConsensusTrace.Committed;
import io.quorate.spi.consensus.ConsensusTrace.Event;
import io.quorate.spi.consensus.ConsensusTrace.HardStateDurable;
import io.quorate.spi.consensus.ConsensusTrace.MembershipInForce;
import io.quorate.spi.consensus.ConsensusTrace.ReadConfirmed;
import io.quorate.spi.consensus.ConsensusTrace.SnapshotDurable;
import io.quorate.spi.consensus.ConsensusTrace.Started;
import io.quorate.spi.consensus.ConsensusTrace.TermAdopted;
import io.quorate.spi.consensus.ConsensusTrace.Truncated;
import io.quorate.spi.consensus.ConsensusTrace.Voted;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Feature;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** The properties of Raft (thesis §3, §4) that every run is held to, one class for each. */
final class Invariants {

    private Invariants() {
    }

    static List<Invariant> all() {
        return List.of(new OneLeaderATerm(), new ElectedByAQuorum(), new VotesOnce(), new VotesAreDurable(),
            new AcknowledgementsAreDurable(), new NothingGoesBack(), new LeadersOnlyAppend(), new LogsMatch(),
            new LeadersAreComplete(), new CommitsAgree(), new CommitsByOwnTerm(), new CommittedIsDurable(),
            new QuorumsOverlap(), new OnlyVotersCampaign(), new RemovedNodesGiveNoVotes(), new FeaturesFirst(),
            new StatesAgree(), new FollowersCommitAfterLeaders(), new LeasesExclude(), new ConfigurationsFollowTheLog(),
            new OneChangeAtATime(), new SnapshotsAreOfTheLog(), new LoyaltyInvariants.TermsBeginWithPreVotes(),
            new LoyaltyInvariants.LoyalNodesGiveNoPreVotes());
    }

    /** What was found is put into words only if it has to be: most of what is required holds. */
    private static void require(boolean holds, String rule, Supplier<String> found) {
        if (!holds) {
            throw new Violation(rule, found.get());
        }
    }

    /** What a feature brings into the log stands behind the entry that switches it on. */
    static final class FeaturesFirst implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Appended entry && entry.type() == EntryType.SESSIONS && node.membership != null) {
                require(Feature.SESSION_EXPIRY.isOn(node.membership), "features first", () -> node.id + " appends "
                    + entry + " with " + node.membership.features() + " switched on");
            }
        }
    }

    /** At most one node leads a term (thesis §3.2). */
    static final class OneLeaderATerm implements Invariant {

        private final Map<Long, NodeId> leaders = new HashMap<>();

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof BecameLeader leader) {
                NodeId other = leaders.putIfAbsent(leader.term(), node.id);
                require(other == null, "one leader a term", () -> node.id + " leads term " + leader.term() + ", which "
                    + other + " leads");
            }
        }
    }

    /** Who leads has the durable votes of a quorum of its configuration. */
    static final class ElectedByAQuorum implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof BecameLeader leader && node.membership != null) {
                require(ClusterView.isQuorum(node.membership,
                        id -> node.id.equals(cluster.node(id).durableVotes.get(leader.term()))),
                    "a leader has durable votes of a quorum", () -> node.id + " leads term " + leader.term() + " of "
                        + node.membership);
            }
        }
    }

    /** A node votes for one candidate a term at most, across restarts too (thesis §3.4). */
    static final class VotesOnce implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Voted voted) {
                require(voted.term() > node.term || voted.term() == node.term
                        && node.vote.map(voted.candidate()::equals).orElse(true),
                    "one vote a term", () -> node.id + " votes for " + voted.candidate() + " in term " + voted.term()
                        + " and was in term " + node.term + " with a vote for " + node.vote);
            }
            if (event instanceof HardStateDurable durable && durable.votedFor().isPresent()) {
                NodeId before = node.durableVotes.get(durable.term());
                require(before == null || before.equals(durable.votedFor().get()), "one vote a term", () -> node.id
                    + " has voted for " + before + " and for " + durable.votedFor() + " in term " + durable.term());
            }
        }
    }

    /** A vote, and a candidate's request for votes, leave after term and vote are durable. */
    static final class VotesAreDurable implements Invariant {

        private static final int TERM_AT = 1;
        private static final int GRANTED_AT = 9;

        @Override
        public void sent(ClusterView cluster, NodeView from, NodeId to, Frame frame) {
            if (frame.rpcType() != RpcType.REQUEST_VOTE.code()) {
                return;
            }
            ByteBuffer body = frame.body().asByteBuffer();
            if (frame.kind() == FrameKind.REQUEST) {
                require(from.durableTerm >= body.getLong(TERM_AT) && from.durableVote.equals(Optional.of(from.id))
                        || from.durableTerm > body.getLong(TERM_AT),
                    "a vote is durable before it is sent", () -> from.id + " asks for votes in term "
                        + body.getLong(TERM_AT) + ", durable are term " + from.durableTerm + " and vote "
                        + from.durableVote);
            } else if (frame.kind() == FrameKind.RESPONSE && body.get(GRANTED_AT) == 1) {
                require(to.equals(from.durableVotes.get(body.getLong(TERM_AT))),
                    "a vote is durable before it is sent", () -> from.id + " grants its vote in term "
                        + body.getLong(TERM_AT) + " to " + to + ", durable votes are " + from.durableVotes);
            }
        }
    }

    /** Who says that its log matches up to an entry has all of that durable. */
    static final class AcknowledgementsAreDurable implements Invariant {

        private static final int OUTCOME_AT = 9;
        private static final int INDEX_AT = 10;
        private static final int MATCHED = 0;

        @Override
        public void sent(ClusterView cluster, NodeView from, NodeId to, Frame frame) {
            if (frame.rpcType() != RpcType.APPEND_ENTRIES.code() || frame.kind() != FrameKind.RESPONSE) {
                return;
            }
            ByteBuffer body = frame.body().asByteBuffer();
            if (body.get(OUTCOME_AT) == MATCHED) {
                require(body.getLong(INDEX_AT) <= Math.max(from.durableIndex, from.snapshotIndex),
                    "acknowledged entries are durable", () -> from.id + " acknowledges entry " + body.getLong(INDEX_AT)
                        + ", durable are " + from.durableIndex);
            }
        }
    }

    /** Term and commit index never go back; what was durable is there after a restart. */
    static final class NothingGoesBack implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            switch (event) {
                case Started started -> {
                    require(started.term() >= node.durableTerm, "terms do not go back", () -> node.id
                        + " starts in term " + started.term() + " after term " + node.durableTerm);
                    require(started.term() > node.durableTerm || node.durableVote.isEmpty()
                            || started.votedFor().equals(node.durableVote), "votes are not forgotten",
                        () -> node.id + " starts with vote " + started.votedFor() + " after " + node.durableVote);
                    require(started.lastIndex() >= node.durableIndex, "durable entries are not lost", () -> node.id
                        + " starts with a log up to " + started.lastIndex() + " after " + node.durableIndex);
                    // A snapshot that is found damaged is given up as long as the log behind it is still there.
                    require(node.damaged || started.snapshotIndex() >= node.snapshotIndex,
                        "durable snapshots are not lost", () -> node.id + " starts with a snapshot up to "
                        + started.snapshotIndex() + " after " + node.snapshotIndex);
                }
                case TermAdopted adopted -> require(adopted.term() > node.term, "terms do not go back",
                    () -> node.id + " adopts term " + adopted.term() + " in term " + node.term);
                case HardStateDurable durable -> require(durable.term() >= node.durableTerm,
                    "terms do not go back", () -> node.id + " has term " + durable.term() + " durable after "
                        + node.durableTerm);
                case Committed committed -> require(committed.index() >= node.committed,
                    "commit indexes do not go back", () -> node.id + " commits up to " + committed.index() + " after "
                        + node.committed);
                case Truncated truncated -> require(truncated.index() > node.committed
                        || truncated.index() <= node.snapshotIndex && node.committed <= node.snapshotIndex,
                    "committed entries stay", () -> node.id + " truncates from " + truncated.index()
                        + ", committed are " + node.committed);
                default -> { }
            }
        }
    }

    /** A leader neither overwrites nor deletes entries of its log (thesis §3.5). */
    static final class LeadersOnlyAppend implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Truncated truncated) {
                require(!node.leading, "leaders only append", () -> node.id + " leads term " + node.term
                    + " and truncates from " + truncated.index());
            }
            if (event instanceof Appended appended) {
                require(appended.index() == node.lastIndex + 1, "logs have no gaps", () -> node.id + " appends entry "
                    + appended.index() + " after " + node.lastIndex);
                require(!node.leading || appended.term() == node.term, "leaders append entries of their term",
                    () -> node.id + " leads term " + node.term + " and appends an entry of term " + appended.term());
            }
        }
    }

    /** Two entries of one index and term are the same, and so is all before them (thesis §3.5). */
    static final class LogsMatch implements Invariant {

        private record Place(long index, long term) {
        }

        private record Known(NodeView.Entry entry, long termBefore) {
        }

        private final Map<Place, Known> entries = new HashMap<>();

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Appended appended) {
                Known found = new Known(new NodeView.Entry(appended.term(), appended.type(), appended.checksum()),
                    appended.index() == 1 ? 0 : node.termAt(appended.index() - 1));
                Known known = entries.putIfAbsent(new Place(appended.index(), appended.term()), found);
                require(known == null || known.entry().equals(found.entry())
                        && (known.termBefore() == found.termBefore() || known.termBefore() < 0
                        || found.termBefore() < 0), "logs match", () -> node.id + " has " + found + " at entry "
                    + appended.index() + ", another node has " + known);
            }
        }
    }

    /**
     * A leader has every entry that was committed in an earlier term (thesis §3.6). Votes may be late: who wins a term
     * after a later one has its leader need not have what that one commits, and can commit nothing.
     */
    static final class LeadersAreComplete implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (!(event instanceof BecameLeader leader)) {
                return;
            }
            cluster.committed().tailMap(node.snapshotIndex, false).forEach((index, agreed) -> {
                long found = node.termAt(index);
                require(agreed.in() >= leader.term() || found == agreed.term()
                        || found < 0 && index <= node.lastIndex && index <= node.durableIndex,
                    "leaders have everything that is committed", () -> node.id + " leads term " + leader.term()
                        + " with term " + found + " at entry " + index + ", committed is term "
                        + agreed.term());
            });
        }
    }

    /** All nodes commit the same entries (thesis §3.6.3). */
    static final class CommitsAgree implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Committed committed) {
                require(committed.index() <= node.lastIndex, "commits are of entries that are there", () -> node.id
                    + " commits up to " + committed.index() + " of " + node.lastIndex);
                for (long next = node.committed + 1; next <= committed.index(); next++) {
                    long index = next;
                    ClusterView.Agreed agreed = cluster.committed().get(index);
                    long found = node.termAt(index);
                    require(agreed == null || found < 0 || agreed.term() == found, "commits agree", () -> node.id
                        + " commits term " + found + " at entry " + index + ", committed is " + agreed);
                }
            }
        }
    }

    /** A leader commits by counting copies of entries of its own term alone (thesis §3.6.2). */
    static final class CommitsByOwnTerm implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Committed committed && node.leading && committed.index() > node.committed) {
                require(node.termAt(committed.index()) == node.term, "leaders count entries of their own term",
                    () -> node.id + " leads term " + node.term + " and commits up to " + committed.index() + " of term "
                        + node.termAt(committed.index()));
            }
        }
    }

    /** What a leader commits is durable on a quorum of its configuration. */
    static final class CommittedIsDurable implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Committed committed && node.leading && node.membership != null) {
                long term = node.termAt(committed.index());
                require(ClusterView.isQuorum(node.membership,
                        id -> cluster.node(id).hasDurably(committed.index(), term)),
                    "committed entries are durable on a quorum", () -> node.id + " commits entry " + committed.index()
                        + " of " + node.membership.voters() + " " + node.membership.outgoing() + ", durable are "
                        + cluster.nodes().stream().map(each -> each.id + ":" + each.durableIndex).toList());
            }
        }
    }

    /** Any quorum of one configuration and any of the next have a node in common (thesis §4.3). */
    static final class QuorumsOverlap implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            // What a node was told at its first start may be older than anything in its log, and a snapshot may leave
            // out several configurations.
            if (event instanceof MembershipInForce now && node.membershipIndex > 0
                && now.index() > Math.max(node.membershipIndex, node.snapshotIndex)) {
                checkOverlap(node, node.membership, now.membership());
            }
        }

        private static void checkOverlap(NodeView node, Membership one, Membership other) {
            TreeSet<NodeId> all = new TreeSet<>(one.members());
            all.addAll(other.members());
            List<NodeId> members = new ArrayList<>(all);
            for (int chosen = 0; chosen < 1 << members.size(); chosen++) {
                int set = chosen;
                boolean first = ClusterView.isQuorum(one, id -> (set >> members.indexOf(id) & 1) == 1);
                boolean second = ClusterView.isQuorum(other, id -> (set >> members.indexOf(id) & 1) == 0);
                require(!first || !second, "consecutive configurations' quorums overlap", () -> node.id + " goes from "
                    + one + " to " + other);
            }
        }
    }

    /**
     * Who knows that it does not vote any more does not stand for election. As long as the configuration that says so
     * is not committed it may have to (thesis §4.2.2).
     */
    static final class OnlyVotersCampaign implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Campaigned campaigned && node.membershipIndex > 0
                && node.membershipIndex <= node.committed) {
                require(node.membership.votes(node.id), "only voters stand for election", () -> node.id
                    + " stands in term " + campaigned.term() + " and is no voter of " + node.membership);
            }
        }
    }

    /**
     * Who knows that it was removed votes for nobody. A learner may, since it may have been promoted meanwhile, and
     * only the candidate knows (lesson 39); so may who was never named. That voters alone count is
     * {@link ElectedByAQuorum}.
     */
    static final class RemovedNodesGiveNoVotes implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Voted voted && node.membershipIndex > 0 && node.membershipIndex <= node.committed) {
                require(!node.named || node.membership.contains(node.id), "removed nodes do not vote", () -> node.id
                    + " votes for " + voted.candidate() + " in term " + voted.term() + " and is no member of "
                    + node.membership);
            }
        }
    }

    /** Whoever has applied the same entries is in the same state. */
    static final class StatesAgree implements Invariant {

        private record Place(long index, int position) {
        }

        private final Map<Place, Long> hashes = new HashMap<>();

        @Override
        public void applied(NodeView node, long index, int position, long hash) {
            Long known = hashes.putIfAbsent(new Place(index, position), hash);
            require(known == null || known == hash, "equal entries make equal states", () -> node.id + " has applied "
                + "something else up to command " + position + " of entry " + index + " than another node");
        }
    }

    /** Who follows commits nothing that no leader has committed: only leaders count (thesis §3.5). */
    static final class FollowersCommitAfterLeaders implements Invariant {

        private long byLeaders;

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof Committed committed) {
                if (node.leading) {
                    byLeaders = Math.max(byLeaders, committed.index());
                }
                require(committed.index() <= byLeaders, "followers commit what leaders have committed", () -> node.id
                    + " commits up to " + committed.index() + ", leaders have committed up to " + byLeaders);
            }
        }
    }

    /** While a lease is in force nobody else commits anything, so its leader has all that is committed (§6.4.1). */
    static final class LeasesExclude implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof ReadConfirmed read && read.byLease()) {
                require(read.index() >= cluster.lastCommitted(), "a lease excludes other leaders", () -> node.id
                    + " reads by its lease at entry " + read.index() + ", committed are " + cluster.lastCommitted());
            }
        }
    }

    /** The newest configuration of a node's log is in force, also when entries were dropped, or it starts (§4.1). */
    static final class ConfigurationsFollowTheLog implements Invariant {

        private final Map<NodeId, TreeMap<Long, Membership>> known = new HashMap<>();
        private final Map<NodeId, Long> inForce = new HashMap<>();

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            TreeMap<Long, Membership> told = known.computeIfAbsent(node.id, id -> new TreeMap<>());
            switch (event) {
                case Started started -> {
                    if (started.snapshotIndex() > node.snapshotIndex || started.lastIndex() > node.durableIndex) {
                        told.clear(); // What came just before the end may have brought one, or brought one back.
                    }
                    Map.Entry<Long, Membership> newest = told.floorEntry(started.lastIndex());
                    require(newest == null || newest.getValue().equals(started.membership()),
                        "a configuration is in force as long as its entry is there", () -> node.id + " starts with "
                            + started.membership() + ", its log has " + newest);
                    told.tailMap(started.lastIndex(), false).clear();
                    inForce.put(node.id, told.isEmpty() ? 0 : told.lastKey());
                }
                case MembershipInForce now -> {
                    told.put(now.index(), now.membership());
                    told.tailMap(now.index(), false).clear();
                    inForce.put(node.id, now.index());
                }
                // What follows a truncation, which is told before what it means for the configuration.
                case Appended appended -> requireThere(node);
                case BecameLeader leader -> requireThere(node);
                case Campaigned campaigned -> requireThere(node);
                default -> { }
            }
        }

        private void requireThere(NodeView node) {
            long index = inForce.getOrDefault(node.id, 0L);
            require(index <= Math.max(node.lastIndex, node.snapshotIndex), "a configuration goes with its entry",
                () -> node.id + " goes by that of entry " + index + ", its log ends at " + node.lastIndex);
        }

        @Override
        public void wiped(NodeId node) {
            known.remove(node);
            inForce.remove(node);
        }
    }

    /** A leader appends no configuration before the one before it is committed (thesis §4.1). */
    static final class OneChangeAtATime implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof MembershipInForce now && node.leading && now.index() > node.membershipIndex) {
                require(node.membershipIndex <= node.committed, "one change of the membership at a time", () -> node.id
                    + " appends a configuration at " + now.index() + ", the one at " + node.membershipIndex
                    + " is not committed: " + node.committed);
            }
        }
    }

    /** A snapshot has the term of the last entry that it stands for, and the configuration in force there (§5.1). */
    static final class SnapshotsAreOfTheLog implements Invariant {

        /** By index and term. */
        private final TreeMap<Long, Map<Long, Membership>> configurations = new TreeMap<>();

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            switch (event) {
                case MembershipInForce now when now.index() > 0 -> {
                    if (node.log.containsKey(now.index())) {
                        configurations.computeIfAbsent(now.index(), index -> new HashMap<>())
                            .put(node.termAt(now.index()), now.membership());
                    }
                    if (now.index() <= node.snapshotIndex) {
                        check(cluster, node, node.snapshotIndex, now.membership());
                    }
                }
                case SnapshotDurable snapshot -> {
                    ClusterView.Agreed agreed = cluster.committed().get(snapshot.index());
                    require(agreed == null || agreed.term() == snapshot.term(),
                        "a snapshot stands for what is committed", () -> node.id + " has one of entry "
                            + snapshot.index() + " of term " + snapshot.term() + ", committed is term "
                            + agreed.term());
                }
                case Started started when started.lastIndex() == started.snapshotIndex() ->
                    check(cluster, node, started.snapshotIndex(), started.membership());
                default -> { }
            }
        }

        private void check(ClusterView cluster, NodeView node, long index, Membership found) {
            for (Map.Entry<Long, Map<Long, Membership>> each : configurations.headMap(index, true).descendingMap()
                .entrySet()) {
                ClusterView.Agreed agreed = cluster.committed().get(each.getKey());
                if (agreed == null) {
                    return; // Committed by somebody who found it in its log at a start: nobody has told what it is.
                }
                Membership wanted = each.getValue().get(agreed.term());
                if (wanted != null) {
                    require(wanted.equals(found), "a snapshot has the configuration of its entry", () -> node.id
                        + " has " + found + " by its snapshot of entry " + index + ", committed is " + wanted);
                    return;
                }
            }
        }
    }
}
