package io.quorate.testing.simulation;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace.Appended;
import io.quorate.spi.consensus.ConsensusTrace.Committed;
import io.quorate.spi.consensus.ConsensusTrace.Event;
import io.quorate.spi.consensus.ConsensusTrace.LogDurable;
import io.quorate.spi.consensus.ConsensusTrace.ReadConfirmed;
import io.quorate.spi.consensus.ConsensusTrace.SnapshotDurable;
import io.quorate.spi.wire.Frame;
import java.util.List;

/** Hears everything, notes it, and holds it to the invariants. The first violation is kept until the event is over. */
final class Checks {

    private final ClusterView cluster = new ClusterView();
    private final List<Invariant> invariants = Invariants.all();
    private final Timeline timeline;
    private Violation violation;

    Checks(Timeline timeline) {
        this.timeline = timeline;
    }

    ClusterView cluster() {
        return cluster;
    }

    void traced(NodeId id, Event event) {
        if (!(event instanceof Appended || event instanceof LogDurable || event instanceof Committed
            || event instanceof ReadConfirmed)) {
            timeline.add(id.value(), event.toString());
        } else {
            timeline.mix(id.value());
            timeline.mix(event.toString());
        }
        timeline.count("step " + event.getClass().getSimpleName());
        if (event instanceof SnapshotDurable snapshot && snapshot.installed()) {
            timeline.count("snapshots installed");
        }
        NodeView node = cluster.node(id);
        hold(() -> invariants.forEach(invariant -> invariant.before(cluster, node, event)));
        cluster.update(node, event);
        hold(() -> invariants.forEach(invariant -> invariant.after(cluster, node, event)));
    }

    void applied(NodeId id, AppliedCommand command, Bytes result, long hash) {
        timeline.mix(hash);
        NodeView node = cluster.node(id);
        hold(() -> invariants.forEach(invariant ->
            invariant.applied(node, command.index().value(), command.position(), hash)));
    }

    void sent(String from, String to, Frame frame) {
        if (frame.kind().isRpc()) {
            NodeView node = cluster.node(new NodeId(from));
            if (!node.started) {
                return; // A consensus that tells nothing of its steps is held to what can be seen without.
            }
            hold(() -> invariants.forEach(invariant -> invariant.sent(cluster, node, new NodeId(to), frame)));
        }
    }

    void ended(NodeId id) {
        cluster.node(id).processEnded();
    }

    void damaged(NodeId id) {
        cluster.node(id).damaged = true;
    }

    void wiped(NodeId id) {
        cluster.node(id).forgetEverything();
        invariants.forEach(invariant -> invariant.wiped(id));
    }

    /** Something that must not be has been found. */
    void violated(Violation found) {
        if (violation == null) {
            violation = found;
        }
    }

    private void hold(Runnable check) {
        try {
            check.run();
        } catch (Violation found) {
            violated(found);
        }
    }

    /** @throws Violation if there was one since the run began */
    void throwIfViolated() {
        if (violation != null) {
            throw violation;
        }
    }
}
