package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.api.MalformedBytesException;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
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
import java.util.Optional;

/**
 * One call of this side: {@code WAITING → SENT → done}, answered exactly once whatever happens.
 *
 * <p>It is its stream's handler and the task that the transport hands to the loop, so that a call costs one object and
 * one hop. The transport writes {@code arrived} or {@code gone}, once, before the hop; everything else is the loop's.
 */
final class OutboundCall extends Deadlines.Entry implements StreamHandler, Runnable {

    private static final String OUT_OF_TIME = "found no response in time";

    private final PeerLink link;
    private final RpcType type;
    private final long deadlineNanos;
    private final PeerCaller.CallHandler answer;
    private List<Bytes> request;

    // Of the transport until the hop.
    private boolean signalled;
    private Frame arrived;
    private CloseReason gone;

    // Of the loop.
    private PeerSession session;
    private RpcStream stream;
    private int slotInSession;
    private boolean done;

    OutboundCall(PeerLink link, RpcType type, List<Bytes> request, long deadlineNanos, PeerCaller.CallHandler answer) {
        this.link = link;
        this.type = type;
        this.request = request;
        this.deadlineNanos = deadlineNanos;
        this.answer = answer;
    }

    RpcType type() {
        return type;
    }

    boolean done() {
        return done;
    }

    PeerSession session() {
        return session;
    }

    /**
     * Takes a stream of {@code candidate} and sends the request. From here on the request may have left.
     *
     * @return whether there was a stream
     */
    boolean start(PeerSession candidate, long nowNanos) {
        Optional<RpcStream> opened = candidate.connection().open(type, this);
        if (opened.isEmpty()) {
            return false;
        }
        stream = opened.get();
        session = candidate;
        slotInSession = candidate.state.calls.size();
        candidate.state.calls.add(this);
        candidate.state.lastUsedNanos = nowNanos;
        // At least 1: a budget of 0 would say that there is no time, and is no legal frame (lesson 9).
        long budget = Math.clamp((deadlineNanos - nowNanos + 999_999) / 1_000_000, 1, FrameFormat.MAX_BUDGET_MILLIS);
        stream.send(new Frame(FrameKind.REQUEST, true, type.code(), stream.correlationId(), (int) budget, request));
        request = null;
        return true;
    }

    @Override
    public void onFrame(Frame frame) {
        if (!signalled) {
            signalled = true;
            arrived = frame;
            link.loop().execute(this);
        }
    }

    @Override
    public void onReset(CloseReason reason) {
        if (!signalled) {
            signalled = true;
            gone = reason;
            link.loop().execute(this);
        }
    }

    /** On the loop: what the transport has brought. */
    @Override
    public void run() {
        if (done) {
            return;
        }
        if (arrived == null) {
            fail(CallFailure.Kind.RESET, gone.toString());
        } else if (!arrived.end()) {
            // Every procedure has one response. Without this the stream would stay open and its connection leased.
            stream.reset(CloseReason.violation(WireViolation.FRAME_AFTER_END,
                "found a response that is not the last frame"));
            fail(CallFailure.Kind.RESET, "found a response in several frames, expected one");
        } else if (arrived.kind() == FrameKind.RESPONSE) {
            finish();
            link.counted().ok.increment();
            answer.onResponse(arrived.body());
        } else {
            remoteError(arrived.body());
        }
        link.pump();
    }

    @Override
    void onDeadline() {
        if (done) {
            return;
        }
        if (stream == null) {
            fail(CallFailure.Kind.NOT_SENT, "found no free connection to " + link.identity() + " in time");
        } else {
            // On TCP the connection goes with the call: the late response must never meet the next call (lesson 2).
            stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, type + " ran out of time"));
            fail(CallFailure.Kind.TIMEOUT, OUT_OF_TIME);
        }
        link.pump();
    }

    /** Its session has ended. Told later, since this happens in the middle of a change. */
    void sessionEnded(CloseReason reason) {
        failLater(stream == null ? CallFailure.Kind.NOT_SENT : CallFailure.Kind.RESET, reason.toString());
    }

    /** It never left its queue and never will. */
    void abandon(String why) {
        failLater(CallFailure.Kind.NOT_SENT, why);
    }

    private void remoteError(Bytes payload) {
        finish();
        link.counted().failed(CallFailure.Kind.REMOTE);
        CallFailure failure;
        try {
            RpcError error = RpcError.decode(payload);
            failure = new CallFailure(CallFailure.Kind.REMOTE, Optional.of(error), error.message());
        } catch (MalformedBytesException e) {
            failure = new CallFailure(CallFailure.Kind.REMOTE, Optional.empty(), "unreadable error: " + e.getMessage());
        }
        answer.onFailure(failure);
    }

    private void fail(CallFailure.Kind kind, String detail) {
        finish();
        link.counted().failed(kind);
        answer.onFailure(new CallFailure(kind, Optional.empty(), detail));
    }

    private void failLater(CallFailure.Kind kind, String detail) {
        if (!done) {
            finish();
            link.counted().failed(kind);
            link.completions().failLater(answer, new CallFailure(kind, Optional.empty(), detail));
        }
    }

    private void finish() {
        done = true;
        link.deadlines().remove(this);
        link.ended(this);
        if (session != null) {
            List<OutboundCall> calls = session.state.calls;
            OutboundCall last = calls.remove(calls.size() - 1);
            if (last != this) {
                calls.set(slotInSession, last);
                last.slotInSession = slotInSession;
            }
        }
        request = null;
    }
}
