package io.quorate.testing.simulation;

import io.quorate.api.NodeId;
import io.quorate.spi.consensus.ConsensusTrace;
import io.quorate.spi.wire.Frame;

/** A property that must hold after every event. One class for each; the class's comment is the property. */
interface Invariant {

    /** A node tells a step; {@code node} shows it as it was before. */
    default void before(ClusterView cluster, NodeView node, ConsensusTrace.Event event) {
    }

    /** The same, with {@code node} as it is after it. */
    default void after(ClusterView cluster, NodeView node, ConsensusTrace.Event event) {
    }

    /** A node sends a frame of a call. */
    default void sent(ClusterView cluster, NodeView from, NodeId to, Frame frame) {
    }

    /** A command was applied, after everything that {@code hash} stands for. */
    default void applied(NodeView node, long index, int position, long hash) {
    }

    /** A node's disk was replaced by an empty one. */
    default void wiped(NodeId node) {
    }
}
