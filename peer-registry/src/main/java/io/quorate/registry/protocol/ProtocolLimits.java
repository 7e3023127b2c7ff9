package io.quorate.registry.protocol;

import io.quorate.api.Command;
import io.quorate.spi.wire.FrameFormat;

/** The limits of what the remote procedures carry, in one place. Encoders keep them, decoders insist on them. */
public final class ProtocolLimits {

    /** The most commands in one batch, that is in one SUBMIT and in one entry of the log. */
    public static final int MAX_BATCH_COMMANDS = 8_192;

    /** The largest encoded batch: 1 MiB, and room for the framing of one command of the largest size. */
    public static final int MAX_BATCH_BYTES =
        Integer.BYTES + CommandBatch.GROUP_BYTES + Integer.BYTES + Command.MAX_PAYLOAD_BYTES;

    /**
     * How far the newest sequence of a session may be ahead of the oldest that is not answered. A client keeps to it,
     * so that no result that it may still ask for is dropped for their number.
     */
    public static final int MAX_UNANSWERED_SEQUENCES = 65_536;

    /**
     * How many bytes the commands of a session may have from the oldest that is not answered on (64 MiB). Those behind
     * it that are answered are kept with it, and must not gather without bound while it waits.
     */
    public static final long MAX_UNANSWERED_BYTES = 64L << 20;

    /**
     * The most sessions that one SUBMIT of a client may open. Each may end another one's, which was not used for
     * longest. Members pass on what many clients have opened.
     */
    public static final int MAX_OPENINGS_PER_SUBMIT = 8;

    /** The most queries in one QUERY. */
    public static final int MAX_BATCH_QUERIES = 1_024;

    /** The largest single query or request of a watch, in bytes. */
    public static final int MAX_QUERY_BYTES = 1 << 20;

    /** The largest response of any procedure, in bytes. */
    public static final int MAX_RESPONSE_BYTES = FrameFormat.MAX_PAYLOAD_BYTES;

    /** The longest wait of one long poll, in milliseconds; a caller who wants to wait longer asks again. */
    public static final int MAX_WAIT_MILLIS = 60_000;

    /** The most members in a row of the presence matrix, or in a list of members. */
    public static final int MAX_NODES = 1_024;

    /** The most summaries of sessions in a view of the peers. */
    public static final int MAX_SESSION_SUMMARIES = 4_096;

    /** The most records in the registry, removed members included. */
    public static final int MAX_PEERS = 1_024;

    /** The most changes in one answer; a reader that is further behind asks again. */
    public static final int MAX_EVENTS_PER_ANSWER = 512;

    /** The most features in a status. */
    public static final int MAX_FEATURES = 64;

    /** The most counters in a status. */
    public static final int MAX_COUNTERS = 4_096;

    /** The longest name or short text, in bytes. */
    public static final int MAX_TEXT_BYTES = 1_024;

    /** The longest explanation, in bytes. */
    public static final int MAX_EXPLANATION_BYTES = 8_192;

    /** Values of at least this size travel as a part of their own; smaller ones are copied beside their neighbours. */
    static final int COPY_BELOW_BYTES = 4 << 10;

    private ProtocolLimits() {
    }
}
