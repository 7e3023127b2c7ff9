package io.quorate.spi.consensus;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.spi.time.NodeLoop;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a host gives to a consensus.
 *
 * @param self this node
 * @param cluster its cluster; bound into everything stored
 * @param directory where to keep durable state; exclusive to this node, exists
 * @param bootstrap the configuration of the cluster's first start. Used while the directory holds none, afterwards
 *     ignored.
 * @param loop the thread on which the consensus decides
 * @param peers how to call other nodes
 * @param host hears what the consensus decides
 * @param settings the consensus' own settings from the configuration; an unknown one is refused by {@code create}
 *     with an
 *     {@link IllegalArgumentException} that names those that exist
 * @param environment the machine
 * @param features the labels of the {@link Feature}s that this node has; with others on in its data it does not go on
 */
public record ConsensusContext(
    NodeId self,
    ClusterId cluster,
    Path directory,
    Membership bootstrap,
    NodeLoop loop,
    PeerCaller peers,
    ConsensusHost host,
    Map<String, String> settings,
    ConsensusEnvironment environment,
    SortedSet<String> features) {

    public ConsensusContext {
        settings = Map.copyOf(settings);
        features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
    }

    /** With all features of this build. */
    public ConsensusContext(NodeId self, ClusterId cluster, Path directory, Membership bootstrap, NodeLoop loop,
        PeerCaller peers, ConsensusHost host, Map<String, String> settings, ConsensusEnvironment environment) {
        this(self, cluster, directory, bootstrap, loop, peers, host, settings, environment, Feature.ofThisBuild());
    }
}
