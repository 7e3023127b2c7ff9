package io.quorate.transport.quic;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** A started connection whose handler remembers, and which answers every call with the request's own payload. */
final class Peer implements ConnectionHandler {

    final Connection connection;
    final LinkedBlockingQueue<Frame> controls = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<Boolean> capacity = new LinkedBlockingQueue<>();
    final LinkedBlockingQueue<Call> served = new LinkedBlockingQueue<>();
    final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
    final AtomicInteger closes = new AtomicInteger();
    private volatile boolean echoing = true;

    Peer(Connection connection) {
        this.connection = connection;
        connection.start(this);
    }

    static Peer active(Connection connection) {
        return new Peer(connection).activate();
    }

    /** Answers no call by itself. */
    Peer silent() {
        echoing = false;
        return this;
    }

    Peer activate() {
        connection.activate(stream -> {
            Call call = new Call();
            call.stream = stream;
            call.echoes = echoing;
            served.add(call);
            return call;
        });
        return this;
    }

    /** Waits until both have room for calls: both are active then, as a session's ping and pong would have shown. */
    Peer confirmed(Peer other) {
        TestNode.await(() -> connection.openCapacity() > 0 && other.connection.openCapacity() > 0, "capacity");
        return this;
    }

    Call call(Bytes payload) {
        Call call = open();
        call.stream.send(call.request(payload, true));
        return call;
    }

    Call open() {
        Call call = new Call();
        call.stream = connection.open(RpcType.SUBMIT, call)
            .orElseThrow(() -> new AssertionError("no stream to be had of " + connection));
        return call;
    }

    CloseReason closeReason() {
        return get(closed);
    }

    @Override
    public void onControl(Frame frame) {
        controls.add(frame);
    }

    @Override
    public void onCapacity() {
        capacity.add(true);
    }

    @Override
    public void onClosed(CloseReason reason) {
        closes.incrementAndGet();
        expect(closed.complete(reason), "closed twice");
    }

    /** A handler's own failure ends up in a log; the class that used it must fail all the same. */
    private static void expect(boolean holds, String otherwise) {
        if (!holds) {
            LeakCheck.FAULTS.add(otherwise);
        }
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(TestNode.WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    /** One call, of either side. */
    static final class Call implements StreamHandler {
        final LinkedBlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
        final LinkedBlockingQueue<Boolean> writable = new LinkedBlockingQueue<>();
        final CompletableFuture<CloseReason> reset = new CompletableFuture<>();
        volatile RpcStream stream;
        private boolean echoes;

        Frame request(Bytes payload, boolean end) {
            return new Frame(FrameKind.REQUEST, end, RpcType.SUBMIT.code(), stream.correlationId(), 5_000,
                List.of(payload));
        }

        Frame response(Bytes payload, boolean end) {
            return new Frame(FrameKind.RESPONSE, end, RpcType.SUBMIT.code(), stream.correlationId(), 0,
                List.of(payload));
        }

        Frame frame() {
            return TestNode.await(frames, "a frame");
        }

        @Override
        public void onFrame(Frame frame) {
            frames.add(frame);
            if (echoes) {
                stream.send(response(frame.body(), frame.end()));
            }
        }

        @Override
        public void onWritable() {
            writable.add(true);
        }

        @Override
        public void onReset(CloseReason reason) {
            expect(reset.complete(reason), "reset twice");
        }
    }
}
