package io.quorate.spi.node;

import io.quorate.spi.QuorateProvider;

/** Makes whole nodes. */
public interface NodeProvider extends QuorateProvider {

    /** Creates a node; opens and starts nothing. */
    Node create(NodeContext context);
}
