package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import io.quorate.spi.wire.WireViolation;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One call of the other side: {@code OPEN → ANSWERED | CANCELLED}. One hop from the transport to the loop; the answer
 * goes to the transport from whatever thread gives it.
 */
final class InboundCall implements StreamHandler, Runnable, ServedCall {

    private enum State { OPEN, ANSWERED, CANCELLED }

    private final PeerSession session;
    private final RpcStream stream;
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

    // Of the transport until the hop.
    private Frame request;
    private RpcType type;
    private long deadlineNanos;

    // Of the loop.
    private boolean counted;
    private Runnable onCancelled;

    InboundCall(PeerSession session, RpcStream stream) {
        this.session = session;
        this.stream = stream;
    }

    @Override
    public void onFrame(Frame frame) {
        if (request != null || !frame.end()) {
            // Every procedure has one request. Gathering parts without a limit would let a caller fill the memory.
            stream.reset(CloseReason.violation(WireViolation.FRAME_AFTER_END, "found a request in several frames, "
                + "expected one"));
            return;
        }
        request = frame;
        type = RpcType.ofCode(frame.rpcType());
        deadlineNanos = link().loop().clock().nanoTime() + frame.budgetMillis() * 1_000_000L;
        link().loop().execute(this);
    }

    @Override
    public void onReset(CloseReason reason) {
        if (state.compareAndSet(State.OPEN, State.CANCELLED)) {
            link().loop().execute(this::cancelledOnLoop);
        }
    }

    /** On the loop: serve. */
    @Override
    public void run() {
        if (state.get() != State.OPEN) {
            return;
        }
        PeerLink link = link();
        if (session.state.closed) {
            // Of an incarnation that was replaced, or of a session that this side has ended: nobody reads the answer.
            state.set(State.CANCELLED);
            return;
        }
        long budgetMillis = remainingMillis();
        if (budgetMillis <= 0) {
            link.counted().expired.increment();
            fail(RpcError.of(RpcError.Code.UNAVAILABLE, "the caller's time was over before the call was begun"));
            return;
        }
        if (!link.beginServing()) {
            link.counted().overloaded.increment();
            fail(RpcError.of(RpcError.Code.OVERLOADED, "found too many calls of one process at a time"));
            return;
        }
        counted = true;
        session.state.serving.incrementAndGet();
        Bytes body = request.body();
        request = null;
        link.counted().served.increment();
        Caller caller = new Caller(session.identity(), link.standing(), session);
        link.server().serve(caller, type, body, budgetMillis, this);
    }

    @Override
    public void respond(List<Bytes> response) {
        long length = 0;
        for (Bytes part : response) {
            length += part.length();
        }
        if (length > FrameFormat.MAX_PAYLOAD_BYTES) {
            fail(RpcError.of(RpcError.Code.INTERNAL, "found a response of " + length + " bytes, expected at most "
                + FrameFormat.MAX_PAYLOAD_BYTES));
            return;
        }
        answer(FrameKind.RESPONSE, response);
    }

    @Override
    public void fail(RpcError error) {
        answer(FrameKind.ERROR, List.of(error.encode()));
    }

    @Override
    public boolean cancelled() {
        return state.get() == State.CANCELLED;
    }

    @Override
    public void onCancelled(Runnable action) {
        if (onCancelled != null) {
            throw new IllegalStateException("found a second action for a cancelled call, expected one");
        }
        onCancelled = action;
        // If it is cancelled and the task below is still under way, that task runs the action; if it has run, this one.
        if (cancelled()) {
            link().loop().execute(this::cancelledOnLoop);
        }
    }

    @Override
    public long remainingMillis() {
        // Rounded up: a call with a fraction of a millisecond left has time left.
        return (deadlineNanos - link().loop().clock().nanoTime() + 999_999) / 1_000_000;
    }

    private void answer(FrameKind kind, List<Bytes> payload) {
        if (state.compareAndSet(State.OPEN, State.ANSWERED)) {
            stream.send(new Frame(kind, true, type.code(), stream.correlationId(), 0, payload));
            if (counted) {
                ended();
            }
        }
    }

    private void cancelledOnLoop() {
        if (counted) {
            counted = false;
            ended();
        }
        Runnable action = onCancelled;
        onCancelled = null;
        if (action != null) {
            action.run();
        }
    }

    private void ended() {
        session.state.serving.decrementAndGet();
        link().endServing();
    }

    private PeerLink link() {
        return session.state.link;
    }
}
