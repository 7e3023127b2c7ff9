package io.quorate.testing.simulation;

import io.quorate.api.ClusterId;
import io.quorate.api.ControlPlane;
import io.quorate.spi.identity.Identity;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.TransportProvider;
import java.util.List;

/**
 * Makes clients that are no nodes: applications on machines of their own, which reach the cluster over the network. For
 * a simulation this is the real client on a loop of virtual time.
 */
@FunctionalInterface
public interface RemoteClients {

    /**
     * Where a client lives.
     *
     * @param cluster the cluster to talk to
     * @param identity its own, started
     * @param transport reaches the simulated hosts
     * @param servers where the first nodes listen
     * @param loop its loop; there is no thread
     */
    record Place(ClusterId cluster, Identity identity, TransportProvider transport, List<Endpoint> servers,
        NodeLoop loop) {
    }

    /** A client that was started. */
    ControlPlane start(Place place);
}
