package io.quorate.registry.node;

import io.quorate.api.ControlPlaneException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.UnavailableException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.spi.time.NodeLoop;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * The session of this node's own application: gives its commands their sequences, so that they can be passed on again,
 * to the next leader too, without being applied twice. Opened with the first command. Loop only.
 */
final class LocalSession {

    private static final long NONE = 0;

    private final NodeLoop loop;
    private final LongConsumer deadlines;
    /** Commands without a sequence. */
    private final ArrayDeque<LocalSubmission> waiting = new ArrayDeque<>();
    private ArrayDeque<LocalSubmission> unanswered = new ArrayDeque<>();
    private long id = NONE;
    private long nextSequence = 1;
    private long unansweredBytes;
    private boolean opening;

    /** @param deadlines hears of every deadline that is to be looked after from now on */
    LocalSession(NodeLoop loop, LongConsumer deadlines) {
        this.loop = loop;
        this.deadlines = deadlines;
    }

    void add(LocalSubmission submission) {
        waiting.add(submission);
    }

    /** Hands on what can go, with its sequences; or what opens the session that it needs. */
    void moveTo(Queue<Submission> backlog) {
        while (!waiting.isEmpty()) {
            LocalSubmission next = waiting.peek();
            if (next.ended()) {
                waiting.poll();
            } else if (id == NONE) {
                if (!opening) {
                    opening = true;
                    long deadlineNanos =
                        loop.clock().nanoTime() + TimeUnit.MILLISECONDS.toNanos(NodeLimits.OPERATION_MILLIS);
                    deadlines.accept(deadlineNanos);
                    backlog.add(new SessionOpening(CommandBatch.newSecret(loop.random()), deadlineNanos,
                        (number, failure) -> loop.execute(() -> opened(number, failure))));
                }
                return;
            } else if (nextSequence - answeredBelow() >= ProtocolLimits.MAX_UNANSWERED_SEQUENCES
                    || unansweredBytes >= ProtocolLimits.MAX_UNANSWERED_BYTES) {
                return;
            } else {
                waiting.poll();
                next.assign(this, id, nextSequence++);
                unanswered.add(next);
                unansweredBytes += next.bodyBytes();
                backlog.add(next);
            }
        }
    }

    private void opened(Long number, ControlPlaneException failure) {
        opening = false;
        if (number != null) {
            id = number;
            nextSequence = 1;
            unanswered = new ArrayDeque<>();
            unansweredBytes = 0;
        } else if (!(failure instanceof UnavailableException) && !(failure instanceof OutcomeUnknownException)) {
            // A verdict on whatever this node submits, such as that too much is under way.
            fail(failure);
        }
        // Otherwise those who still wait have it tried again at this turn's end, until their own deadlines.
    }

    /** {@code submission} met an ended session, and surely did nothing: it gets another one. */
    void expired(LocalSubmission submission) {
        if (submission.session() == id) {
            id = NONE;
        }
        waiting.add(submission);
        // The alarm may have rung while it was with the apply thread, where nobody looked at it.
        deadlines.accept(submission.deadlineNanos());
    }

    /** Below which sequence of {@code submission}'s session nobody waits. */
    long answeredBelow(LocalSubmission submission) {
        return submission.session() == id ? Math.min(answeredBelow(), submission.sequence()) : 1;
    }

    private long answeredBelow() {
        while (!unanswered.isEmpty() && unanswered.peek().ended()) {
            unansweredBytes -= unanswered.poll().bodyBytes();
        }
        return unanswered.isEmpty() ? nextSequence : unanswered.peek().sequence();
    }

    /**
     * Tells those whose time is over.
     *
     * @return the earliest deadline of the others
     */
    long expire(long nowNanos, String hindrance) {
        long next = Alarm.NEVER;
        for (Iterator<LocalSubmission> each = waiting.iterator(); each.hasNext(); ) {
            LocalSubmission submission = each.next();
            if (submission.deadlineNanos() - nowNanos <= 0) {
                each.remove();
                submission.fail(new UnavailableException("the time is over, and nothing happened: " + hindrance));
            } else {
                next = Alarm.earlier(next, submission.deadlineNanos());
            }
        }
        return next;
    }

    void fail(ControlPlaneException why) {
        waiting.forEach(submission -> submission.fail(why));
        waiting.clear();
    }
}
