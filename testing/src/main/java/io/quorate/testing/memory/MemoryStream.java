package io.quorate.testing.memory;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.RpcExchange;
import io.quorate.spi.wire.WireException;

/** One call's stream at one side of a {@link MemoryConnection}. */
final class MemoryStream implements RpcStream {

    /** A stream that was full takes frames again when no more than this waits. */
    private static final long WRITE_LOW_WATER_BYTES = TransportLimits.WRITE_HIGH_WATER_BYTES / 4;

    /** How it ended, if it has. */
    enum End { NONE, COMPLETE, RESET }

    private final MemoryConnection connection;
    private final long correlationId;
    private final RpcExchange exchange;
    private final boolean caller;
    private final MemoryChannel out;
    private final MemoryChannel in;
    private StreamHandler handler;
    private boolean reading = true;
    private boolean full;
    private End end = End.NONE;

    MemoryStream(MemoryConnection connection, long correlationId, RpcExchange exchange, boolean caller,
            MemoryChannel out, MemoryChannel in) {
        this.connection = connection;
        this.correlationId = correlationId;
        this.exchange = exchange;
        this.caller = caller;
        this.out = out;
        this.in = in;
    }

    void handledBy(StreamHandler target) {
        handler = target;
    }

    boolean isCaller() {
        return caller;
    }

    boolean isReading() {
        return reading;
    }

    End end() {
        return end;
    }

    MemoryChannel out() {
        return out;
    }

    MemoryChannel in() {
        return in;
    }

    @Override
    public long correlationId() {
        return correlationId;
    }

    @Override
    public boolean send(Frame frame) {
        FrameEncoder.check(frame);
        if (end != End.NONE) {
            return false;
        }
        exchange.sending(frame);
        out.send(new MemoryChannel.Parcel.Whole(frame));
        full |= out.waitingBytes() > TransportLimits.WRITE_HIGH_WATER_BYTES;
        completeIfDone();
        return !full;
    }

    /** So much of what was sent waits still. */
    void drained(long waitingBytes) {
        if (full && waitingBytes <= WRITE_LOW_WATER_BYTES) {
            full = false;
            if (end == End.NONE) {
                connection.tellLater(() -> {
                    if (end == End.NONE) {
                        handler.onWritable();
                    }
                });
            }
        }
    }

    @Override
    public void read(boolean enabled) {
        reading = enabled;
        in.move();
    }

    @Override
    public void reset(CloseReason reason) {
        if (end == End.NONE) {
            connection.resetStream(this, reason);
        }
    }

    /** Takes a frame that has arrived. */
    void deliver(Frame frame) throws WireException {
        exchange.received(frame);
        completeIfDone();
        handler.onFrame(frame);
    }

    /** Ends the stream before its time; the handler is told unless it was never bound. */
    void ended(CloseReason reason) {
        if (end == End.NONE) {
            end = End.RESET;
            if (handler != null) {
                handler.onReset(reason);
            }
        }
    }

    /** The same, told in an event of its own: for what this side's own calls bring about. */
    void endedLater(CloseReason reason) {
        if (end == End.NONE) {
            end = End.RESET;
            connection.tellLater(() -> handler.onReset(reason));
        }
    }

    private void completeIfDone() {
        if (exchange.complete() && end == End.NONE) {
            end = End.COMPLETE;
            connection.finished(this);
        }
    }
}
