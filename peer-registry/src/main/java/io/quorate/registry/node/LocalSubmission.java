package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;

/** A command of an application in this process. It is its own future: one object less for each command. */
final class LocalSubmission extends CompletableFuture<CommandResult> implements Submission {

    private static final AtomicIntegerFieldUpdater<LocalSubmission> ENDED =
        AtomicIntegerFieldUpdater.newUpdater(LocalSubmission.class, "ended");

    private final Bytes command;
    private final long deadlineNanos;
    private final Admission admission;
    private final Consumer<LocalSubmission> sessionExpired;
    private LocalSession sessions;
    private long session;
    private long sequence;
    private volatile boolean doubtful;
    private volatile int ended;

    /**
     * @param admission where room was taken for it; given back at its end
     * @param sessionExpired hears, on any thread, that it did nothing, since its session is not open any more
     */
    LocalSubmission(
            Bytes command, long deadlineNanos, Admission admission, Consumer<LocalSubmission> sessionExpired) {
        this.command = command;
        this.deadlineNanos = deadlineNanos;
        this.admission = admission;
        this.sessionExpired = sessionExpired;
    }

    /** Gives it its place in a session, with which it is sent from now on. Loop only. */
    void assign(LocalSession from, long sessionId, long number) {
        sessions = from;
        session = sessionId;
        sequence = number;
    }

    long session() {
        return session;
    }

    long sequence() {
        return sequence;
    }

    @Override
    public boolean repeatable() {
        return true;
    }

    @Override
    public void doubt() {
        doubtful = true;
    }

    @Override
    public int commands() {
        return 1;
    }

    @Override
    public int bodyBytes() {
        return CommandBatch.bodyBytes(command);
    }

    @Override
    public long deadlineNanos() {
        return deadlineNanos;
    }

    @Override
    public boolean fromMember() {
        return false;
    }

    @Override
    public void joinTo(CommandBatch.Joiner joiner) {
        joiner.add(session, sequence, sessions.answeredBelow(this), command);
    }

    @Override
    public boolean ended() {
        return ended != 0;
    }

    @Override
    public void succeed(LogIndex index, List<Outcome> outcomes, int from) {
        Outcome outcome = outcomes.get(from);
        if (outcome.kind() == Outcome.Kind.SESSION_EXPIRED && !doubtful) {
            sessionExpired.accept(this);
        } else if (end()) {
            switch (outcome.kind()) {
                case OK -> complete(new CommandResult(index, outcome.payload()));
                case REJECTED -> completeExceptionally(new CommandRejectedException(outcome.message()));
                case SESSION_EXPIRED -> completeExceptionally(new OutcomeUnknownException("the session expired before "
                    + "the command was answered; an earlier attempt may have been applied"));
                case RESULT_GONE -> completeExceptionally(new OutcomeUnknownException("an earlier attempt may have "
                    + "been applied, and its result is not kept any more"));
            }
        }
    }

    @Override
    public void fail(ControlPlaneException why) {
        if (end()) {
            completeExceptionally(!doubtful || why instanceof OutcomeUnknownException ? why
                : new OutcomeUnknownException("it was passed on and not answered, and may have been applied; "
                    + why.getMessage()));
        }
    }

    /** Not the future's own completion: the application can complete that itself, and the room would be lost. */
    private boolean end() {
        if (ended == 0 && ENDED.compareAndSet(this, 0, 1)) {
            admission.release(1, bodyBytes());
            return true;
        }
        return false;
    }
}
