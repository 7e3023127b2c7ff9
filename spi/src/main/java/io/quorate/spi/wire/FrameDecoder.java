package io.quorate.spi.wire;

import io.quorate.api.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;

/**
 * Turns the bytes of one connection (TCP) or one stream (QUIC) back into frames, however they are cut into pieces.
 *
 * <p>Nothing is allocated for a payload before the header's checksum and the length limit have been checked. After a
 * violation the decoder is dead: the bytes behind it have no meaning, and the source must be closed. The same if there
 * is no room for a payload, see {@link #lacksRoom}. Whoever closes the source calls {@link #release}.
 *
 * <p>Not thread-safe: one reader at a time. Each frame's payload is a fresh array that belongs to the receiver.
 */
public final class FrameDecoder {

    private static final int DIAGNOSIS_BYTES = 16;

    /** The first four characters of HTTP requests (RFC 9110 §9), of HTTP/2's preface, and of responses. */
    private static final Set<String> HTTP_BEGINNINGS =
        Set.of("GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PATC", "CONN", "TRAC", "PRI ", "HTTP");

    /** What is allocated for a payload at first (64 KiB); it grows with what arrives, not with what is announced. */
    private static final int FIRST_PAYLOAD_BYTES = 64 << 10;

    private final BooleanSupplier callsPermitted;
    private final PayloadRoom room;
    private final ByteBuffer header = ByteBuffer.allocate(FrameFormat.HEADER_BYTES);
    private final ByteBuffer trailer = ByteBuffer.allocate(FrameFormat.TRAILER_BYTES);
    private final CRC32C crc = new CRC32C();
    private FrameKind kind;
    private byte[] payload;
    private int payloadLength;
    private int payloadSize;
    /** What was taken from {@link #room} for the payload. */
    private int taken;
    private boolean lacksRoom;
    private boolean dead;

    /** A decoder for a stream on which calls' frames are legal. */
    public FrameDecoder() {
        this(() -> true);
    }

    /**
     * A decoder for a connection on which calls' frames become legal later.
     *
     * @param callsPermitted asked for each call's frame, before anything is allocated for it
     */
    public FrameDecoder(BooleanSupplier callsPermitted) {
        this(callsPermitted, PayloadRoom.UNBOUNDED);
    }

    /**
     * The same, for a source whose payloads have to find room before they are allocated.
     *
     * @param room asked for each payload, and again as it grows
     */
    public FrameDecoder(BooleanSupplier callsPermitted, PayloadRoom room) {
        this.callsPermitted = callsPermitted;
        this.room = room;
    }

    /**
     * Consumes bytes from {@code source} until a frame is complete or nothing is left.
     *
     * @return the frame; or null if all of {@code source} was consumed and more bytes are needed, or if there is no
     *     room for them
     * @throws WireException at the first violation
     */
    public Frame decode(ByteBuffer source) throws WireException {
        if (dead) {
            throw new IllegalStateException("bytes after a violation, after the end of the room, or after a release");
        }
        try {
            Frame frame = next(source);
            dead = lacksRoom;
            return frame;
        } catch (WireException violation) {
            dead = true;
            throw violation;
        }
    }

    /** Whether it is over because there was no room for a payload: no fault of the other side. */
    public boolean lacksRoom() {
        return lacksRoom;
    }

    /** Lets go of the frame that has arrived in part; no more bytes may follow. Idempotent. */
    public void release() {
        dead = true;
        payload = null;
        room.give(taken);
        taken = 0;
    }

    /** Whether the bytes so far end inside a frame. */
    public boolean midFrame() {
        return header.position() > 0;
    }

    /** Asserts that the source may end here. */
    public void end() throws WireException {
        if (midFrame() && !dead) {
            dead = true;
            int got = header.position() + payloadSize + trailer.position();
            int expected = payload == null ? FrameFormat.HEADER_BYTES : FrameFormat.OVERHEAD_BYTES + payloadLength;
            throw new WireException(WireViolation.TRUNCATED,
                "found the end after " + got + " bytes of a frame, expected " + expected);
        }
    }

    private Frame next(ByteBuffer source) throws WireException {
        if (payload == null) {
            fill(header, source);
            if (header.position() >= 4) {
                checkMagic();
            }
            if (header.hasRemaining()) {
                return null;
            }
            openFrame();
            if (lacksRoom) {
                return null;
            }
        }
        while (payloadSize < payloadLength && source.hasRemaining()) {
            if (payloadSize == payload.length) {
                int larger = (int) Math.min(payloadLength, 2L * payload.length);
                if (!take(larger - payload.length)) {
                    return null;
                }
                payload = Arrays.copyOf(payload, larger);
            }
            int take = Math.min(source.remaining(), payload.length - payloadSize);
            source.get(payload, payloadSize, take);
            payloadSize += take;
        }
        if (payloadSize < payloadLength || !fill(trailer, source)) {
            return null;
        }
        return closeFrame();
    }

    private static boolean fill(ByteBuffer target, ByteBuffer source) {
        int take = Math.min(target.remaining(), source.remaining());
        target.put(target.position(), source, source.position(), take);
        target.position(target.position() + take);
        source.position(source.position() + take);
        return !target.hasRemaining();
    }

    private void checkMagic() throws WireException {
        if (header.getInt(0) == FrameFormat.MAGIC) {
            return;
        }
        byte[] found = new byte[Math.min(header.position(), DIAGNOSIS_BYTES)];
        header.get(0, found);
        String hex = Bytes.wrap(found).hex();
        if (HTTP_BEGINNINGS.contains(new String(found, 0, 4, StandardCharsets.ISO_8859_1))) {
            throw new WireException(WireViolation.HTTP, "found an HTTP message (" + hex
                + "), expected a frame; this is a peer port, not an HTTP port");
        }
        if ((found[0] & 0xFF) >= 20 && (found[0] & 0xFF) <= 23 && found[1] == 3) {
            throw new WireException(WireViolation.TLS_RECORD, "found a TLS record (" + hex
                + ") where a frame was expected");
        }
        throw new WireException(WireViolation.BAD_MAGIC, "found " + hex + " at a frame's start, expected "
            + Integer.toHexString(FrameFormat.MAGIC));
    }

    private void openFrame() throws WireException {
        crc.reset();
        crc.update(header.array(), 0, FrameFormat.HEADER_BYTES - 4);
        if ((int) crc.getValue() != header.getInt(28)) {
            throw new WireException(WireViolation.HEADER_CHECKSUM, "found " + Integer.toHexString(header.getInt(28))
                + ", expected " + Integer.toHexString((int) crc.getValue()));
        }
        int version = header.get(4) & 0xFF;
        if (version != FrameFormat.VERSION) {
            throw new WireException(WireViolation.UNSUPPORTED_VERSION,
                "found frame version " + version + ", expected " + FrameFormat.VERSION);
        }
        kind = FrameKind.ofCode(header.get(5) & 0xFF);
        if (kind == null) {
            throw new WireException(WireViolation.UNKNOWN_KIND,
                "found frame kind 0x" + Integer.toHexString(header.get(5) & 0xFF));
        }
        if (kind.isRpc() && !callsPermitted.getAsBoolean()) {
            throw new WireException(WireViolation.RPC_BEFORE_HANDSHAKE,
                "found a " + kind + " before the end of the handshake");
        }
        checkReserved();
        int length = header.getInt(16);
        int limit = kind.isRpc() ? FrameFormat.MAX_PAYLOAD_BYTES : FrameFormat.MAX_CONTROL_PAYLOAD_BYTES;
        if (length < 0 || length > limit) {
            throw new WireException(WireViolation.FRAME_TOO_LARGE, "found a payload of "
                + Integer.toUnsignedString(length) + " bytes in a " + kind + ", expected at most " + limit);
        }
        payloadLength = length;
        payloadSize = 0;
        int first = Math.min(length, FIRST_PAYLOAD_BYTES);
        if (take(first)) {
            payload = new byte[first];
        }
    }

    private boolean take(int bytes) {
        if (payloadLength <= PayloadRoom.FREE_FRAME_BYTES) {
            return true;
        }
        lacksRoom = !room.take(bytes, payloadLength);
        taken += lacksRoom ? 0 : bytes;
        return !lacksRoom;
    }

    private void checkReserved() throws WireException {
        int type = header.getShort(6) & 0xFFFF;
        int flags = header.getInt(24);
        int budget = flags & FrameFormat.BUDGET_MASK;
        boolean end = (flags & FrameFormat.END_FLAG) != 0;
        boolean request = kind == FrameKind.REQUEST;
        if (request ? budget < 1 || budget > FrameFormat.MAX_BUDGET_MILLIS : budget != 0) {
            throw new WireException(WireViolation.RESERVED_BITS, "found a budget of " + budget + " ms in a " + kind);
        }
        if (kind.isRpc() ? type == 0 : type != 0 || !end) {
            throw new WireException(WireViolation.RESERVED_BITS,
                "found rpc type " + type + " and end " + end + " in a " + kind);
        }
    }

    private Frame closeFrame() throws WireException {
        if (trailer.getInt(0) != FrameFormat.END_MARK) {
            throw new WireException(WireViolation.END_MARK, "found " + Integer.toHexString(trailer.getInt(0))
                + " after a payload of " + payloadLength + " bytes, expected "
                + Integer.toHexString(FrameFormat.END_MARK));
        }
        crc.reset();
        crc.update(payload, 0, payloadLength);
        if ((int) crc.getValue() != header.getInt(20)) {
            throw new WireException(WireViolation.PAYLOAD_CHECKSUM, "found " + Integer.toHexString(header.getInt(20))
                + ", expected " + Integer.toHexString((int) crc.getValue()));
        }
        int flags = header.getInt(24);
        Frame frame = new Frame(kind, (flags & FrameFormat.END_FLAG) != 0, header.getShort(6) & 0xFFFF,
            header.getLong(8), flags & FrameFormat.BUDGET_MASK, List.of(Bytes.wrap(payload)));
        header.clear();
        trailer.clear();
        payload = null;
        payloadSize = 0;
        room.give(taken);
        taken = 0;
        return frame;
    }
}
