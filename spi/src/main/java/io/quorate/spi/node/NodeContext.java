package io.quorate.spi.node;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.api.StateMachine;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Transport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * What a node is made of, where somebody else owns its threads.
 *
 * @param self this node
 * @param cluster its cluster
 * @param directory where the consensus keeps its durable state; made if it is not there
 * @param identity started; proves {@code self}; stays its maker's
 * @param transports created, not started; the node starts and closes them
 * @param consensus what decides
 * @param consensusSettings its settings
 * @param environment the machine as the consensus sees it
 * @param stateMachine a fresh one, to which nothing has been applied
 * @param bootstrap the configuration of the cluster's first start
 * @param version the build's version, for people
 * @param loop the node's loop; does not run yet, and the node does not close it
 * @param applyThread runs tasks one at a time, in order; the node does not close it
 * @param incarnation this process's number, greater than those before it
 * @param nodeEnvironment what is different for a simulation
 */
public record NodeContext(
    NodeId self,
    ClusterId cluster,
    Path directory,
    Identity identity,
    List<Transport> transports,
    ConsensusProvider consensus,
    Map<String, String> consensusSettings,
    ConsensusEnvironment environment,
    StateMachine stateMachine,
    Membership bootstrap,
    String version,
    NodeLoop loop,
    Executor applyThread,
    long incarnation,
    NodeEnvironment nodeEnvironment) {

    public NodeContext {
        transports = List.copyOf(transports);
        consensusSettings = Map.copyOf(consensusSettings);
    }
}
