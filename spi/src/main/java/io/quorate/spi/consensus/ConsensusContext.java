package io.quorate.spi.consensus;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.spi.time.NodeLoop;
import java.nio.file.Path;
import java.util.Map;

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
    ConsensusEnvironment environment) {

    public ConsensusContext {
        settings = Map.copyOf(settings);
    }
}
