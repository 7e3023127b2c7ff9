package io.quorate.testing.memory;

import io.quorate.spi.time.Cancellable;
import io.quorate.spi.transport.Endpoint;
import io.quorate.spi.transport.RefusalReason;
import io.quorate.spi.transport.TransportLimits;

/** One attempt to reach an endpoint. On a blocked path it waits, as a SYN that is sent again, until its time is up. */
final class MemoryDial {

    private final MemoryTransport transport;
    private final MemoryNetwork network;
    private final Endpoint target;
    private final long dialId;
    private final MemoryPath path;
    private final Endpoint listener;
    private Cancellable deadline;
    private boolean travelling;

    MemoryDial(MemoryTransport transport, Endpoint target, long dialId) {
        this.transport = transport;
        this.network = transport.network();
        this.target = target;
        this.dialId = dialId;
        this.path = network.pathFrom(target);
        this.listener = path == null ? target : path.target();
    }

    MemoryTransport transport() {
        return transport;
    }

    String host() {
        return transport.host();
    }

    void begin() {
        network.began(this);
        deadline = network.world().schedule(TransportLimits.CONNECT_TIMEOUT_MILLIS * 1_000_000,
            () -> fail(RefusalReason.CONNECT_FAILED, "no answer from " + target));
        pathOpened();
    }

    /** The path may be open again. */
    void pathOpened() {
        if (!travelling && !isBlocked()) {
            travelling = true;
            network.world().schedule(network.delayNanos(), this::arrive);
        }
    }

    private boolean isBlocked() {
        return network.isBlocked(host(), listener.host()) || network.isBlocked(listener.host(), host())
            || path != null && path.isBlocked();
    }

    private void arrive() {
        travelling = false;
        MemoryTransport other = network.listener(listener);
        if (isBlocked()) {
            return; // it waits for the path, or for its deadline
        }
        if (other == null || other.isClosed() || path != null && path.isCut()) {
            fail(RefusalReason.CONNECT_FAILED, "connection refused by " + target);
        } else if (network.ended(this)) {
            deadline.cancel();
            transport.connect(other, path, target, dialId);
        }
    }

    /** The attempt is over, unless it was already. */
    void fail(RefusalReason reason, String detail) {
        if (network.ended(this)) {
            deadline.cancel();
            transport.fail(dialId, target, reason, detail);
        }
    }
}
