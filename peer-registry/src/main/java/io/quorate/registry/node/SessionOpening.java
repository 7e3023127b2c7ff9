package io.quorate.registry.node;

import io.quorate.api.BytesReader;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Outcome;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;

/** Opens this node's own session. One that is opened in vain, since its answer was lost, ends by itself. */
final class SessionOpening implements Submission {

    private final long secret;
    private final long deadlineNanos;
    private final BiConsumer<Long, ControlPlaneException> ending;
    private final AtomicBoolean ended = new AtomicBoolean();

    /**
     * @param secret what makes its number hard to guess
     * @param ending hears the session's number, or why there is none; on any thread
     */
    SessionOpening(long secret, long deadlineNanos, BiConsumer<Long, ControlPlaneException> ending) {
        this.secret = secret;
        this.deadlineNanos = deadlineNanos;
        this.ending = ending;
    }

    @Override
    public int commands() {
        return 1;
    }

    @Override
    public int bodyBytes() {
        return CommandBatch.OPENING_BYTES;
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
        joiner.addOpening(secret);
    }

    @Override
    public boolean ended() {
        return ended.get();
    }

    @Override
    public boolean repeatable() {
        return true;
    }

    @Override
    public void succeed(LogIndex index, List<Outcome> outcomes, int from) {
        if (ended.compareAndSet(false, true)) {
            try {
                ending.accept(new BytesReader(outcomes.get(from).payload()).i64(), null);
            } catch (MalformedBytesException e) {
                ending.accept(null, new OutcomeUnknownException("opening a session: " + e.getMessage(), e));
            }
        }
    }

    @Override
    public void fail(ControlPlaneException why) {
        if (ended.compareAndSet(false, true)) {
            ending.accept(null, why);
        }
    }
}
