package io.quorate.registry.node;

import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import java.util.List;

/**
 * Commands that one caller handed in together, on their way to their results.
 *
 * <p>It ends once, by {@link #succeed} or {@link #fail}, on any thread; the second end does nothing. So whoever is
 * first, the result or the deadline, decides, and no other step has to know.
 */
interface Submission {

    int commands();

    /** What its commands take in a batch, in bytes. */
    int bodyBytes();

    long deadlineNanos();

    /** Whether a member passed it on: then it is this node's to propose, or nobody's. */
    boolean fromMember();

    void joinTo(CommandBatch.Joiner joiner);

    boolean ended();

    /** Whether it may be tried again although an attempt may have been applied: its session sees to that. */
    default boolean repeatable() {
        return false;
    }

    /** An attempt ended without an answer and may have been applied. Asked of what is {@link #repeatable} alone. */
    default void doubt() {
    }

    /**
     * @param outcomes those of the whole entry
     * @param from where this submission's begin
     */
    void succeed(LogIndex index, List<Outcome> outcomes, int from);

    void fail(ControlPlaneException why);
}
