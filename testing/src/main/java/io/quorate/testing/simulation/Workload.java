package io.quorate.testing.simulation;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.NodeId;
import io.quorate.api.StateMachine;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * What the clients of a simulated cluster do, and what they may see.
 *
 * <p>Everything that {@link #next} decides must come from its arguments, so that a seed gives the same run again.
 */
public interface Workload {

    /**
     * What one client asks for.
     *
     * @param payload a command if {@code consistency} is empty, otherwise a query
     * @param consistency how fresh a query's answer must be
     */
    record Request(Bytes payload, Optional<Consistency> consistency) {

        public static Request command(Bytes payload) {
            return new Request(payload, Optional.empty());
        }

        public static Request query(Bytes payload, Consistency consistency) {
            return new Request(payload, Optional.of(consistency));
        }
    }

    /**
     * What became of a request. What certainly had no effect is left out.
     *
     * @param client who asked
     * @param node the node that was asked
     * @param request what was asked
     * @param answer the answer; empty if the outcome is unknown
     * @param invokedNanos when it was asked, in virtual time
     * @param returnedNanos when the answer came
     */
    record Exchange(String client, NodeId node, Request request, Optional<Bytes> answer, long invokedNanos,
        long returnedNanos) {
    }

    /** A fresh state machine. */
    StateMachine stateMachine();

    /**
     * What a client asks next.
     *
     * @param number different for every request of a run
     */
    Request next(RandomGenerator random, long number);

    /**
     * Judges what all clients have seen in a run.
     *
     * @throws AssertionError if that cannot have been
     */
    void check(List<Exchange> history);
}
