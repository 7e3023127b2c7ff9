package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/** A command of an application in this process. It is its own future: one object less for each command. */
final class LocalSubmission extends CompletableFuture<CommandResult> implements Submission {

    private static final AtomicIntegerFieldUpdater<LocalSubmission> ENDED =
        AtomicIntegerFieldUpdater.newUpdater(LocalSubmission.class, "ended");

    private final Bytes command;
    private final long deadlineNanos;
    private final Admission admission;
    private volatile int ended;

    /** @param admission where room was taken for it; given back at its end */
    LocalSubmission(Bytes command, long deadlineNanos, Admission admission) {
        this.command = command;
        this.deadlineNanos = deadlineNanos;
        this.admission = admission;
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
        joiner.add(command);
    }

    @Override
    public boolean ended() {
        return ended != 0;
    }

    @Override
    public void succeed(LogIndex index, List<Outcome> outcomes, int from) {
        if (end()) {
            Outcome outcome = outcomes.get(from);
            if (outcome.rejected()) {
                completeExceptionally(new CommandRejectedException(outcome.message()));
            } else {
                complete(new CommandResult(index, outcome.payload()));
            }
        }
    }

    @Override
    public void fail(ControlPlaneException why) {
        if (end()) {
            completeExceptionally(why);
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
