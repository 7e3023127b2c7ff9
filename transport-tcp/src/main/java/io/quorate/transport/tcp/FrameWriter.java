package io.quorate.transport.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Writes frames to one connection: those of the connection before those of its call, whole frames only.
 *
 * <p>Header, payload and trailer are copied into one buffer in front of TLS, which reads every byte to encrypt it in
 * any case: a frame below 16 KiB is one record with one authentication tag, and one system call. A large frame goes in
 * pieces of {@link TcpLimits#WRITE_PIECE_BYTES}, each when the socket has taken enough of those before it: that bounds
 * memory, and lets other connections of the same thread in between.
 *
 * <p>{@link #enqueue} from any thread; everything else on the connection's thread. Frames that gather while the thread
 * is busy leave with one flush.
 */
final class FrameWriter {

    /** What one turn writes at most before other connections of the thread have theirs (1 MiB). */
    private static final int TURN_BYTES = 1 << 20;

    /** Pings, pongs and the like that may wait for the socket: many seconds' worth. */
    private static final int MAX_WAITING_CONTROLS = 256;

    private final TcpConnection connection;
    private final Channel channel;
    private final boolean direct;
    private final Queue<Outgoing> controls = new ConcurrentLinkedQueue<>();
    private final Queue<Outgoing> calls = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingControls = new AtomicInteger();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private Outgoing current;
    private final List<Bytes> parts = new ArrayList<>();
    private int part;
    private int offset;
    private int left;
    private boolean writing;
    private boolean stopped;
    private Frame farewell;

    /**
     * @param direct whether buffers outside the heap are better: BoringSSL reads those in place, the platform's engine
     *     arrays
     */
    FrameWriter(TcpConnection connection, Channel channel, boolean direct) {
        this.connection = connection;
        this.channel = channel;
        this.direct = direct;
    }

    private record Outgoing(Frame frame, TcpStream stream) {
    }

    static int size(Frame frame) {
        return FrameFormat.OVERHEAD_BYTES + frame.payloadLength();
    }

    /** Queues a frame; one of the connection itself if {@code stream} is null. */
    void enqueue(Frame frame, TcpStream stream) {
        (stream == null ? controls : calls).add(new Outgoing(frame, stream));
        if (stream == null && waitingControls.incrementAndGet() == MAX_WAITING_CONTROLS) {
            connection.close(CloseReason.of(CloseReason.Kind.UNRESPONSIVE, "found " + MAX_WAITING_CONTROLS
                + " frames of the connection that the other side has not read"));
        }
        if (scheduled.compareAndSet(false, true)) {
            try {
                channel.eventLoop().execute(this::turn);
            } catch (RejectedExecutionException closed) {
                // The transport's threads have ended, and every connection before them; its handler has been told.
                stop();
            }
        }
    }

    /** Whether a call's frame waits for the socket. On the connection's thread. */
    boolean owesResponse() {
        return current != null && current.stream() != null || !calls.isEmpty();
    }

    /** Whether a frame has begun to leave and has not ended. */
    private boolean midFrame() {
        return current != null;
    }

    private void turn() {
        scheduled.set(false);
        write();
    }

    /** Writes as much as the socket takes. */
    void write() {
        if (writing || stopped) {
            return;
        }
        writing = true;
        int written = 0;
        try {
            int before;
            do {
                before = written;
                written += fillSocket(TURN_BYTES - written);
                if (written > before) {
                    channel.flush();
                }
            } while (written > before && written < TURN_BYTES);
        } finally {
            writing = false;
        }
        if (written >= TURN_BYTES && scheduled.compareAndSet(false, true)) {
            channel.eventLoop().execute(this::turn);
        } else if (farewell != null && !midFrame() && controls.isEmpty() && calls.isEmpty() && !stopped) {
            sayFarewell();
        }
    }

    private int fillSocket(int most) {
        int written = 0;
        while (written < most && channel.isWritable() && !stopped && (midFrame() || next())) {
            TcpStream stream = current.stream();
            ByteBuf piece = piece();
            int size = piece.readableBytes();
            written += size;
            ChannelFuture done = channel.write(piece);
            if (stream != null) {
                done.addListener(future -> stream.wrote(size));
            }
        }
        return written;
    }

    private boolean next() {
        current = controls.poll();
        if (current != null) {
            waitingControls.decrementAndGet();
        }
        while (current == null) {
            current = calls.poll();
            if (current == null) {
                return false;
            }
            if (current.stream().isGone()) {
                current = null;
            }
        }
        parts.clear();
        parts.add(FrameEncoder.header(current.frame()));
        parts.addAll(current.frame().payload());
        parts.add(FrameEncoder.trailer());
        part = 0;
        offset = 0;
        left = size(current.frame());
        return true;
    }

    private ByteBuf piece() {
        int size = Math.min(left, TcpLimits.WRITE_PIECE_BYTES);
        ByteBuf piece = direct ? channel.alloc().directBuffer(size, size) : channel.alloc().heapBuffer(size, size);
        while (piece.isWritable()) {
            Bytes from = parts.get(part);
            int take = Math.min(piece.writableBytes(), from.length() - offset);
            if (take > 0) {
                Bytes some = take == from.length() ? from : from.slice(offset, take);
                some.copyTo(piece.internalNioBuffer(piece.writerIndex(), take));
                piece.writerIndex(piece.writerIndex() + take);
                offset += take;
            }
            if (offset == from.length()) {
                part++;
                offset = 0;
            }
        }
        left -= size;
        if (left == 0) {
            current = null;
            parts.clear();
        }
        return piece;
    }

    /**
     * Writes what is still owed (a verdict, a last response, but nothing of calls that are gone), then {@code
     * goodbye}, and closes. A frame of a lost call that has begun to leave cannot be completed, nor anything said
     * behind it.
     */
    void finish(Frame goodbye) {
        farewell = goodbye;
        if (midFrame() && current.stream() != null && current.stream().isGone()) {
            stop();
            connection.closeChannel();
        } else {
            write();
        }
    }

    /** Writes nothing from now on, and forgets what has gathered. */
    void stop() {
        stopped = true;
        controls.clear();
        calls.clear();
    }

    private void sayFarewell() {
        stop();
        Bytes bytes = FrameEncoder.encode(farewell);
        ByteBuf buffer = channel.alloc().directBuffer(bytes.length(), bytes.length());
        bytes.copyTo(buffer.internalNioBuffer(0, bytes.length()));
        buffer.writerIndex(bytes.length());
        channel.writeAndFlush(buffer).addListener(future -> connection.farewellSaid());
    }
}
