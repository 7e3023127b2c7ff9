package io.quorate.client;

import io.quorate.api.ClusterId;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.Set;

/** What the builder was told, checked. */
record ClientSettings(
    ClusterId cluster,
    List<Endpoint> servers,
    Set<String> schemes,
    List<String> prefer,
    boolean requirePostQuantum,
    List<Endpoint> preferred,
    long operationTimeoutNanos,
    long connectTimeoutNanos,
    boolean sessions,
    int maxPendingOperations,
    long maxPendingBytes) {
}
