package io.quorate.distribution.compose;

import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Stage;
import io.quorate.distribution.config.NodeConfig;
import io.quorate.registry.node.ControlPlaneNode;
import io.quorate.spi.identity.Identity;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A node and its identity, composed by its configuration. {@link #close} may come from another thread than the rest.
 */
public final class NodeComposition implements AutoCloseable {

    private final Identity identity;
    private final ControlPlaneNode node;

    private NodeComposition(Identity identity, ControlPlaneNode node) {
        this.identity = identity;
        this.node = node;
    }

    /**
     * Composes a node; its identity is loaded and checked, and nothing else is started.
     *
     * @param home where the distribution lies, with its plugins; empty outside of one
     * @throws Exception if a plugin, the identity or the configuration cannot be used
     */
    public static NodeComposition of(NodeConfig config, Optional<Path> home) throws Exception {
        Injector injector = Guice.createInjector(Stage.DEVELOPMENT,
            new NodeModule(config, Composition.plugins(home)));
        Identity identity = Composition.instance(injector, Identity.class);
        try {
            return new NodeComposition(identity, Composition.instance(injector, ControlPlaneNode.class));
        } catch (Exception e) {
            identity.close();
            throw e;
        }
    }

    public ControlPlaneNode node() {
        return node;
    }

    /** Closes the node in order, then its identity; idempotent. */
    @Override
    public void close() {
        node.close();
        identity.close();
    }
}
