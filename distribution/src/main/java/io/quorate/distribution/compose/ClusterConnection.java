package io.quorate.distribution.compose;

import io.quorate.api.ControlPlane;
import io.quorate.client.MemberStatus;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A client with everything that belongs to it. Thread-safe. */
public interface ClusterConnection extends AutoCloseable {

    /** The cluster; closed with this connection. */
    ControlPlane plane();

    /** Every member's account of itself, or why there is none. */
    CompletableFuture<List<MemberStatus>> memberStatuses();

    /** Releases everything; idempotent; returns within 10 seconds. */
    @Override
    void close();
}
