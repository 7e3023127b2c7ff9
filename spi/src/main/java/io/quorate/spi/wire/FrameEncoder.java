package io.quorate.spi.wire;

import io.quorate.api.Bytes;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Encodes frames. The payload's bytes are read once, for their checksum, and not copied: a transport writes the header,
 * the payload's parts and the trailer one after another. Stateless; thread-safe.
 */
public final class FrameEncoder {

    private FrameEncoder() {
    }

    /**
     * The 32 bytes before the payload.
     *
     * @throws IllegalArgumentException if the frame breaks the format: a defect of the caller, found before it is sent
     */
    public static Bytes header(Frame frame) {
        check(frame);
        ByteBuffer header = ByteBuffer.allocate(FrameFormat.HEADER_BYTES);
        header.putInt(FrameFormat.MAGIC)
            .put((byte) FrameFormat.VERSION)
            .put((byte) frame.kind().code())
            .putShort((short) frame.rpcType())
            .putLong(frame.correlationId())
            .putInt(frame.payloadLength())
            .putInt(checksum(frame))
            .putInt((frame.end() ? FrameFormat.END_FLAG : 0) | frame.budgetMillis());
        CRC32C crc = new CRC32C();
        crc.update(header.array(), 0, FrameFormat.HEADER_BYTES - 4);
        header.putInt((int) crc.getValue());
        return Bytes.wrap(header.array());
    }

    /** The 4 bytes after the payload, the same for every frame. */
    public static Bytes trailer() {
        return TRAILER;
    }

    /** The whole frame in one piece. For tests and small frames; transports avoid the copy. */
    public static Bytes encode(Frame frame) {
        Bytes header = header(frame);
        byte[] whole = new byte[FrameFormat.OVERHEAD_BYTES + frame.payloadLength()];
        header.copyTo(whole, 0);
        int at = header.length();
        for (Bytes part : frame.payload()) {
            part.copyTo(whole, at);
            at += part.length();
        }
        TRAILER.copyTo(whole, at);
        return Bytes.wrap(whole);
    }

    private static final Bytes TRAILER =
        Bytes.wrap(ByteBuffer.allocate(FrameFormat.TRAILER_BYTES).putInt(FrameFormat.END_MARK).array());

    private static int checksum(Frame frame) {
        CRC32C crc = new CRC32C();
        for (Bytes part : frame.payload()) {
            part.addTo(crc);
        }
        return (int) crc.getValue();
    }

    /**
     * Checks what can be checked without reading the payload, so that a defect is found by whoever made the frame.
     *
     * @throws IllegalArgumentException if the frame breaks the format
     */
    public static void check(Frame frame) {
        boolean rpc = frame.kind().isRpc();
        int limit = rpc ? FrameFormat.MAX_PAYLOAD_BYTES : FrameFormat.MAX_CONTROL_PAYLOAD_BYTES;
        if (frame.payloadLength() > limit) {
            throw new IllegalArgumentException("found a payload of " + frame.payloadLength() + " bytes in a "
                + frame.kind() + ", expected at most " + limit);
        }
        boolean request = frame.kind() == FrameKind.REQUEST;
        int budget = frame.budgetMillis();
        if (request ? budget < 1 || budget > FrameFormat.MAX_BUDGET_MILLIS : budget != 0) {
            throw new IllegalArgumentException("found a budget of " + budget + " ms in a " + frame.kind()
                + ", expected "
                + (request ? "1 to " + FrameFormat.MAX_BUDGET_MILLIS : "0"));
        }
        if (rpc ? frame.rpcType() < 1 || frame.rpcType() > 0xFFFF : frame.rpcType() != 0 || !frame.end()) {
            throw new IllegalArgumentException("found rpc type " + frame.rpcType() + " and end " + frame.end()
                + " in a "
                + frame.kind());
        }
    }
}
