package io.quorate.spi.node;

import io.quorate.spi.consensus.Feature;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is different for a node in a simulation, beside what its consensus finds ({@code ConsensusEnvironment}).
 *
 * @param trace hears how the replicated state follows from the log
 * @param sessionPace how the time of sessions passes; the same on all nodes of a cluster
 * @param features the labels of the {@link Feature}s that the node has; with fewer than all it is like one of an
 *     earlier build
 */
public record NodeEnvironment(StateTrace trace, SessionPace sessionPace, SortedSet<String> features) {

    /** Production's. */
    public static final NodeEnvironment USUAL =
        new NodeEnvironment(StateTrace.NONE, SessionPace.USUAL, Feature.ofThisBuild());

    public NodeEnvironment {
        features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
    }
}
