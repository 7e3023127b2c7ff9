package io.quorate.testing.memory;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameDecoder;
import io.quorate.spi.wire.FrameFormat;
import java.util.ArrayDeque;

/**
 * What one side of a connection sends in one order: where a call leases its connection, everything; where each call has
 * a stream, the connection's own frames, or one call's. What waits here has been sent and has not arrived: because it
 * is on its way, the path is blocked, or the receiver does not read.
 */
final class MemoryChannel {

    /** Something on its way. */
    sealed interface Parcel {

        int bytes();

        /** A frame as a transport sends it. */
        record Whole(Frame frame, int bytes) implements Parcel {
            Whole(Frame frame) {
                this(frame, FrameFormat.OVERHEAD_BYTES + frame.payloadLength());
            }
        }

        /** Bytes that somebody has written by hand. */
        record Raw(Bytes raw) implements Parcel {
            @Override
            public int bytes() {
                return raw.length();
            }
        }

        /** The sender has given the stream up. */
        record Reset(CloseReason reason) implements Parcel {
            @Override
            public int bytes() {
                return 0;
            }
        }

        /** The sender is not there any more. */
        record Gone(String detail) implements Parcel {
            @Override
            public int bytes() {
                return 0;
            }
        }
    }

    private final MemoryConnection from;
    private final MemoryConnection to;
    private final boolean control;
    private final ArrayDeque<Parcel> parcels = new ArrayDeque<>();
    private final FrameDecoder decoder;
    private MemoryChannel reply;
    /** The call's stream at the sender, to be told when there is room; null for what is no call's. */
    private MemoryStream sender;
    /** The call's stream at the receiver; null before its first frame, and for what is no call's. */
    private MemoryStream receiver;
    private long waitingBytes;
    private long lastArrivalNanos;
    private boolean moving;
    private boolean dead;

    MemoryChannel(MemoryConnection from, MemoryConnection to, boolean control) {
        this.from = from;
        this.to = to;
        this.control = control;
        this.decoder = new FrameDecoder(to::isActive);
    }

    /** The two directions of a call's stream that {@code opener} has opened. */
    static MemoryChannel stream(MemoryConnection opener, MemoryConnection other) {
        MemoryChannel forth = new MemoryChannel(opener, other, false);
        MemoryChannel back = new MemoryChannel(other, opener, false);
        forth.reply = back;
        back.reply = forth;
        return forth;
    }

    /** Whether the connection's own frames go here. */
    boolean isControl() {
        return control;
    }

    MemoryChannel reply() {
        return reply;
    }

    FrameDecoder decoder() {
        return decoder;
    }

    MemoryStream receiver() {
        return receiver;
    }

    void receivedBy(MemoryStream stream) {
        receiver = stream;
    }

    void sentBy(MemoryStream stream) {
        sender = stream;
    }

    /** Bytes that have been sent and have not arrived. */
    long waitingBytes() {
        return waitingBytes;
    }

    /** Nothing that is on its way here counts any more, nor what is still sent. */
    void die() {
        dead = true;
        forget();
    }

    private void forget() {
        parcels.clear();
        waitingBytes = 0;
        from.sent(this);
    }

    /** Gives the stream up: what has not arrived never will. */
    void reset(CloseReason reason) {
        forget();
        send(new Parcel.Reset(reason));
    }

    void send(Parcel parcel) {
        if (!dead) {
            if (parcel instanceof Parcel.Whole whole) {
                from.network().traffic().sent(from.host(), to.host(), whole.frame());
            }
            parcels.add(parcel);
            waitingBytes += parcel.bytes();
            from.sending(this);
            move();
        }
    }

    /** Lets the next parcel travel, if there is one and it may. */
    void move() {
        if (moving || !mayMove()) {
            return;
        }
        moving = true;
        MemoryNetwork network = from.network();
        long now = network.world().clock().nanoTime();
        lastArrivalNanos = Math.max(lastArrivalNanos,
            now + network.delayNanos() + network.traffic().extraDelayNanos(from.host(), to.host()));
        network.world().schedule(lastArrivalNanos - now, () -> {
            moving = false;
            if (mayMove() && from.mayPass()) {
                Parcel parcel = parcels.poll();
                waitingBytes -= parcel.bytes();
                if (parcels.isEmpty()) {
                    from.sent(this);
                }
                arrive(parcel);
            }
            move();
        });
    }

    private void arrive(Parcel parcel) {
        MemoryTraffic.Fate fate = parcel instanceof Parcel.Whole whole
            ? from.network().traffic().arriving(from.host(), to.host(), whole.frame()) : MemoryTraffic.Fate.ARRIVES;
        if (fate != MemoryTraffic.Fate.LOST) {
            to.arrived(this, parcel);
            if (sender != null) {
                sender.drained(waitingBytes);
            }
        }
        if (fate != MemoryTraffic.Fate.ARRIVES) {
            from.lose("connection reset");
        }
    }

    private boolean mayMove() {
        return !parcels.isEmpty() && !from.isPathBlocked() && to.takes(this);
    }
}
