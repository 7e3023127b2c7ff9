package io.quorate.distribution.compose;

import io.quorate.api.ControlPlane;
import io.quorate.api.NodeId;
import io.quorate.client.MemberStatus;
import io.quorate.spi.consensus.AdministrationResult;
import io.quorate.spi.consensus.MembershipChange;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A client with everything that belongs to it. Thread-safe. */
public interface ClusterConnection extends AutoCloseable {

    /** The cluster; closed with this connection. */
    ControlPlane plane();

    /** Every member's account of itself, or why there is none. */
    CompletableFuture<List<MemberStatus>> memberStatuses();

    /** See {@link io.quorate.client.QuorateClient#changeMembership}. */
    CompletableFuture<AdministrationResult> changeMembership(MembershipChange change, boolean force, Duration atMost);

    /** See {@link io.quorate.client.QuorateClient#transferLeadership}. */
    CompletableFuture<AdministrationResult> transferLeadership(Optional<NodeId> to, Duration atMost);

    /** Releases everything; idempotent; returns within 10 seconds. */
    @Override
    void close();
}
