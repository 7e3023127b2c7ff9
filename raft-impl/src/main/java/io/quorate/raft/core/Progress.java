package io.quorate.raft.core;

import io.quorate.api.NodeId;

/**
 * What a leader knows of one follower, in one term. Always {@code next > match}.
 *
 * <p>PROBING until an append succeeds: small appends find where the logs agree. Then each append begins right after
 * {@link #match}.
 *
 * <p>One append is under way at a time. Calls are streams of their own and may overtake each other; large batches, not
 * depth, give the throughput (deep pipelines steal batching).
 */
final class Progress {

    private final NodeId id;
    private long match;
    private long next;
    private boolean probing = true;
    private Message.Append inFlight;
    private boolean loading;
    private long retryAtNanos;
    private long retryDelayNanos = RaftLimits.APPEND_RETRY_MIN_NANOS;
    private boolean retryPending;
    private long contactNanos;
    private int heartbeatsInFlight;
    private boolean heartbeatWanted;
    private long confirmedRound;
    private long commitSent;
    private long noticeAtNanos = Long.MAX_VALUE;
    private boolean storageFull;
    private boolean answered;
    private long store;
    private long lostStore;
    private int priority;
    private long promisedUntilNanos = Long.MIN_VALUE;
    private long commitTold;
    private final CatchUp catchUp;

    /** @param catchUpNanos how long a round may take of one that has caught up, see {@link CatchUp} */
    Progress(NodeId id, long next, long catchUpNanos, long now) {
        this.id = id;
        this.next = next;
        this.contactNanos = now;
        this.catchUp = new CatchUp(catchUpNanos);
    }

    NodeId id() {
        return id;
    }

    /** The last entry that the follower has acknowledged, by the answer to an append of this term. */
    long match() {
        return match;
    }

    /** The entry that the next append begins with. */
    long next() {
        return next;
    }

    boolean probing() {
        return probing;
    }

    /** Whether an append may be sent now. */
    boolean isFree(long now) {
        elapse(now);
        return inFlight == null && !loading && !retryPending;
    }

    /** When an append that has failed is to be tried again; {@link Long#MAX_VALUE} if none is. */
    long retryAtNanos() {
        return retryPending && inFlight == null && !loading ? retryAtNanos : Long.MAX_VALUE;
    }

    /** Time has passed: a pause may be over. */
    void elapse(long now) {
        if (retryPending && now >= retryAtNanos) {
            retryPending = false;
        }
    }

    void sent(Message.Append append) {
        inFlight = append;
        retryPending = false;
        commitSent = Math.max(commitSent, Math.min(append.commit(), append.lastIndex()));
        noticeAtNanos = Long.MAX_VALUE;
    }

    void loading() {
        loading = true;
        retryPending = false;
    }

    /** @return whether that load was waited for */
    boolean loaded() {
        boolean waited = loading;
        loading = false;
        return waited;
    }

    /** The append under way has ended. @return false if it is not the one under way: an answer out of time */
    boolean ended(Message.Request append) {
        if (inFlight != append) {
            return false;
        }
        inFlight = null;
        return true;
    }

    void matched(long index) {
        match = Math.max(match, index);
        next = match + 1;
        probing = false;
        storageFull = false;
        retryDelayNanos = RaftLimits.APPEND_RETRY_MIN_NANOS;
    }

    /** The logs disagree before {@code next}; they may agree up to {@code index}. */
    void conflict(long index, long prevIndex) {
        if (prevIndex <= match) {
            return; // An answer older than what is proved already: following it would send everything again.
        }
        probing = true;
        next = Math.max(match + 1, Math.min(index + 1, prevIndex));
    }

    /** The append did not get through, or was not answered as expected. */
    void retryLater(long now) {
        probing = true;
        retryAfter(retryDelayNanos, now);
        retryDelayNanos = Math.min(retryDelayNanos * 2, RaftLimits.APPEND_RETRY_MAX_NANOS);
    }

    void retryAfter(long nanos, long now) {
        retryPending = true;
        retryAtNanos = now + nanos;
    }

    /** Its sessions are back: what waits to be tried again is tried now. */
    void retryNow() {
        retryPending = false;
        retryDelayNanos = RaftLimits.APPEND_RETRY_MIN_NANOS;
    }

    /** It answered something that was sent at {@code sentNanos}: at that time it still followed. */
    void contact(long sentNanos) {
        answered = true;
        if (sentNanos - contactNanos > 0) {
            contactNanos = sentNanos;
        }
    }

    long contactNanos() {
        return contactNanos;
    }

    /** Whether it has answered anything in this term. */
    boolean hasAnswered() {
        return answered;
    }

    /** The store to which {@link #match} refers; 0: not known. */
    long store() {
        return store;
    }

    void toldStore(long itsStore) {
        store = itsStore;
    }

    /** The first store that it had in this term, if it has come with another one since; otherwise 0. */
    long lostStore() {
        return lostStore;
    }

    void lostStore(long itsFirst) {
        lostStore = itsFirst;
    }

    int priority() {
        return priority;
    }

    void toldPriority(int itsPriority) {
        priority = itsPriority;
    }

    /** Until when its promise counts, see {@link Lease}; {@link Long#MIN_VALUE} if it gave none. */
    long promisedUntilNanos() {
        return promisedUntilNanos;
    }

    void promised(long untilNanos) {
        promisedUntilNanos = Math.max(promisedUntilNanos, untilNanos);
    }

    /** Up to where it has been told, and has said that it heard, that entries are committed. */
    long commitTold() {
        return commitTold;
    }

    void commitTold(long index) {
        commitTold = Math.max(commitTold, index);
    }

    CatchUp catchUp() {
        return catchUp;
    }

    /** @return whether a heartbeat may be sent now; if not, one is sent when an earlier one has ended */
    boolean mayHeartbeat(int mostInFlight) {
        heartbeatWanted = heartbeatsInFlight >= mostInFlight;
        return !heartbeatWanted;
    }

    void heartbeatSent(long commit) {
        heartbeatsInFlight++;
        commitSent = Math.max(commitSent, commit);
        noticeAtNanos = Long.MAX_VALUE;
    }

    /** @return whether another one waits to be sent */
    boolean heartbeatEnded() {
        heartbeatsInFlight = Math.max(0, heartbeatsInFlight - 1);
        return heartbeatWanted;
    }

    void confirmed(long round) {
        confirmedRound = Math.max(confirmedRound, round);
    }

    /** The latest round of heartbeats that it has answered. */
    long confirmedRound() {
        return confirmedRound;
    }

    /** Plans to tell it of a new commit index, in case nothing else does. */
    void planNotice(long commit, long now) {
        if (commitSent < Math.min(commit, match) && noticeAtNanos == Long.MAX_VALUE) {
            noticeAtNanos = now + RaftLimits.COMMIT_NOTICE_NANOS;
        }
    }

    long noticeAtNanos() {
        return noticeAtNanos;
    }

    void noticeDone() {
        noticeAtNanos = Long.MAX_VALUE;
    }

    void storageFull(boolean full) {
        storageFull = full;
    }

    boolean storageFull() {
        return storageFull;
    }
}
