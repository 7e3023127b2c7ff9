package io.quorate.testing.memory;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.RpcExchange;
import io.quorate.spi.wire.WireException;
import java.util.ArrayDeque;

/** One call's stream at one side of a {@link MemoryConnection}. */
final class MemoryStream implements RpcStream {

    private final MemoryConnection connection;
    private final long correlationId;
    private final RpcExchange exchange;
    private final boolean caller;
    private final ArrayDeque<Frame> held = new ArrayDeque<>();
    private StreamHandler handler;
    private boolean reading = true;
    private boolean ended;

    private MemoryStream(MemoryConnection connection, long correlationId, RpcExchange exchange, boolean caller) {
        this.connection = connection;
        this.correlationId = correlationId;
        this.exchange = exchange;
        this.caller = caller;
    }

    static MemoryStream caller(MemoryConnection connection, long correlationId, int rpcType, StreamHandler handler) {
        MemoryStream stream =
            new MemoryStream(connection, correlationId, RpcExchange.caller(rpcType, correlationId), true);
        stream.handler = handler;
        return stream;
    }

    static MemoryStream server(MemoryConnection connection, long correlationId) {
        return new MemoryStream(connection, correlationId, RpcExchange.server(), false);
    }

    void handledBy(StreamHandler target) {
        handler = target;
    }

    boolean isCaller() {
        return caller;
    }

    @Override
    public long correlationId() {
        return correlationId;
    }

    @Override
    public boolean send(Frame frame) {
        if (ended) {
            return false;
        }
        exchange.sending(frame);
        connection.sendRpc(frame);
        finishIfComplete();
        return true;
    }

    @Override
    public void read(boolean enabled) {
        reading = enabled;
        while (reading && !held.isEmpty()) {
            handler.onFrame(held.poll());
        }
    }

    @Override
    public void reset(CloseReason reason) {
        if (!ended) {
            connection.resetStream(this, reason);
        }
    }

    void deliver(Frame frame) throws WireException {
        exchange.received(frame);
        if (reading) {
            handler.onFrame(frame);
        } else {
            held.add(frame);
        }
        finishIfComplete();
    }

    void ended(CloseReason reason) {
        if (!ended) {
            ended = true;
            handler.onReset(reason);
        }
    }

    private void finishIfComplete() {
        if (exchange.complete() && !ended) {
            ended = true;
            connection.finished(this);
        }
    }
}
