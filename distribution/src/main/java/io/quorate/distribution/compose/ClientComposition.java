package io.quorate.distribution.compose;

import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Stage;
import io.quorate.api.ControlPlane;
import io.quorate.api.NodeId;
import io.quorate.client.MemberStatus;
import io.quorate.client.QuorateClient;
import io.quorate.distribution.config.ClientConfig;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import io.quorate.spi.identity.Identity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Connects with the client of {@code io.quorate.client}. */
public final class ClientComposition implements Connector {

    private final Optional<Path> home;

    /** @param home where the distribution lies, with its plugins; empty outside of one */
    public ClientComposition(Optional<Path> home) {
        this.home = home;
    }

    @Override
    public ClusterConnection connect(ClientConfig config, Duration timeout) throws Exception {
        Injector injector = Guice.createInjector(Stage.DEVELOPMENT,
            new ClientModule(config, timeout, Composition.plugins(home)));
        Identity identity = Composition.instance(injector, Identity.class);
        try {
            QuorateClient client = Composition.instance(injector, QuorateClient.class);
            client.start();
            return new Connected(client, identity);
        } catch (Exception e) {
            identity.close();
            throw e;
        }
    }

    private record Connected(QuorateClient client, Identity identity) implements ClusterConnection {

        @Override
        public ControlPlane plane() {
            return client;
        }

        @Override
        public CompletableFuture<List<MemberStatus>> memberStatuses() {
            return client.memberStatuses();
        }

        @Override
        public CompletableFuture<AdministrationResult> changeMembership(
                MembershipChange change, boolean force, Duration atMost) {
            return client.changeMembership(change, force, atMost);
        }

        @Override
        public CompletableFuture<AdministrationResult> transferLeadership(Optional<NodeId> to, Duration atMost) {
            return client.transferLeadership(to, atMost);
        }

        @Override
        public void close() {
            client.close();
            identity.close();
        }
    }
}
