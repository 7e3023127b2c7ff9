package io.quorate.raft.core;

import io.quorate.api.Bytes;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.SnapshotMeta;
import java.util.List;

/** What Raft nodes say to each other. Who says it is known from the verified session, never from the message. */
public sealed interface Message {

    /** The sender's term; for {@link PreVote} the term that it would campaign in. */
    long term();

    /** A call. */
    sealed interface Request extends Message {
    }

    /** A call's answer. */
    sealed interface Response extends Message {

        /**
         * The same answer turned into a refusal: what remains of it when {@code term} has begun before it could
         * leave.
         */
        Response refused(long term);
    }

    /** Would you vote for me in {@code term}? Changes nothing anywhere (thesis §9.6). */
    record PreVote(long term, long lastIndex, long lastTerm) implements Request {
    }

    /**
     * Vote for me in {@code term} (thesis §3.4).
     *
     * @param handedOver the leader of the term before has handed over: loyalty to it is no reason to refuse (thesis
     *     §3.10, §4.2.3)
     */
    record Vote(long term, long lastIndex, long lastTerm, boolean handedOver) implements Request {

        /** Asked for without the leader's leave. */
        public Vote(long term, long lastIndex, long lastTerm) {
            this(term, lastIndex, lastTerm, false);
        }
    }

    /**
     * I lead (thesis §3.4). Proves nothing about logs.
     *
     * @param commit the leader's commit index, but no more than what it knows this follower to share
     * @param nonce the number of this round; confirms leadership to reads that asked before it was sent (thesis §6.4)
     * @param store the follower's store whose log {@code commit} speaks of; 0: none. A follower that has come back with
     *     an empty one must not take the entries to be there
     */
    record Heartbeat(long term, long commit, long nonce, long store) implements Request {

        /** To a follower of which nothing is known yet. */
        public Heartbeat(long term, long commit, long nonce) {
            this(term, commit, nonce, 0);
        }
    }

    /**
     * Entries to follow the one at {@code prevIndex} (thesis §3.5).
     *
     * @param commit the leader's commit index
     */
    record Append(long term, long prevIndex, long prevTerm, long commit, List<LogEntry> entries) implements Request {

        /** The last index that a success proves to be shared. */
        public long lastIndex() {
            return prevIndex + entries.size();
        }
    }

    /**
     * A piece of a snapshot, for a follower that needs entries that this leader's log does not have any more (thesis
     * §5.3; figure 5.3).
     *
     * @param meta which snapshot; the same one, byte for byte, wherever the meta is equal
     * @param offset where the piece belongs
     * @param chunk the piece; empty to ask how much the follower has
     */
    record InstallSnapshot(long term, SnapshotMeta meta, long offset, Bytes chunk) implements Request {
    }

    /**
     * Which index must I have applied to read (thesis §6.4)?
     *
     * @param leaseSuffices whether the leader's lease may stand in for a round of heartbeats
     */
    record ReadIndex(long term, boolean leaseSuffices) implements Request {

        /** Without trust in clocks. */
        public ReadIndex(long term) {
            this(term, false);
        }
    }

    /** Campaign now: I lead {@code term}, hand over to you and have released my lease (thesis §3.10). */
    record TimeoutNow(long term) implements Request {
    }

    /**
     * Answers {@link PreVote} and {@link Vote}.
     *
     * @param store the voter's store; 0: not told
     */
    record VoteResponse(long term, boolean granted, long store) implements Response {

        /** Of a voter that does not tell its store. */
        public VoteResponse(long term, boolean granted) {
            this(term, granted, 0);
        }

        @Override
        public Response refused(long newTerm) {
            return new VoteResponse(newTerm, false, store);
        }
    }

    /**
     * Answers {@link Heartbeat}.
     *
     * @param accepted false if the asker's term is over
     * @param storageFull whether this follower's disk takes no entries at present
     * @param store the follower's store; 0: not told
     * @param priority how much it is meant to lead, 0 to {@link RaftSettings#MAX_PRIORITY}
     * @param promiseMillis for how long, from the receipt of the heartbeat, it votes for nobody but the asker, unless
     *     the asker has handed over; see {@link Lease}
     */
    record HeartbeatResponse(long term, boolean accepted, long nonce, boolean storageFull, long store, int priority,
        int promiseMillis) implements Response {

        /** Of a follower that tells nothing of itself and promises nothing. */
        public HeartbeatResponse(long term, boolean accepted, long nonce, boolean storageFull) {
            this(term, accepted, nonce, storageFull, 0, 0, 0);
        }

        @Override
        public Response refused(long newTerm) {
            return new HeartbeatResponse(newTerm, false, nonce, storageFull, store, priority, 0);
        }
    }

    /**
     * Answers {@link Append}.
     *
     * @param index MATCHED: the last shared index, durable at the follower; CONFLICT: the largest index at which the
     *     logs may still agree; otherwise 0
     * @param hintTerm CONFLICT: the term of the follower's entry there; otherwise 0
     * @param retryAfterMillis STORAGE_FULL: when to try again; otherwise 0
     * @param store the follower's store; 0: not told
     */
    record AppendResponse(long term, AppendOutcome outcome, long index, long hintTerm, int retryAfterMillis,
        long store) implements Response {

        static AppendResponse matched(long term, long index) {
            return new AppendResponse(term, AppendOutcome.MATCHED, index, 0, 0, 0);
        }

        static AppendResponse conflict(long term, long index, long hintTerm) {
            return new AppendResponse(term, AppendOutcome.CONFLICT, index, hintTerm, 0, 0);
        }

        static AppendResponse staleTerm(long term) {
            return new AppendResponse(term, AppendOutcome.STALE_TERM, 0, 0, 0, 0);
        }

        static AppendResponse storageFull(long term, int retryAfterMillis) {
            return new AppendResponse(term, AppendOutcome.STORAGE_FULL, 0, 0, retryAfterMillis, 0);
        }

        /** The same, given by that store. */
        AppendResponse of(long itsStore) {
            return new AppendResponse(term, outcome, index, hintTerm, retryAfterMillis, itsStore);
        }

        @Override
        public Response refused(long newTerm) {
            return staleTerm(newTerm).of(store);
        }
    }

    /** What became of an append. The order is the number on the wire; never reuse one. */
    enum AppendOutcome { MATCHED, CONFLICT, STALE_TERM, STORAGE_FULL }

    /**
     * Answers {@link InstallSnapshot}.
     *
     * @param received RECEIVING: how many bytes of that snapshot the follower has, from the beginning without gaps: the
     *     offset to go on from; otherwise 0
     * @param retryAfterMillis RECEIVING: how long to leave the follower alone first; STORAGE_FULL: when to try again;
     *     otherwise 0
     * @param store the number of the follower's data directory; 0: it has none
     */
    record InstallResponse(long term, InstallOutcome outcome, long received, int retryAfterMillis, long store)
        implements Response {

        @Override
        public Response refused(long newTerm) {
            return new InstallResponse(newTerm, InstallOutcome.STALE_TERM, 0, 0, store);
        }
    }

    /**
     * What became of a piece of a snapshot. INSTALLED: all entries that the snapshot stands for are durable at the
     * follower, by it or by its log. The order is the number on the wire; never reuse one.
     */
    enum InstallOutcome { RECEIVING, INSTALLED, STALE_TERM, STORAGE_FULL }

    /** Answers {@link ReadIndex}; {@code index} counts with AT alone. */
    record ReadIndexResponse(long term, ReadOutcome outcome, long index) implements Response {
        @Override
        public Response refused(long newTerm) {
            return new ReadIndexResponse(newTerm, ReadOutcome.NOT_LEADER, 0);
        }
    }

    /** Answers {@link TimeoutNow}: whether the node has begun to campaign. */
    record TimeoutNowResponse(long term, boolean accepted) implements Response {
        @Override
        public Response refused(long newTerm) {
            return new TimeoutNowResponse(newTerm, false);
        }
    }

    /** What became of a question for a read index. The order is the number on the wire; never reuse one. */
    enum ReadOutcome { AT, NOT_LEADER, UNAVAILABLE }
}
