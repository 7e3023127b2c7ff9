/**
 * What plugins implement: consensus, transport and identity, found with {@link java.util.ServiceLoader}; the frame
 * codec that every transport uses; the ports of time and scheduling.
 */
module io.quorate.spi {
    requires transitive io.quorate.api;
    requires org.slf4j;

    exports io.quorate.spi;
    exports io.quorate.spi.consensus;
    exports io.quorate.spi.identity;
    exports io.quorate.spi.node;
    exports io.quorate.spi.plugin;
    exports io.quorate.spi.storage;
    exports io.quorate.spi.time;
    exports io.quorate.spi.transport;
    exports io.quorate.spi.transport.support;
    exports io.quorate.spi.wire;

    uses io.quorate.api.StateMachine;
    uses io.quorate.spi.consensus.ConsensusProvider;
    uses io.quorate.spi.consensus.StorageInspector;
    uses io.quorate.spi.identity.IdentityProvider;
    uses io.quorate.spi.node.NodeProvider;
    uses io.quorate.spi.transport.TransportProvider;
}
