package io.quorate.distribution.compose;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import io.quorate.client.ClientBuilder;
import io.quorate.client.QuorateClient;
import io.quorate.distribution.config.ClientConfig;
import io.quorate.distribution.config.ProviderConfig;
import io.quorate.distribution.problem.Problem;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.plugin.Plugins;
import io.quorate.spi.transport.TransportProvider;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;

/** Composes a client: its identity, its transports, and the client above them. */
final class ClientModule extends AbstractModule {

    /** How long a person waits to be told that nobody answers at all. */
    private static final Duration MAX_CONNECT_TIME = Duration.ofSeconds(2);

    private final ClientConfig config;
    private final Duration timeout;
    private final Plugins plugins;

    ClientModule(ClientConfig config, Duration timeout, Plugins plugins) {
        this.config = config;
        this.timeout = timeout;
        this.plugins = plugins;
    }

    @Provides
    @Singleton
    Identity identity() throws Exception {
        Identity identity = Composition.identity(plugins, config.identity(), config.file());
        identity.start();
        return identity;
    }

    @Provides
    @Singleton
    QuorateClient client(Identity identity) throws Exception {
        ClientBuilder builder = QuorateClient.builder()
            .cluster(config.cluster())
            .servers(config.servers())
            .identity(identity)
            .name("quorate-client")
            .version(BuildVersion.text())
            .operationTimeout(timeout)
            .connectTimeout(timeout.compareTo(MAX_CONNECT_TIME) < 0 ? timeout : MAX_CONNECT_TIME);
        if (config.isOneNode()) {
            builder.preferredServer(config.servers());
        }
        SortedMap<String, TransportProvider> transports = plugins.transports();
        Composition.refuseUnknownSchemes(config.transports(), transports);
        builder.requirePostQuantum(config.requirePostQuantum());
        if (!config.prefer().isEmpty()) {
            builder.prefer(Composition.preference(config.prefer(), config.preferWhere(), transports));
        }
        for (Map.Entry<String, TransportProvider> entry : transports.entrySet()) {
            ProviderConfig settings = config.transports().get(entry.getKey());
            // What no server speaks would only cost the time to load it, at each command.
            if (settings != null || config.prefer().contains(entry.getKey())
                || config.servers().stream().anyMatch(server -> server.scheme().equals(entry.getKey()))) {
                builder.transport(entry.getValue(), settings == null ? Map.of() : settings.settings());
            }
        }
        try {
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw Problem.usage(config.file() + ": " + e.getMessage(), "", "correct the file");
        }
    }
}
