package io.quorate.registry.provider;

import io.quorate.api.ControlPlane;
import io.quorate.registry.node.ControlPlaneNode;
import io.quorate.registry.node.NodeFailure;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.node.Node;
import io.quorate.spi.node.NodeContext;
import io.quorate.spi.node.NodeProvider;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Provides {@link ControlPlaneNode}, the very class that production runs. */
public final class ControlPlaneNodeProvider implements NodeProvider {

    private static final String NAME = "control-plane";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int spiVersion() {
        return QuorateProvider.SPI_VERSION;
    }

    @Override
    public Node create(NodeContext context) {
        ControlPlaneNode.Builder builder = ControlPlaneNode.builder().self(context.self()).cluster(context.cluster())
            .directory(context.directory()).identity(context.identity())
            .consensus(context.consensus(), context.consensusSettings()).environment(context.environment())
            .stateMachine(context.stateMachine()).bootstrap(context.bootstrap()).version(context.version())
            .loop(context.loop()).applyThread(context.applyThread()).incarnation(context.incarnation())
            .nodeEnvironment(context.nodeEnvironment());
        context.transports().forEach(builder::transport);
        return new Provided(builder.build());
    }

    private record Provided(ControlPlaneNode node) implements Node {

        @Override
        public void start() throws Exception {
            node.start();
        }

        @Override
        public ControlPlane controlPlane() {
            return node;
        }

        @Override
        public List<Endpoint> listening() {
            return node.listening();
        }

        @Override
        public CompletableFuture<String> failure() {
            return node.failure().thenApply(NodeFailure::problem);
        }

        @Override
        public CompletableFuture<Void> leave() {
            return node.leave();
        }

        @Override
        public void close() {
            node.close();
        }
    }
}
