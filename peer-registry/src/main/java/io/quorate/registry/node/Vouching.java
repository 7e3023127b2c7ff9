package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.NodeStatus;
import io.quorate.registry.protocol.StatusCodec;
import io.quorate.registry.session.Counters;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * To which nodes outside the configuration in force this node listens all the same, when they speak as a leader does.
 *
 * <p>Its configuration may be older than the leader. Scenario: voters A, B and C, and C is down. D is added and
 * promoted, B dies for ever, C comes back, D leads. Refused, D could never bring C the configuration in which D is a
 * member, and no other entry either. But whoever is let in without being asked for can take a member over that follows
 * nobody: that it is a node of the trust domain does not make it one of this cluster's members.
 *
 * <p>So somebody must know it: the operator, who names it in this node's own configuration file; or a node that is
 * known, by the configuration in force or by the operator. Known nodes are asked when a stranger is refused, and whom
 * they say to be a member is listened to until the configuration in force changes. Only whom this node knows itself can
 * vouch: what those say whom others have vouched for counts for nothing here.
 *
 * <p>Loop only.
 */
final class Vouching {

    /** How long to wait before the known nodes are asked again, in milliseconds. */
    static final long ASK_INTERVAL_MILLIS = 1_000;

    /** How long an answer may take, in milliseconds. */
    static final long ASK_TIMEOUT_MILLIS = 1_000;

    /** How many nodes are asked at a time; the next time it is the turn of the others. */
    static final int MAX_ASKED = 8;

    /** About how many strangers something is said in the log, under one configuration. */
    static final int MAX_STRANGERS = 64;

    private static final Logger LOG = LoggerFactory.getLogger(ControlPlaneNode.class);

    private final NodeLoop loop;
    private final NodeId self;
    private final SortedSet<NodeId> named;
    private final PeerCaller peers;
    private final Predicate<NodeId> present;
    private final Counters counters;
    private final Map<NodeId, Set<NodeId>> vouchedBy = new HashMap<>();
    private final SortedSet<NodeId> refused = new TreeSet<>();
    private final SortedSet<NodeId> told = new TreeSet<>();
    private SortedSet<NodeId> members = Collections.emptySortedSet();
    private Round round;
    private long turn;
    private long askAgainNanos;

    /**
     * @param named the nodes in this node's own configuration file
     * @param present whether there are sessions with a node now
     */
    Vouching(NodeLoop loop, NodeId self, Set<NodeId> named, PeerCaller peers, Predicate<NodeId> present,
            Counters counters) {
        this.loop = loop;
        this.self = self;
        this.named = new TreeSet<>(named);
        this.peers = peers;
        this.present = present;
        this.counters = counters;
        this.askAgainNanos = loop.clock().nanoTime();
    }

    /** Another configuration is in force: what was said under the one before is asked for anew, if need be. */
    void membershipChanged(Membership now) {
        members = now.members();
        vouchedBy.clear();
        refused.clear();
        told.clear();
        round = null;
        askAgainNanos = loop.clock().nanoTime();
    }

    boolean accepts(NodeId node) {
        return named.contains(node) || isVouchedFor(node);
    }

    /** Whether a node that is known says that this one is a member. */
    boolean isVouchedFor(NodeId node) {
        return vouchedBy.values().stream().anyMatch(said -> said.contains(node));
    }

    /** A node that is not accepted has called as a leader does, and was refused: perhaps somebody knows it. */
    void refused(NodeId stranger) {
        if (refused.size() < MAX_STRANGERS) {
            refused.add(stranger);
        }
        long now = loop.clock().nanoTime();
        if (round != null || now - askAgainNanos < 0) {
            return;
        }
        askAgainNanos = now + TimeUnit.MILLISECONDS.toNanos(ASK_INTERVAL_MILLIS);
        SortedSet<NodeId> known = new TreeSet<>(members);
        known.addAll(named);
        known.remove(self);
        known.removeIf(present.negate());
        List<NodeId> asked = new ArrayList<>(known);
        if (!asked.isEmpty()) {
            Collections.rotate(asked, -(int) (turn % asked.size()));
            asked = asked.subList(0, Math.min(MAX_ASKED, asked.size()));
            turn += asked.size();
        }
        round = new Round(asked.size());
        counters.accept("vouching.round");
        for (NodeId node : asked) {
            peers.call(node, RpcType.STATUS, List.of(), ASK_TIMEOUT_MILLIS, new Answer(round, node));
        }
        tellIfDone();
    }

    private void tellIfDone() {
        if (round.waitingFor > 0) {
            return;
        }
        round = null;
        for (NodeId stranger : refused) {
            if (!accepts(stranger) && told.size() < MAX_STRANGERS && told.add(stranger)) {
                LOG.warn("Node {} does not listen to {}: found it neither among the members {} that this node knows, "
                    + "nor in its own configuration {}, nor known to those of them that answer; expected one of these. "
                    + "If {} is a member now, name it, or another member that is up, under 'members' in this node's "
                    + "file, and restart this node", self, stranger, members, named, stranger);
            }
        }
        refused.clear();
    }

    /** The questions of one time. */
    private static final class Round {
        private int waitingFor;

        Round(int waitingFor) {
            this.waitingFor = waitingFor;
        }
    }

    private final class Answer implements PeerCaller.CallHandler {
        private final Round asked;
        private final NodeId voucher;

        Answer(Round asked, NodeId voucher) {
            this.asked = asked;
            this.voucher = voucher;
        }

        @Override
        public void onResponse(Bytes response) {
            if (asked != round) {
                return; // Another configuration is in force since: the one who answers may not be known any more.
            }
            try {
                NodeStatus status = StatusCodec.decode(response);
                Set<NodeId> now = new TreeSet<>(status.members());
                status.configuration().ifPresent(configuration -> {
                    now.addAll(configuration.learners());
                    now.addAll(configuration.outgoing());
                });
                vouchedBy.put(voucher, now);
            } catch (MalformedBytesException e) {
                counters.accept("vouching.malformed");
                LOG.warn("The status of {} cannot be read: {}", voucher, e.getMessage());
            }
            over();
        }

        @Override
        public void onFailure(CallFailure failure) {
            if (asked == round) {
                counters.accept("vouching.unanswered");
                over();
            }
        }

        private void over() {
            round.waitingFor--;
            tellIfDone();
        }
    }
}
