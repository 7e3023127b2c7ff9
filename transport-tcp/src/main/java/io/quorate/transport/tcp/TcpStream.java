package io.quorate.transport.tcp;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.transport.TransportLimits;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.RpcExchange;
import io.quorate.spi.wire.WireException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One call on a connection: its lease, its rules, its flow control. It is the connection's phase while it lasts
 * ({@link ConnectionLife}).
 *
 * <p>{@code send}, {@code read} and {@code reset} from any thread; the rest on the connection's thread. The lock
 * guards the exchange's rules, is held for a comparison and an enqueuing, and never while a handler runs.
 */
final class TcpStream implements RpcStream, ConnectionLife.Phase {

    private final TcpConnection connection;
    private final RpcExchange exchange;
    private final long correlationId;
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean full = new AtomicBoolean();
    private volatile StreamHandler handler;
    private volatile boolean reading = true;
    private volatile boolean gone;

    TcpStream(TcpConnection connection, RpcExchange exchange, long correlationId, StreamHandler handler) {
        this.connection = connection;
        this.exchange = exchange;
        this.correlationId = correlationId;
        this.handler = handler;
    }

    @Override
    public long correlationId() {
        return correlationId;
    }

    @Override
    public boolean send(Frame frame) {
        FrameEncoder.check(frame);
        boolean finished;
        synchronized (this) {
            if (gone || !connection.life().leasedBy(this)) {
                return false;
            }
            exchange.sending(frame);
            finished = exchange.complete();
            // The lease is given back before the last bytes leave: the other side may call again as soon as it has
            // them, and must not find this call still in the way.
            if (finished && !connection.life().release(this)) {
                return false;
            }
            waitingBytes.addAndGet(FrameWriter.size(frame));
            connection.writer().enqueue(frame, this);
        }
        if (finished) {
            connection.finished(this);
        }
        return !isFull();
    }

    private boolean isFull() {
        if (waitingBytes.get() <= TransportLimits.WRITE_HIGH_WATER_BYTES) {
            return false;
        }
        full.set(true);
        // The writer may have drained everything between the two lines above, and would then never say so.
        return waitingBytes.get() > TcpLimits.WRITE_LOW_WATER_BYTES || !full.compareAndSet(true, false);
    }

    @Override
    public void read(boolean enabled) {
        reading = enabled;
        connection.readingChanged();
    }

    @Override
    public void reset(CloseReason reason) {
        connection.reset(this, reason);
    }

    boolean isReading() {
        return reading;
    }

    /** Whether the call was ended before its time: what it still has to send is not sent. */
    boolean isGone() {
        return gone;
    }

    void bind(StreamHandler callHandler) {
        handler = callHandler;
    }

    /**
     * Takes a frame of the call.
     *
     * @return whether the call is complete with it
     * @throws WireException if the frame is not legal here
     */
    boolean received(Frame frame) throws WireException {
        synchronized (this) {
            exchange.received(frame);
            return exchange.complete();
        }
    }

    void deliver(Frame frame) {
        handler.onFrame(frame);
    }

    /** {@code bytes} of this call's frames have left for the socket. */
    void wrote(int bytes) {
        long waiting = waitingBytes.addAndGet(-bytes);
        if (waiting <= TcpLimits.WRITE_LOW_WATER_BYTES && full.compareAndSet(true, false)
            && connection.life().leasedBy(this)) {
            connection.tell(handler::onWritable);
        }
    }

    /** The connection has ended under the call. */
    void lost(CloseReason reason) {
        synchronized (this) {
            gone = true;
        }
        if (handler != null) {
            handler.onReset(reason);
        }
    }
}
