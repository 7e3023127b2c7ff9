package io.quorate.registry.node;

import io.quorate.spi.HeapLimits;

/** The limits and times of a node, in one place. */
public final class NodeLimits {

    /** How long an operation may take that an application of this process asks for, in milliseconds. */
    public static final long OPERATION_MILLIS = 10_000;

    /** How many commands may be under way at this node, from their submission to their result. */
    public static final int MAX_PENDING_COMMANDS = 65_536;

    /** How many bytes they may have; a node with a small heap refuses sooner, see {@link HeapLimits}. */
    public static final long MAX_PENDING_COMMAND_BYTES = HeapLimits.shareBytes();

    /** How many queries may be under way at this node. */
    public static final int MAX_PENDING_QUERIES = 65_536;

    /** How many bytes they may have; the same bound. */
    public static final long MAX_PENDING_QUERY_BYTES = MAX_PENDING_COMMAND_BYTES;

    /** How many callers may wait for news at this node, of the state machine and of the peers together. */
    public static final int MAX_WATCHERS = 4_096;

    /** The hint to a caller who finds a queue full, in milliseconds. */
    public static final long OVERLOAD_RETRY_MILLIS = 50;

    /** How long a consensus may refuse proposals for overload before those who wait are told, in milliseconds. */
    public static final long OVERLOAD_PATIENCE_MILLIS = 1_000;

    /** How long to wait after an attempt that did nothing, such as a call to a leader that is none, in milliseconds. */
    public static final long RETRY_MILLIS = 20;

    /**
     * How many calls with passed-on commands may be under way to one leader. While they are, the next batch gathers:
     * few and large calls, not a pipeline of small ones.
     */
    public static final int MAX_FORWARDS_IN_FLIGHT = 1;

    /** How much sooner than the caller's own limit an answer is given, in milliseconds, so that it still arrives. */
    public static final long ANSWER_MARGIN_MILLIS = 50;

    /** How long a report of presence may take, in milliseconds. */
    public static final long PRESENCE_TIMEOUT_MILLIS = 1_000;

    /** How long a stopping node waits for its loop, and then for its apply thread, in milliseconds. */
    public static final long STOP_MILLIS = 2_000;

    /** How long a node that is stopped in order takes to hand over and to end what it has begun, in milliseconds. */
    public static final long LEAVE_MILLIS = 1_000;

    /** How often it looks meanwhile whether everything has ended, in milliseconds. */
    public static final long DRAIN_LOOK_MILLIS = 5;

    private NodeLimits() {
    }
}
