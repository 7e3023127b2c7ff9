package io.quorate.registry.session;

import io.quorate.spi.consensus.RpcResponder;

/**
 * One call being served: its answer, and whether anybody still waits for it.
 *
 * <p>Answers may be given from any thread; they go to the transport directly, without a hop to the loop. After the
 * caller has given up, an answer is dropped without a word.
 */
public interface ServedCall extends RpcResponder {

    /** Whether the caller has given up or its connection is gone. Any thread. */
    boolean cancelled();

    /**
     * Runs {@code action} on the loop, once, if the caller gives up or its connection goes before the answer; so that a
     * long poll stops. If that has happened already, {@code action} runs in a later task. Loop only; at most one
     * action.
     */
    void onCancelled(Runnable action);

    /** How much of the caller's time is left, in milliseconds; 0 or less if none is. Any thread. */
    long remainingMillis();
}
