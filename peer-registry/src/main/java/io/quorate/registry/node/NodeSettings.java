package io.quorate.registry.node;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.api.StateMachine;
import io.quorate.registry.session.Counters;
import io.quorate.registry.session.SessionSettings;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.node.NodeEnvironment;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.Transport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;

/** What {@link ControlPlaneNode.Builder} has collected; complete and checked. */
record NodeSettings(
    NodeId self,
    ClusterId cluster,
    Path directory,
    Identity identity,
    List<Transport> transports,
    List<Endpoint> advertised,
    List<String> prefer,
    boolean requirePostQuantum,
    ConsensusProvider consensus,
    Map<String, String> consensusSettings,
    ConsensusEnvironment environment,
    StateMachine stateMachine,
    Membership bootstrap,
    SessionSettings sessions,
    Counters counters,
    String version,
    Optional<NodeLoop> loop,
    Optional<Executor> applyThread,
    OptionalLong incarnation,
    NodeEnvironment nodeEnvironment) {
}
