/** The handshake, sessions, dialing, the replicated registry of peers and their status. */
module io.quorate.registry {
    requires transitive io.quorate.spi;
    requires org.slf4j;

    exports io.quorate.registry.loop;
    exports io.quorate.registry.node;
    exports io.quorate.registry.protocol;
    exports io.quorate.registry.session;

    provides io.quorate.spi.node.NodeProvider with io.quorate.registry.provider.ControlPlaneNodeProvider;
}
