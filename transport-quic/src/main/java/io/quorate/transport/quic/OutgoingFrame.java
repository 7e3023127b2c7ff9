package io.quorate.transport.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.quorate.api.Bytes;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameEncoder;
import io.quorate.spi.wire.FrameFormat;
import java.util.ArrayList;
import java.util.List;

/**
 * A frame on its way out, in pieces of at most {@link QuicLimits#WRITE_PIECE_BYTES}. Header, payload and trailer are
 * copied into one buffer outside the heap, from which QUIC takes its own copy. For one thread.
 */
final class OutgoingFrame {

    private final List<Bytes> parts = new ArrayList<>();
    private int part;
    private int offset;
    private int left;
    private boolean end;

    static int size(Frame frame) {
        return FrameFormat.OVERHEAD_BYTES + frame.payloadLength();
    }

    void begin(Frame frame) {
        parts.add(FrameEncoder.header(frame));
        parts.addAll(frame.payload());
        parts.add(FrameEncoder.trailer());
        part = 0;
        offset = 0;
        left = size(frame);
        end = frame.end();
    }

    /** Whether a frame has begun to leave and has not ended. */
    boolean inProgress() {
        return left > 0;
    }

    /** Whether nothing follows the piece that was taken last: the frame was its sender's last one. */
    boolean atEnd() {
        return left == 0 && end;
    }

    /** The next piece; it belongs to the caller. */
    ByteBuf piece(ByteBufAllocator allocator) {
        int size = Math.min(left, QuicLimits.WRITE_PIECE_BYTES);
        ByteBuf piece = allocator.directBuffer(size, size);
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
            parts.clear();
        }
        return piece;
    }
}
