package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace.Campaigned;
import io.quorate.spi.consensus.ConsensusTrace.Event;
import io.quorate.spi.consensus.ConsensusTrace.HardStateDurable;
import io.quorate.spi.consensus.ConsensusTrace.Voted;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.nio.ByteBuffer;

/**
 * A node that hears nobody never deposes a leader that a majority hears (thesis §4.2.3, §9.6), in two properties that
 * say so together: nobody begins a term without a majority that would vote for him, and nobody who hears a leader is a
 * part of such a majority.
 */
final class LoyaltyInvariants {

    private static final int TERM_AT = 1;
    private static final int GRANTED_AT = 9;

    private LoyaltyInvariants() {
    }

    /** Who begins a term has pre-votes for it of a quorum of his configuration, or was handed the leadership. */
    static final class TermsBeginWithPreVotes implements Invariant {

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (!(event instanceof Campaigned campaigned)) {
                return;
            }
            if (campaigned.preVote()) {
                node.preVotes.clear();
            } else if (node.handedOver) {
                node.handedOver = false;
                node.handedOverTerm = campaigned.term();
            } else if (!ClusterView.isQuorum(node.membership, id -> id.equals(node.id) || node.preVotes.contains(id))) {
                throw new Violation("a term begins with pre-votes of a quorum", node.id + " begins term "
                    + campaigned.term() + " of " + node.membership + " with pre-votes of " + node.preVotes);
            }
        }

        @Override
        public void sent(ClusterView cluster, NodeView from, NodeId to, Frame frame) {
            if (frame.rpcType() == RpcType.TIMEOUT_NOW.code() && frame.kind() == FrameKind.REQUEST) {
                cluster.node(to).handedOver = true;
            } else if (grantsPreVote(frame)) {
                cluster.node(to).preVotes.add(from.id);
            }
        }
    }

    /**
     * Who has just answered a leader's heartbeat, and has kept its connections to it, gives no other a pre-vote; who
     * leads gives none at all. Just is half of the shortest election timeout ago: the answer was on its way, and clocks
     * run fast by a quarter.
     */
    static final class LoyalNodesGiveNoPreVotes implements Invariant {

        /** A vote or a term that was being written may have held up answers to what was heard long before. */
        private static final long SETTLED_NANOS = 2_000_000_000;

        @Override
        public void before(ClusterView cluster, NodeView node, Event event) {
            if (event instanceof HardStateDurable || event instanceof Voted) {
                node.hardStateChangedNanos = cluster.nowNanos();
            }
        }

        @Override
        public void sent(ClusterView cluster, NodeView from, NodeId to, Frame frame) {
            if (frame.rpcType() == RpcType.HEARTBEAT.code() && frame.kind() == FrameKind.RESPONSE) {
                ByteBuffer body = frame.body().asByteBuffer();
                if (body.get(GRANTED_AT) == 1) {
                    from.heard = to;
                    from.heardTerm = body.getLong(TERM_AT);
                    from.heardNanos = cluster.nowNanos();
                }
            } else if (grantsPreVote(frame)) {
                long now = cluster.nowNanos();
                boolean settled = now - from.hardStateChangedNanos >= SETTLED_NANOS;
                NodeView leader = from.heard == null || from.heard.equals(to) ? null : cluster.node(from.heard);
                if (settled && from.leading) {
                    throw new Violation("a leader gives no pre-vote", from.id + " leads term " + from.term
                        + " and gives one to " + to);
                }
                // Whoever removes itself is nobody to be loyal to, also while it still leads.
                boolean member = leader != null && from.membership != null && from.membership.contains(leader.id);
                if (settled && member && leader.up && leader.leading && leader.term == from.heardTerm
                    && now - from.heardNanos < cluster.shortestElectionNanos() / 2
                    && cluster.lastEnd(from.id, leader.id) < from.heardNanos) {
                    throw new Violation("who hears a leader gives no pre-vote", from.id + " has answered the heartbeat "
                        + "of " + leader.id + " in term " + leader.term + " " + (now - from.heardNanos) / 1_000_000
                        + " ms ago and gives a pre-vote to " + to);
                }
            }
        }
    }

    private static boolean grantsPreVote(Frame frame) {
        return frame.rpcType() == RpcType.PRE_VOTE.code() && frame.kind() == FrameKind.RESPONSE
            && frame.body().at(GRANTED_AT) == 1;
    }
}
