package io.quorate.spi.node;

import io.quorate.api.ControlPlane;
import io.quorate.spi.transport.Endpoint;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A whole node: its own control plane, and its life.
 *
 * <p><b>Threading.</b> {@link #start} is called once, before the loop runs; it may block. Everything else may be called
 * from any thread.
 */
public interface Node extends AutoCloseable {

    /**
     * Opens the durable state, binds the transports, and takes part from then on. If it throws, everything is closed
     * again.
     *
     * @throws Exception what was found, what was expected, and the remedy
     */
    void start() throws Exception;

    /** What an application that embeds this node uses. */
    ControlPlane controlPlane();

    /** Where the transports listen, with the ports that were chosen. */
    List<Endpoint> listening();

    /** Completes with the problem when the node has stopped serving by itself; never by {@link #close}. */
    CompletableFuture<String> failure();

    /**
     * The first half of an end in order: hands the leadership over, takes no new commands, and waits for the results of
     * those that it has taken; for about a second at most. {@link #close} does it by itself, but not with a loop of the
     * owner's own.
     *
     * @return completes on the loop, never with a failure; not at all if the loop does not run
     */
    CompletableFuture<Void> leave();

    /** Stops in order; idempotent. With a loop of the owner's own it happens in a task of that loop. */
    @Override
    void close();
}
