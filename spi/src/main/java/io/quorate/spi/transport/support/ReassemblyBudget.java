package io.quorate.spi.transport.support;

import io.quorate.spi.HeapLimits;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.FrameFormat;
import io.quorate.spi.wire.PayloadRoom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the frames that have arrived in part may hold at a transport: for each connection, and for all of them. A
 * decoder that finds no room ends its call: on TCP with the connection, which is then dialed anew, on QUIC with the
 * call's stream. What it held is free again at once, so that of many large frames at the same time some get through;
 * if all were kept waiting, none would ever be complete.
 *
 * <p>Votes and heartbeats need no room ({@link PayloadRoom#FREE_FRAME_BYTES}), so that nobody can keep them out. Other
 * frames of at most {@link #SMALL_BYTES} have a reserve beyond the bound, for when bulk has filled everything.
 *
 * <p>Thread-safe, without locks.
 */
public final class ReassemblyBudget {

    /** Counts calls that were ended because there was no room for their frames. */
    public static final String COUNTER = "frames.no-room";

    /** Up to which size a frame may use the reserve (64 KiB). */
    public static final int SMALL_BYTES = 64 << 10;

    /** Which part of the bound the reserve is, on top of it. */
    private static final int RESERVE_PART = 4;

    /** Which part of all one connection may hold. */
    private static final int CONNECTION_PART = 2;

    private final long maxBytes;
    private final long maxConnectionBytes;
    private final AtomicLong held = new AtomicLong();

    /**
     * @param maxBytes for all connections
     * @param maxConnectionBytes for one of them
     */
    public ReassemblyBudget(long maxBytes, long maxConnectionBytes) {
        this.maxBytes = maxBytes;
        this.maxConnectionBytes = maxConnectionBytes;
    }

    /** A share of this process's heap, and half of it for a connection; but at least one frame of the largest size. */
    public static ReassemblyBudget ofHeap() {
        long maxBytes = Math.max(HeapLimits.shareBytes(), FrameFormat.MAX_PAYLOAD_BYTES);
        return new ReassemblyBudget(maxBytes, Math.max(maxBytes / CONNECTION_PART, FrameFormat.MAX_PAYLOAD_BYTES));
    }

    /** How many bytes are held now. */
    public long heldBytes() {
        return held.get();
    }

    /** The part of one connection; what its decoders still hold when it ends, each of them gives back. */
    public PayloadRoom connection() {
        return new Connection();
    }

    /** Why a call is ended that found no room; the other side did nothing wrong, and may try again. */
    public CloseReason noRoom() {
        return CloseReason.of(CloseReason.Kind.CALL_RESET, "found no room for the rest of a frame, expected at most "
            + maxBytes + " bytes of unfinished frames at this node and " + maxConnectionBytes + " on a connection; "
            + "send less at a time, or give the node a larger heap");
    }

    private static boolean take(AtomicLong counter, long max, int bytes) {
        if (counter.addAndGet(bytes) <= max) {
            return true;
        }
        counter.addAndGet(-bytes);
        return false;
    }

    private static long withReserve(long bytes, int frameBytes) {
        return frameBytes <= SMALL_BYTES ? bytes + bytes / RESERVE_PART : bytes;
    }

    private final class Connection implements PayloadRoom {

        private final AtomicLong mine = new AtomicLong();

        @Override
        public boolean take(int bytes, int frameBytes) {
            if (!ReassemblyBudget.take(mine, withReserve(maxConnectionBytes, frameBytes), bytes)) {
                return false;
            }
            if (ReassemblyBudget.take(held, withReserve(maxBytes, frameBytes), bytes)) {
                return true;
            }
            mine.addAndGet(-bytes);
            return false;
        }

        @Override
        public void give(int bytes) {
            mine.addAndGet(-bytes);
            held.addAndGet(-bytes);
        }
    }
}
