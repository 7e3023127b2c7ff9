package io.quorate.client;

/** The limits and intervals of the client, in one place. */
final class ClientLimits {

    /** How long an operation may take, unless the application says otherwise. */
    static final long DEFAULT_OPERATION_TIMEOUT_MILLIS = 10_000;

    /** The longest time limit that may be configured; a call's budget on the wire has this bound too. */
    static final long MAX_OPERATION_TIMEOUT_MILLIS = 600_000;

    /** How many operations may be under way or wait, unless the application says otherwise. */
    static final int DEFAULT_MAX_PENDING_OPERATIONS = 131_072;

    /** How many bytes of theirs, unless the application says otherwise. */
    static final long DEFAULT_MAX_PENDING_BYTES = 64L << 20;

    /** When to try again after the client's own bound was met, as a hint. */
    static final long OVERLOADED_RETRY_MILLIS = 20;

    /**
     * How many calls of one kind may be under way to one node. What arrives meanwhile gathers. More of them would
     * make the batches smaller, and the leader would have more to do for each command (lesson 50).
     */
    static final int MAX_CALLS_IN_FLIGHT = 2;

    /** The same over all nodes: while a call to a former leader hangs, calls to its successor must go out. */
    static final int MAX_CALLS_IN_FLIGHT_OVERALL = 8;

    /** How many bytes of answers a batch of queries is sized for: half of what a response can hold. */
    static final int AIMED_ANSWER_BYTES = 4 << 20;

    /** The most bytes of queries in one call. */
    static final int MAX_QUERY_BATCH_BYTES = 1 << 20;

    /**
     * A command is not sent in the last part of its time, 1/16 of it. What was not sent surely did not happen; sent so
     * late, it would most likely end with an unknown outcome instead.
     */
    static final int TOO_LATE_TO_SEND_FRACTION = 16;

    /** How long one attempt of a small call may take; a long poll's time to wait comes on top. */
    static final long ATTEMPT_MILLIS = 2_000;

    /** How long a call with commands may be silent before the client asks whether somebody else leads by now. */
    static final long SUSPICION_MILLIS = 1_000;

    /** How long one attempt of a batch of commands may take that can be sent again. */
    static final long COMMAND_ATTEMPT_MILLIS = 5_000;

    /** For how long a node is left alone after its first failure; doubles up to the maximum. */
    static final long MIN_PENALTY_MILLIS = 20;

    static final long MAX_PENALTY_MILLIS = 500;

    /** How soon after one round of asking for the leader the next may follow; doubles up to the maximum. */
    static final long MIN_DISCOVERY_MILLIS = 20;

    static final long MAX_DISCOVERY_MILLIS = 500;

    /** How long a node may take to say who leads before it is asked again. */
    static final long DISCOVERY_CALL_MILLIS = 1_000;

    /** How old the knowledge of the leader may become while it is used. */
    static final long LEADER_CHECK_MILLIS = 2_000;

    /** Within how much time {@link QuorateClient#close} is done with the loop. */
    static final long CLOSE_MILLIS = 4_000;

    static final long NANOS_PER_MILLI = 1_000_000;

    private ClientLimits() {
    }
}
