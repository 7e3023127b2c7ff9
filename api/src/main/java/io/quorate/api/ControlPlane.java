package io.quorate.api;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The replicated control plane, as an application sees it: embedded in the same process or over the network.
 *
 * <p><b>Threading.</b> All methods may be called from any thread and never block. The returned futures complete on
 * threads of Quorate; do not block in dependent stages, or hand them to an executor of your own. They fail with a
 * {@link ControlPlaneException}, and always complete within the operation's time limit.
 */
public interface ControlPlane extends AutoCloseable {

    /**
     * Replicates a command and applies it.
     *
     * <p>On success the command is durable on a majority and was applied on the answering node.
     *
     * @return the result; or failed with {@link OverloadedException}, {@link UnavailableException} or
     *     {@link NotLeaderException} (nothing happened), {@link CommandRejectedException} (the state machine refused
     *     it), or {@link OutcomeUnknownException} (it may have happened)
     */
    CompletableFuture<CommandResult> submit(Command command);

    /** Asks the state machine. Always safe to repeat. */
    CompletableFuture<QueryResult> query(Bytes query, Consistency consistency);

    /**
     * Waits for news from the state machine: completes with them as soon as there are some, or with nothing after
     * {@code atMost}. What may be asked is the state machine's to define, see {@link StateMachine#watch}.
     */
    CompletableFuture<Optional<Bytes>> watch(Bytes request, Duration atMost);

    /** The peers as the asked node knows them. */
    CompletableFuture<PeerView> peers();

    /**
     * Waits for changes after {@code afterNumber}: completes with them as soon as there are some, or with none after
     * {@code atMost}. Begin with the number of a {@link #peers()} answer; no change is missed and none is told twice.
     */
    CompletableFuture<PeerChanges> peerChanges(long afterNumber, Duration atMost);

    /** The asked node's account of itself. */
    CompletableFuture<NodeStatus> status();

    /** Releases everything; idempotent; returns within 10 seconds. Operations under way fail. */
    @Override
    void close();
}
