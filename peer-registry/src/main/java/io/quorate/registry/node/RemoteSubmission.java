package io.quorate.registry.node;

import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.registry.protocol.CommandBatch;
import io.quorate.registry.protocol.Failures;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.SubmitResponse;
import io.quorate.spi.consensus.RpcResponder;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The commands of one SUBMIT. They stay as they came: neither taken apart nor copied on their way into the log. */
final class RemoteSubmission implements Submission {

    private final CommandBatch batch;
    private final long deadlineNanos;
    private final boolean fromMember;
    private final Admission admission;
    private final RpcResponder responder;
    private final AtomicBoolean ended = new AtomicBoolean();

    RemoteSubmission(
            CommandBatch batch, long deadlineNanos, boolean fromMember, Admission admission, RpcResponder responder) {
        this.batch = batch;
        this.deadlineNanos = deadlineNanos;
        this.fromMember = fromMember;
        this.admission = admission;
        this.responder = responder;
    }

    @Override
    public int commands() {
        return batch.count();
    }

    @Override
    public int bodyBytes() {
        return batch.bodyBytes();
    }

    @Override
    public long deadlineNanos() {
        return deadlineNanos;
    }

    @Override
    public boolean fromMember() {
        return fromMember;
    }

    @Override
    public void joinTo(CommandBatch.Joiner joiner) {
        joiner.add(batch);
    }

    @Override
    public boolean ended() {
        return ended.get();
    }

    @Override
    public void succeed(LogIndex index, List<Outcome> outcomes, int from) {
        if (!end()) {
            return;
        }
        SubmitResponse response = new SubmitResponse(index, outcomes.subList(from, from + batch.count()));
        if (response.fits()) {
            responder.respond(response.encode());
        } else {
            // They were carried out, so the one thing not to say is that they were not.
            responder.fail(Failures.toError(new OutcomeUnknownException("the commands were applied at index " + index
                + ", but their results do not fit a response; submit fewer at a time")));
        }
    }

    @Override
    public void fail(ControlPlaneException why) {
        if (end()) {
            responder.fail(Failures.toError(why));
        }
    }

    private boolean end() {
        if (ended.compareAndSet(false, true)) {
            admission.release(batch.count(), batch.bodyBytes());
            return true;
        }
        return false;
    }
}
