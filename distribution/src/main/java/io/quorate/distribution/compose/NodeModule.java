package io.quorate.distribution.compose;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import io.quorate.api.StateMachine;
import io.quorate.distribution.config.NodeConfig;
import io.quorate.distribution.config.ProviderConfig;
import io.quorate.distribution.problem.Problem;
import io.quorate.registry.node.ControlPlaneNode;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.identity.PeerIdentity;
import io.quorate.spi.plugin.PluginException;
import io.quorate.spi.plugin.Plugins;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;

/** Composes a node: plugins chosen by its file, and the node above them. Nothing is started but the identity. */
final class NodeModule extends AbstractModule {

    private final NodeConfig config;
    private final Plugins plugins;

    NodeModule(NodeConfig config, Plugins plugins) {
        this.config = config;
        this.plugins = plugins;
    }

    @Provides
    @Singleton
    Identity identity() throws Exception {
        Identity identity = Composition.identity(plugins, config.identity(), config.file());
        identity.start();
        PeerIdentity self = identity.self();
        if (self.kind() != PeerIdentity.Kind.NODE || !self.name().equals(config.node().value())) {
            identity.close();
            throw Problem.failed(config.identity().where() + ": found the certificate of " + self,
                "that of this node, .../node/" + config.node(),
                "name the files that 'quorate pki issue node " + config.node() + "' made, or correct 'node'");
        }
        return identity;
    }

    @Provides
    @Singleton
    ConsensusProvider consensus() throws Exception {
        return Composition.choose(config.consensus(), () -> plugins.consensus(config.consensus().provider()));
    }

    @Provides
    @Singleton
    StateMachine stateMachine() throws Problem {
        try {
            return plugins.stateMachine(config.stateMachine());
        } catch (PluginException e) {
            throw Problem.failed(config.stateMachineWhere() + ": " + e.getMessage(), e);
        }
    }

    /** Whether the file has a use for a transport: then the node does not start without it. */
    private boolean mentions(String scheme) {
        return config.transports().containsKey(scheme) || config.prefer().contains(scheme)
            || Stream.concat(config.listen().stream(), config.members().values().stream().flatMap(List::stream))
                .anyMatch(endpoint -> endpoint.scheme().equals(scheme));
    }

    @Provides
    @Singleton
    ControlPlaneNode node(Identity identity, ConsensusProvider consensus, StateMachine stateMachine) throws Exception {
        ControlPlaneNode.Builder builder = ControlPlaneNode.builder()
            .self(config.node())
            .cluster(config.cluster())
            .directory(config.dataDirectory())
            .identity(identity)
            .consensus(consensus, config.consensus().settings())
            .stateMachine(stateMachine)
            .bootstrap(config.join() ? Membership.ofNobody(config.members())
                : Membership.ofVoters(config.members()))
            .advertise(config.advertise())
            .version(BuildVersion.text());
        SortedMap<String, TransportProvider> transports = plugins.transports();
        Composition.refuseUnknownSchemes(config.transports(), transports);
        builder.prefer(Composition.preference(config.prefer(), config.preferWhere(), transports))
            .requirePostQuantum(config.requirePostQuantum());
        List<Endpoint> listen = new ArrayList<>(config.listen());
        for (Map.Entry<String, TransportProvider> entry : transports.entrySet()) {
            Optional<Endpoint> own = listen.stream().filter(at -> at.scheme().equals(entry.getKey())).findFirst();
            own.ifPresent(listen::remove);
            ProviderConfig settings = config.transports().get(entry.getKey());
            TransportProvider provider = mentions(entry.getKey()) ? entry.getValue()
                : OnDemandTransport.of(entry.getValue());
            builder.transport(provider, own, settings == null ? Map.of() : settings.settings());
        }
        if (!listen.isEmpty()) {
            throw Problem.usage(config.file() + ": found " + listen.get(0) + " in 'listen' and no transport for it",
                "one of the schemes " + String.join(", ", transports.keySet()),
                "correct the scheme, or add the plugin; 'quorate plugins' lists what is there");
        }
        try {
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw Problem.usage(config.file() + ": " + e.getMessage(), "", "correct the settings");
        }
    }
}
