package io.quorate.raft.core;

import io.quorate.api.NodeId;

/** One attempt of a leader to hand over (thesis §3.10). */
final class Transfer {

    private final NodeId target;
    private final long deadlineNanos;
    private Message.TimeoutNow request;

    Transfer(NodeId target, long deadlineNanos) {
        this.target = target;
        this.deadlineNanos = deadlineNanos;
    }

    NodeId target() {
        return target;
    }

    /** When the attempt is given up. */
    long deadlineNanos() {
        return deadlineNanos;
    }

    /** Whether the target has the whole log, so that it will win, and has not been told yet. */
    boolean isDue(Progress follower, long lastIndex) {
        return request == null && follower != null && follower.match() == lastIndex;
    }

    void sent(Message.TimeoutNow timeoutNow) {
        request = timeoutNow;
    }

    boolean wasSent() {
        return request != null;
    }

    boolean isAnswer(NodeId from, Message.Request answered) {
        return request == answered && target.equals(from);
    }
}
