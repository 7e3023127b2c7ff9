package io.quorate.distribution.compose;

import io.quorate.distribution.config.ClientConfig;
import java.time.Duration;

/** Reaches clusters. Thread-safe. */
public interface Connector {

    /**
     * Makes a client; it connects by itself, so that the first operation waits for a connection, not this call.
     *
     * @param timeout the time limit of each operation
     * @throws Exception if the identity or a plugin cannot be used
     */
    ClusterConnection connect(ClientConfig config, Duration timeout) throws Exception;
}
