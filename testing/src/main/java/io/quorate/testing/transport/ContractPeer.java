package io.quorate.testing.transport;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.Connection;
import io.quorate.spi.transport.ConnectionHandler;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

/**
 * A started connection. Remembers what it hears, answers each frame of a call with the frame's own payload unless told
 * otherwise, and notices callbacks that overlap or come after the last one.
 */
final class ContractPeer implements ConnectionHandler {

    private final Bench bench;
    private final Connection connection;
    private final List<Frame> controls = new CopyOnWriteArrayList<>();
    private final List<CloseReason> closed = new CopyOnWriteArrayList<>();
    private final List<ContractCall> served = new CopyOnWriteArrayList<>();
    private final List<ContractCall> opened = new CopyOnWriteArrayList<>();
    private final AtomicInteger capacities = new AtomicInteger();
    private final AtomicReference<String> inside = new AtomicReference<>();
    private volatile BiConsumer<ContractCall, Frame> server = ContractCall::echo;
    private volatile BiConsumer<ContractPeer, Frame> onControl = (peer, frame) -> { };

    ContractPeer(Bench bench, Connection connection) {
        this(bench, connection, (peer, frame) -> { });
    }

    /** @param onControl what to do with a frame of the connection, besides remembering it */
    ContractPeer(Bench bench, Connection connection, BiConsumer<ContractPeer, Frame> onControl) {
        this.bench = bench;
        this.connection = connection;
        this.onControl = onControl;
        connection.start(this);
    }

    Connection connection() {
        return connection;
    }

    /** What to do with a frame of a call that the other side has begun. */
    ContractPeer serving(BiConsumer<ContractCall, Frame> what) {
        server = what;
        return this;
    }

    ContractPeer activate() {
        return activate(ContractPeer::serve);
    }

    ContractPeer activate(Bench.Serving serving) {
        connection.activate(stream -> serving.serve(this, stream));
        return this;
    }

    /** Serves a call that the other side has begun, and remembers it. */
    ContractCall serve(RpcStream stream) {
        ContractCall call = new ContractCall(bench, this, (c, frame) -> server.accept(c, frame));
        guarded("onStream", () -> {
            call.bind(stream);
            served.add(call);
        });
        return call;
    }

    /** Opens a call if there is capacity. */
    Optional<ContractCall> tryOpen() {
        return tryOpen(RpcType.SUBMIT);
    }

    Optional<ContractCall> tryOpen(RpcType type) {
        ContractCall call = new ContractCall(bench, this, (c, frame) -> { });
        Optional<RpcStream> stream = connection.open(type, call);
        stream.ifPresent(given -> {
            call.opened(type, given);
            opened.add(call);
        });
        return stream.map(given -> call);
    }

    void ping(long token) {
        connection.send(Frame.control(FrameKind.PING, token, Bytes.empty()));
    }

    List<Frame> controls() {
        return controls;
    }

    List<ContractCall> served() {
        return served;
    }

    int capacities() {
        return capacities.get();
    }

    boolean isClosed() {
        return !closed.isEmpty();
    }

    /** Why it ended, waiting for it. */
    CloseReason closeReason() {
        bench.await("the end of connection " + connection.id() + " (" + connection.origin() + ")", this::isClosed);
        return closed.get(0);
    }

    /** Runs a callback's body; notices one that runs inside or beside another. */
    void guarded(String callback, Runnable body) {
        String before = inside.getAndSet(callback);
        if (before != null) {
            bench.fault(callback + " was called while " + before + " ran, on connection " + connection.id() + " ("
                + connection.origin() + ")");
        }
        if (isClosed()) {
            bench.fault(callback + " was called after onClosed, on connection " + connection.id() + " ("
                + connection.origin() + ")");
        }
        try {
            body.run();
        } catch (RuntimeException | AssertionError e) {
            bench.fault(callback + " threw " + e);
        } finally {
            inside.set(null);
            bench.under().wake();
        }
    }

    @Override
    public void onControl(Frame frame) {
        guarded("onControl", () -> {
            controls.add(frame);
            onControl.accept(this, frame);
        });
    }

    @Override
    public void onCapacity() {
        guarded("onCapacity", capacities::incrementAndGet);
    }

    @Override
    public void onClosed(CloseReason reason) {
        guarded("onClosed", () -> {
            served.forEach(ContractCall::connectionClosed);
            opened.forEach(ContractCall::connectionClosed);
            closed.add(reason);
            bench.note("connection " + connection.id() + " (" + connection.origin() + ") ended: " + reason);
        });
    }
}
