package io.quorate.spi.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.fuzz.Allocation;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/**
 * Streams of frames, most of them sealed with right checksums over whatever their fields say, some damaged afterwards,
 * and bytes that are no frames at all.
 */
public final class FrameDecoderFuzzTest {

    private static final Reached REACHED = new Reached();
    private static final int FATE_BYTES = 16;
    private static final List<String> STRAYS = List.of("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n", "PRI * HTTP/2.0",
        "\u0016\u0003\u0001\u0002", "\u0015\u0003\u0003\u0000", "\u00a0\u0000\u0000\u0000", "QRT0", "QRT1");

    /** What a decoder makes of a stream, in words that can be compared, and each frame's bytes as they came. */
    private record Outcome(List<Frame> frames, WireViolation violation) {
    }

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 4_000, FrameDecoderFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(20, "frame", "violation");
        REACHED.require(1, WireViolation.TLS_RECORD, WireViolation.HTTP, WireViolation.BAD_MAGIC,
            WireViolation.UNSUPPORTED_VERSION, WireViolation.HEADER_CHECKSUM, WireViolation.UNKNOWN_KIND,
            WireViolation.RESERVED_BITS, WireViolation.FRAME_TOO_LARGE, WireViolation.PAYLOAD_CHECKSUM,
            WireViolation.END_MARK, WireViolation.TRUNCATED, WireViolation.RPC_BEFORE_HANDSHAKE);
        REACHED.require(1, FrameKind.values());
    }

    public static void fuzzerTestOneInput(byte[] data) throws Exception {
        FuzzInput in = new FuzzInput(data);
        boolean callsPermitted = !in.oneIn(8);
        int pieceBytes = 1 + in.below(100);
        byte[] stream = in.oneIn(8) ? in.rest() : stream(in);
        // An announced length is paid for by what arrives: the decoder grows a payload with its bytes. One allocation
        // of its first size (64 KiB) is within the headroom.
        Allocation.bounded(stream.length, 16, () -> decode(stream, stream.length, callsPermitted));
        Outcome whole = decode(stream, Math.max(1, stream.length), callsPermitted);
        assertEquals(whole, decode(stream, pieceBytes, callsPermitted), "cut into pieces of " + pieceBytes);
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        for (Frame frame : whole.frames) {
            REACHED.count("frame");
            REACHED.count(frame.kind());
            again.writeBytes(FrameEncoder.encode(frame).toByteArray());
        }
        // There is one encoding of a frame: what was taken for it is what it is written as.
        assertEquals(Bytes.wrap(stream, 0, again.size()), Bytes.wrap(again.toByteArray()));
        if (whole.violation == null) {
            assertEquals(stream.length, again.size(), "bytes that are no frame went unnoticed");
        } else {
            REACHED.count("violation");
            REACHED.count(whole.violation);
        }
    }

    private static Outcome decode(byte[] stream, int pieceBytes, boolean callsPermitted) {
        FrameDecoder decoder = new FrameDecoder(() -> callsPermitted);
        List<Frame> frames = new ArrayList<>();
        try {
            for (int at = 0; at < stream.length; at += pieceBytes) {
                ByteBuffer piece = ByteBuffer.wrap(stream, at, Math.min(pieceBytes, stream.length - at));
                while (piece.hasRemaining()) {
                    Frame frame = decoder.decode(piece);
                    if (frame != null) {
                        frames.add(frame);
                    }
                }
            }
            decoder.end();
            return new Outcome(frames, null);
        } catch (WireException e) {
            assertTrue(e.getMessage().contains("found"), e.getMessage());
            return new Outcome(frames, e.violation());
        }
    }

    private static byte[] stream(FuzzInput in) {
        // Before the frames, since at the end of an input every decision is the plain one.
        FuzzInput fate = new FuzzInput(in.exactly(FATE_BYTES).toByteArray());
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int i = 0; i < 8 && in.hasMore(); i++) {
            if (in.oneIn(24)) {
                stream.writeBytes(in.pick(STRAYS).getBytes(StandardCharsets.ISO_8859_1));
            }
            stream.writeBytes(frame(in));
        }
        byte[] bytes = stream.toByteArray();
        if (fate.oneIn(4)) {
            fate.damage(bytes, 0, bytes.length);
        }
        return fate.oneIn(12) ? Arrays.copyOf(bytes, fate.below(bytes.length + 1)) : bytes;
    }

    /** A frame whose checksums are right, whatever its fields say; and then, once in a while, one field damaged. */
    static byte[] frame(FuzzInput in) {
        FrameKind kind = in.pick(FrameKind.values());
        byte[] payload = in.bytes(120);
        int type = kind.isRpc() ? in.pick(RpcType.values()).code() : 0;
        int budget = kind == FrameKind.REQUEST ? 1 + in.below(60_000) : 0;
        boolean end = !kind.isRpc() || in.oneIn(2);
        ByteBuffer frame = ByteBuffer.allocate(FrameFormat.OVERHEAD_BYTES + payload.length);
        frame.putInt(FrameFormat.MAGIC).put((byte) FrameFormat.VERSION).put((byte) kind.code()).putShort((short) type)
            .putLong(in.number()).putInt(payload.length).putInt(crc(payload, payload.length))
            .putInt((end ? FrameFormat.END_FLAG : 0) | budget).putInt(0).put(payload).putInt(FrameFormat.END_MARK);
        // Before sealing: the header's checksum is right, and the field is not.
        switch (in.below(32)) {
            case 25 -> frame.put(4, (byte) in.u8());
            case 26 -> frame.put(5, (byte) in.u8());
            case 27 -> frame.putShort(6, (short) in.u16());
            // A length that is announced and never comes must cost nothing yet, so it is large as well as impossible.
            case 28 -> frame.putInt(16, in.oneIn(2) ? 1 << in.below(24) : (int) in.number());
            case 29 -> frame.putInt(20, in.i32());
            case 30 -> frame.putInt(24, in.i32());
            case 31 -> frame.putInt(frame.capacity() - 4, in.i32());
            default -> { }
        }
        frame.putInt(28, crc(frame.array(), 28));
        return frame.array();
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
