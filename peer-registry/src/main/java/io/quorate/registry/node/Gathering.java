package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.Term;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import java.util.ArrayList;
import java.util.List;

/**
 * Submissions that travel together: as one entry of the log, or as one call to the leader. Filled and swept on the
 * loop, ended on any thread.
 */
final class Gathering {

    private CommandBatch.Joiner joiner = new CommandBatch.Joiner();
    private int commands;
    private List<Submission> submissions = new ArrayList<>();
    private Term term = Term.ZERO;
    /** Another gathering proposed at the same index, in an earlier term. */
    private Gathering earlier;

    boolean fits(Submission submission) {
        return joiner.fits(submission.commands(), submission.bodyBytes());
    }

    void add(Submission submission) {
        submission.joinTo(joiner);
        submissions.add(submission);
        commands += submission.commands();
    }

    boolean isEmpty() {
        return submissions.isEmpty();
    }

    int commands() {
        return commands;
    }

    List<Submission> submissions() {
        return submissions;
    }

    /** The batch in parts. To be asked once; nothing can be added afterwards, and the parts belong to the asker. */
    List<Bytes> takePayload() {
        List<Bytes> parts = joiner.toParts();
        joiner = null;
        return parts;
    }

    void acceptedIn(Term accepted, Gathering before) {
        term = accepted;
        earlier = before;
    }

    Term term() {
        return term;
    }

    Gathering earlier() {
        return earlier;
    }

    /** @param outcomes one for each command, in order */
    void succeed(LogIndex index, List<Outcome> outcomes) {
        int from = 0;
        for (Submission submission : submissions) {
            submission.succeed(index, outcomes, from);
            from += submission.commands();
        }
    }

    /**
     * Fails what must not be tried again, and lets go of the rest: however late an answer comes, it is not for those.
     *
     * @param doubtful whether they may have been applied
     * @return the rest, in order
     */
    List<Submission> salvage(boolean doubtful, ControlPlaneException why) {
        List<Submission> again = takeRepeatable(doubtful);
        fail(why);
        return again;
    }

    /** Lets go of what may be tried again although it may have been applied. */
    List<Submission> takeRepeatable(boolean doubtful) {
        List<Submission> again = new ArrayList<>();
        for (int i = 0; i < submissions.size(); i++) {
            Submission each = submissions.get(i);
            if (each.repeatable() && !each.ended()) {
                if (doubtful) {
                    each.doubt();
                }
                again.add(each);
                submissions.set(i, LeftPlace.ONE);
            }
        }
        return again;
    }

    void fail(ControlPlaneException why) {
        submissions.forEach(submission -> submission.fail(why));
    }

    /**
     * Tells those whose time is over that their outcome is not known.
     *
     * @return the earliest deadline of the others
     */
    long expire(long nowNanos, String what) {
        long next = Alarm.NEVER;
        boolean waiting = false;
        for (Submission submission : submissions) {
            if (submission.ended()) {
                continue;
            }
            if (submission.deadlineNanos() - nowNanos <= 0) {
                submission.fail(new OutcomeUnknownException(what));
            } else {
                waiting = true;
                next = Alarm.earlier(next, submission.deadlineNanos());
            }
        }
        if (!waiting) {
            // The place in the log stays noted; the commands need not stay in memory until something is committed
            // there.
            submissions = List.of();
        }
        return next;
    }
}
