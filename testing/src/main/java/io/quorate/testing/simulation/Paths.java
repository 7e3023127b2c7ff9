package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace.BecameLeader;
import io.quorate.spi.consensus.ConsensusTrace.Compacted;
import io.quorate.spi.consensus.ConsensusTrace.Event;
import io.quorate.spi.consensus.ConsensusTrace.MembershipInForce;
import io.quorate.spi.consensus.ConsensusTrace.ReadConfirmed;
import io.quorate.spi.consensus.ConsensusTrace.SnapshotDurable;
import io.quorate.spi.consensus.ConsensusTrace.Started;
import io.quorate.spi.consensus.ConsensusTrace.SteppedDown;
import io.quorate.spi.consensus.ConsensusTrace.Truncated;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/** Sees which code paths a run takes. Requires nothing. */
final class Paths implements Invariant {

    /** Where a response says whether it was granted, or how it came out. */
    private static final int OUTCOME_AT = 9;
    /** Where a heartbeat's response says that there is no room. */
    private static final int FULL_AT = 18;
    private static final int CONFLICT = 1;
    private static final int STALE_TERM = 2;
    private static final int STORAGE_FULL = 3;

    private final Map<CodePath, Long> taken = new EnumMap<>(CodePath.class);

    void took(CodePath path) {
        taken.merge(path, 1L, Long::sum);
    }

    Map<CodePath, Long> taken() {
        return Collections.unmodifiableMap(taken);
    }

    @Override
    public void before(ClusterView cluster, NodeView node, Event event) {
        switch (event) {
            case Started started -> {
                if (started.lastIndex() < node.lastIndex) {
                    took(CodePath.LOG_SHORTER_AFTER_RESTART);
                }
                if (started.votedFor().isPresent()) {
                    took(CodePath.VOTE_FOUND_AFTER_RESTART);
                }
            }
            case SnapshotDurable snapshot -> {
                if (snapshot.installed()) {
                    took(CodePath.SNAPSHOT_INSTALLED);
                }
            }
            case Compacted compacted -> took(CodePath.LOG_COMPACTED);
            case Truncated truncated -> {
                if (truncated.index() > node.snapshotIndex) {
                    took(CodePath.CONFLICT_TRUNCATED);
                }
            }
            case SteppedDown down -> took(down.term() < node.term ? CodePath.LEADER_DEPOSED : CodePath.LEADER_GAVE_UP);
            case BecameLeader leader -> {
                if (node.handedOverTerm == leader.term()) {
                    took(CodePath.LEADERSHIP_HANDED_OVER);
                }
            }
            case ReadConfirmed read -> took(read.byLease() ? CodePath.READ_BY_LEASE : CodePath.READ_BY_ROUND);
            case MembershipInForce inForce -> {
                if (node.membership != null) {
                    changed(node, node.membership, inForce.membership());
                }
            }
            default -> { }
        }
    }

    private void changed(NodeView node, Membership before, Membership now) {
        if (now.isJoint() && !before.isJoint()) {
            took(CodePath.JOINT_ENTERED);
            if (node.leading && !now.voters().contains(node.id)) {
                took(CodePath.JOINT_ENTERED_BY_LEAVING_LEADER);
            }
        }
        if (before.isJoint() && !now.isJoint() && node.leading && node.termAt(node.membershipIndex) < node.term) {
            took(CodePath.JOINT_LEFT_BY_ANOTHER_LEADER);
        }
        if (node.leading && before.learners().stream().anyMatch(now.voters()::contains)) {
            took(CodePath.LEARNER_PROMOTED);
        }
        if (node.leading && before.stores().entrySet().stream().anyMatch(store -> now.contains(store.getKey())
            && before.voters().contains(store.getKey()) && now.joining().contains(store.getKey()))) {
            took(CodePath.STORE_REPLACED);
        }
        if (before.members().isEmpty() && now.contains(node.id)) {
            took(CodePath.JOINED_WITHOUT_CONFIGURATION);
        }
    }

    @Override
    public void sent(ClusterView cluster, NodeView from, NodeId to, Frame frame) {
        if (frame.kind() != FrameKind.RESPONSE) {
            return;
        }
        if (frame.rpcType() == RpcType.APPEND_ENTRIES.code()) {
            switch (frame.body().at(OUTCOME_AT)) {
                case CONFLICT -> took(CodePath.APPEND_REFUSED_BY_LOG);
                case STALE_TERM -> took(CodePath.APPEND_REFUSED_BY_TERM);
                case STORAGE_FULL -> took(CodePath.FULL_DISK_TOLD);
                default -> { }
            }
        } else if (frame.rpcType() == RpcType.HEARTBEAT.code() && frame.body().at(FULL_AT) == 1) {
            took(CodePath.FULL_DISK_TOLD);
        } else if (frame.rpcType() == RpcType.PRE_VOTE.code() && frame.body().at(OUTCOME_AT) == 0) {
            took(CodePath.PRE_VOTE_REFUSED);
        } else if (frame.rpcType() == RpcType.REQUEST_VOTE.code() && frame.body().at(OUTCOME_AT) == 0) {
            took(CodePath.VOTE_REFUSED);
        }
    }
}
