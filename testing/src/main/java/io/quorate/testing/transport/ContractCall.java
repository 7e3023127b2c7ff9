package io.quorate.testing.transport;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/** One call, at either side. Remembers what it hears. */
final class ContractCall implements StreamHandler {

    /** What a call's caller says that it waits, in milliseconds. Nothing in a transport depends on it. */
    static final int BUDGET_MILLIS = 30_000;

    private final Bench bench;
    private final ContractPeer peer;
    private final BiConsumer<ContractCall, Frame> onFrame;
    private final List<Frame> frames = new CopyOnWriteArrayList<>();
    private final List<CloseReason> resets = new CopyOnWriteArrayList<>();
    private final AtomicInteger writable = new AtomicInteger();
    private volatile RpcStream stream;
    private volatile int rpcType;
    private volatile boolean caller;
    private volatile boolean sentEnd;
    private volatile boolean receivedEnd;
    private volatile long sentNanos;
    private volatile long answeredNanos;

    ContractCall(Bench bench, ContractPeer peer, BiConsumer<ContractCall, Frame> onFrame) {
        this.bench = bench;
        this.peer = peer;
        this.onFrame = onFrame;
    }

    void opened(RpcType type, RpcStream opened) {
        caller = true;
        rpcType = type.code();
        stream = opened;
    }

    void bind(RpcStream accepted) {
        stream = accepted;
    }

    RpcStream stream() {
        return stream;
    }

    ContractPeer peer() {
        return peer;
    }

    long id() {
        return stream.correlationId();
    }

    // ---- sending -------------------------------------------------------------------------------------------------

    Frame frame(boolean end, List<Bytes> payload) {
        FrameKind kind = caller ? FrameKind.REQUEST : FrameKind.RESPONSE;
        return new Frame(kind, end, rpcType, id(), caller ? BUDGET_MILLIS : 0, payload);
    }

    boolean send(boolean end, Bytes... payload) {
        return send(end, List.of(payload));
    }

    /** Sends a frame of the call; false if the stream is full. */
    boolean send(boolean end, List<Bytes> payload) {
        sentNanos = bench.under().nanoTime();
        if (end) {
            sentEnd = true;
        }
        return stream.send(frame(end, payload));
    }

    /** Answers with the frame's own payload. */
    void echo(Frame frame) {
        send(frame.end(), frame.payload());
    }

    void reset(String why) {
        stream.reset(CloseReason.of(CloseReason.Kind.CALL_RESET, why));
    }

    // ---- what was heard ------------------------------------------------------------------------------------------

    List<Frame> frames() {
        return frames;
    }

    boolean isComplete() {
        return sentEnd && receivedEnd;
    }

    boolean isReset() {
        return !resets.isEmpty();
    }

    boolean isOver() {
        return isComplete() || isReset();
    }

    int writable() {
        return writable.get();
    }

    /** From the sending of the last frame to the arrival of the last one, in nanoseconds. */
    long latencyNanos() {
        return answeredNanos - sentNanos;
    }

    CloseReason resetReason() {
        bench.await("the reset of a call", this::isReset);
        return resets.get(0);
    }

    /** The answer's whole payload, waiting for its end. */
    Bytes answer() {
        bench.await("the answer to a call", this::isOver);
        if (isReset()) {
            throw new AssertionError("found the call reset (" + resets.get(0) + "), expected an answer");
        }
        return body();
    }

    /** All payloads so far, joined. */
    Bytes body() {
        if (frames.size() == 1) {
            return frames.get(0).body();
        }
        int length = frames.stream().mapToInt(Frame::payloadLength).sum();
        byte[] whole = new byte[length];
        int at = 0;
        for (Frame frame : frames) {
            Bytes part = frame.body();
            part.copyTo(whole, at);
            at += part.length();
        }
        return Bytes.wrap(whole);
    }

    void connectionClosed() {
        if (!isOver() && (caller || !frames.isEmpty())) {
            bench.fault("onClosed was called before onReset of call " + Long.toHexString(id()) + " that is open");
        }
    }

    @Override
    public void onFrame(Frame frame) {
        peer.guarded("onFrame", () -> {
            if (isReset() || receivedEnd) {
                bench.fault("onFrame was called after the end of call " + Long.toHexString(frame.correlationId()));
            }
            if (!caller) {
                rpcType = frame.rpcType();
            }
            frames.add(frame);
            if (frame.end()) {
                answeredNanos = bench.under().nanoTime();
                receivedEnd = true;
            }
            onFrame.accept(this, frame);
        });
    }

    @Override
    public void onWritable() {
        peer.guarded("onWritable", writable::incrementAndGet);
    }

    @Override
    public void onReset(CloseReason reason) {
        peer.guarded("onReset", () -> {
            if (isReset() || isComplete()) {
                bench.fault("onReset was called after the end of call " + Long.toHexString(id()));
            }
            resets.add(reason);
        });
    }
}
