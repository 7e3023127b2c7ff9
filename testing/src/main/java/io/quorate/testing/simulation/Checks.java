package io.quorate.testing.simulation;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.api.PeerEvent;
import io.quorate.spi.consensus.ConsensusTrace.Appended;
import io.quorate.spi.consensus.ConsensusTrace.Committed;
import io.quorate.spi.consensus.ConsensusTrace.Event;
import io.quorate.spi.consensus.ConsensusTrace.LogDurable;
import io.quorate.spi.consensus.ConsensusTrace.ReadConfirmed;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.node.StateTrace;
import io.quorate.spi.wire.Frame;
import io.quorate.testing.disk.SimulatedDisk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** Hears everything, notes it, and holds it to the invariants. The first violation is kept until the event is over. */
final class Checks {

    private static final int TYPES = EntryType.values().length;

    private final ClusterView cluster;
    private final Paths paths = new Paths();
    private final Invariant[] invariants;
    private final Map<Class<?>, String> steps = new HashMap<>();
    private final Map<String, NodeView> byHost = new HashMap<>();
    private final StateInvariants.ReplicatedStatesAgree states = new StateInvariants.ReplicatedStatesAgree();
    private final StateInvariants.RegistryIsTold registry = new StateInvariants.RegistryIsTold();
    private final Timeline timeline;
    private Violation violation;

    Checks(Timeline timeline, Function<NodeId, SimulatedDisk> disks) {
        this.timeline = timeline;
        cluster = new ClusterView(timeline::nowNanos);
        List<Invariant> all = new ArrayList<>(Invariants.all());
        all.add(new DurableOnDisk(disks));
        all.add(paths);
        invariants = all.toArray(Invariant[]::new);
    }

    Paths paths() {
        return paths;
    }

    void connectionEnded(String one, String other) {
        cluster.connectionEnded(at(one).id, at(other).id);
    }

    ClusterView cluster() {
        return cluster;
    }

    void traced(NodeId id, Event event) {
        timeline.mix(id.value());
        switch (event) {
            // The most frequent ones cost no words: a reader can do without them, and the hash takes their numbers.
            case Appended appended -> {
                timeline.mix(appended.index());
                timeline.mix(appended.term() * TYPES + appended.type().ordinal());
                timeline.mix(appended.checksum());
            }
            case LogDurable durable -> timeline.mix(durable.index());
            case Committed committed -> timeline.mix(committed.index());
            case ReadConfirmed read -> timeline.mix(read.byLease() ? -read.index() : read.index());
            default -> {
                String text = event.toString();
                timeline.mix(text);
                timeline.show(id.value(), text);
            }
        }
        timeline.count(steps.computeIfAbsent(event.getClass(), type -> "step " + type.getSimpleName()));
        NodeView node = cluster.node(id);
        try {
            for (Invariant invariant : invariants) {
                invariant.before(cluster, node, event);
            }
        } catch (Violation found) {
            violated(found);
        }
        cluster.update(node, event);
        try {
            for (Invariant invariant : invariants) {
                invariant.after(cluster, node, event);
            }
        } catch (Violation found) {
            violated(found);
        }
    }

    void applied(NodeId id, AppliedCommand command, Bytes result, long hash) {
        timeline.mix(hash);
        NodeView node = cluster.node(id);
        try {
            for (Invariant invariant : invariants) {
                invariant.applied(node, command.index().value(), command.position(), hash);
            }
        } catch (Violation found) {
            violated(found);
        }
    }

    /** What one node tells of its replicated state. */
    StateTrace stateOf(NodeId id) {
        return new StateTrace() {
            @Override
            public void applied(long index, LongSupplier hash) {
                if (states.looksAt(index)) {
                    long found = hash.getAsLong();
                    timeline.mix(found);
                    hold(() -> states.applied(id, index, found));
                }
            }

            @Override
            public void restored(long index, long registryNumber) {
                paths.took(CodePath.STATE_RESTORED);
                hold(() -> registry.restored(id, registryNumber));
            }

            @Override
            public void registryChanged(List<PeerEvent> changes) {
                hold(() -> registry.changed(id, changes));
            }

            @Override
            public void sessionsExpired(int count) {
                if (count > 0) {
                    paths.took(CodePath.SESSION_EXPIRED);
                }
            }

            @Override
            public void commandRepeated() {
                paths.took(CodePath.COMMAND_REPEATED);
            }
        };
    }

    void processStarted(NodeId id, long incarnation) {
        registry.started(id, incarnation);
    }

    private void hold(Runnable check) {
        try {
            check.run();
        } catch (Violation found) {
            violated(found);
        }
    }

    void sent(String from, String to, Frame frame) {
        if (frame.kind().isRpc()) {
            NodeView node = at(from);
            if (!node.started) {
                return; // A consensus that tells nothing of its steps is held to what can be seen without.
            }
            try {
                for (Invariant invariant : invariants) {
                    invariant.sent(cluster, node, at(to).id, frame);
                }
            } catch (Violation found) {
                violated(found);
            }
        }
    }

    private NodeView at(String host) {
        NodeView node = byHost.get(host);
        if (node == null) {
            node = cluster.node(new NodeId(host));
            byHost.put(host, node);
        }
        return node;
    }

    void ended(NodeId id) {
        cluster.node(id).processEnded();
    }

    void damaged(NodeId id) {
        cluster.node(id).damaged = true;
    }

    void wiped(NodeId id) {
        cluster.node(id).forgetEverything();
        for (Invariant invariant : invariants) {
            invariant.wiped(id);
        }
    }

    /** Something that must not be has been found. */
    void violated(Violation found) {
        if (violation == null) {
            violation = found;
        }
    }

    /** @throws Violation if there was one since the run began */
    void throwIfViolated() {
        if (violation != null) {
            throw violation;
        }
    }
}
