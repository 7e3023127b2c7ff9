package io.quorate.spi.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class FrameCodecTest {

    private static final Frame REQUEST = new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), 0x1122334455667788L,
        1500, List.of(Bytes.utf8("first,"), Bytes.utf8("second")));

    private static Frame decodeOne(Bytes encoded) throws WireException {
        return new FrameDecoder().decode(encoded.asByteBuffer());
    }

    private static WireViolation violation(byte[] bytes) {
        return assertThrows(WireException.class, () -> {
            FrameDecoder decoder = new FrameDecoder();
            ByteBuffer source = ByteBuffer.wrap(bytes);
            while (decoder.decode(source) != null) {
                continue;
            }
            decoder.end();
        }).violation();
    }

    /** Rewrites one field and mends the header's checksum, so that what lies behind the checksum is reached. */
    private static byte[] forged(Consumer<ByteBuffer> change) {
        byte[] bytes = FrameEncoder.encode(REQUEST).toByteArray();
        change.accept(ByteBuffer.wrap(bytes));
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, 28);
        ByteBuffer.wrap(bytes).putInt(28, (int) crc.getValue());
        return bytes;
    }

    @Test
    void testsRunOnTheModulePath() {
        assertTrue(getClass().getModule().isNamed());
        assertEquals("io.quorate.spi", getClass().getModule().getName());
    }

    @Test
    void everyKindComesBackAsItWasSent() throws WireException {
        for (FrameKind kind : FrameKind.values()) {
            Frame frame = kind.isRpc()
                ? new Frame(kind, kind == FrameKind.ERROR, 0x0301, -5, kind == FrameKind.REQUEST ? 1 : 0,
                    List.of(Bytes.utf8("payload")))
                : Frame.control(kind, 7, Bytes.empty());
            Frame back = decodeOne(FrameEncoder.encode(frame));
            assertEquals(frame, back);
        }
    }

    @Test
    void partsArriveAsOnePayload() throws WireException {
        Frame back = decodeOne(FrameEncoder.encode(REQUEST));
        assertEquals(List.of(Bytes.utf8("first,second")), back.payload());
        assertEquals(REQUEST.body(), back.body());
        assertEquals(1500, back.budgetMillis());
    }

    @Test
    void framesSurviveEveryWayOfBeingCut() throws WireException {
        Bytes two = Bytes.wrap(concat(FrameEncoder.encode(REQUEST), FrameEncoder.encode(
            Frame.control(FrameKind.PING, 3, Bytes.utf8("x")))));
        for (int cut = 0; cut <= two.length(); cut++) {
            FrameDecoder decoder = new FrameDecoder();
            List<Frame> frames = new ArrayList<>();
            for (Bytes piece : List.of(two.slice(0, cut), two.slice(cut, two.length() - cut))) {
                ByteBuffer source = piece.asByteBuffer();
                for (Frame frame = decoder.decode(source); frame != null; frame = decoder.decode(source)) {
                    frames.add(frame);
                }
                assertFalse(source.hasRemaining());
            }
            assertEquals(2, frames.size(), "cut at " + cut);
            assertEquals(REQUEST.body(), frames.get(0).body());
            assertFalse(decoder.midFrame());
        }
    }

    @Test
    void aPayloadTakesRoomAsItArrivesAndGivesItBackWhenItIsWhole() throws WireException {
        Room room = new Room(1 << 20);
        byte[] whole = FrameEncoder.encode(new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), 1, 1_500,
            List.of(Bytes.wrap(new byte[300 << 10])))).toByteArray();
        FrameDecoder decoder = new FrameDecoder(() -> true, room);
        assertNull(decoder.decode(ByteBuffer.wrap(whole, 0, FrameFormat.HEADER_BYTES)));
        assertEquals(64 << 10, room.taken, "not what is announced");
        assertNull(decoder.decode(ByteBuffer.wrap(whole, FrameFormat.HEADER_BYTES, 100 << 10)));
        assertEquals(128 << 10, room.taken);
        int at = FrameFormat.HEADER_BYTES + (100 << 10);
        assertNotNull(decoder.decode(ByteBuffer.wrap(whole, at, whole.length - at)));
        assertEquals(0, room.taken);
        assertNull(decoder.decode(ByteBuffer.wrap(whole, 0, 200 << 10)));
        assertEquals(256 << 10, room.taken);
        decoder.release();
        decoder.release();
        assertEquals(0, room.taken, "given back once");
    }

    @Test
    void aPayloadWithoutRoomEndsTheDecoderAndIsNoViolation() throws WireException {
        byte[] whole = FrameEncoder.encode(new Frame(FrameKind.REQUEST, true, RpcType.SUBMIT.code(), 1, 1_500,
            List.of(Bytes.wrap(new byte[300 << 10])))).toByteArray();
        for (int most : new int[] {1 << 10, 200 << 10}) {
            Room room = new Room(most);
            FrameDecoder decoder = new FrameDecoder(() -> true, room);
            assertNull(decoder.decode(ByteBuffer.wrap(whole)));
            assertTrue(decoder.lacksRoom());
            assertTrue(room.taken <= most);
            assertThrows(IllegalStateException.class, () -> decoder.decode(ByteBuffer.wrap(whole)));
            decoder.end();
            decoder.release();
            assertEquals(0, room.taken);
        }
    }

    /** Room for so much. */
    private static final class Room implements PayloadRoom {
        private final int most;
        private int taken;

        Room(int most) {
            this.most = most;
        }

        @Override
        public boolean take(int bytes, int frameBytes) {
            if (taken + bytes > most) {
                return false;
            }
            taken += bytes;
            return true;
        }

        @Override
        public void give(int bytes) {
            taken -= bytes;
        }
    }

    @Test
    void aFrameThatEndsEarlyIsTruncated() {
        byte[] whole = FrameEncoder.encode(REQUEST).toByteArray();
        for (int length = 1; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertEquals(WireViolation.TRUNCATED, violation(cut), "cut to " + length);
        }
    }

    @Test
    void noSingleFlippedBitGoesUnnoticed() {
        byte[] whole = FrameEncoder.encode(REQUEST).toByteArray();
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertNotNull(violation(flipped), "bit " + bit);
        }
    }

    @Test
    void violationsHaveTheirNames() {
        assertEquals(WireViolation.UNSUPPORTED_VERSION, violation(forged(b -> b.put(4, (byte) 2))));
        assertEquals(WireViolation.UNKNOWN_KIND, violation(forged(b -> b.put(5, (byte) 0xA0))));
        assertEquals(WireViolation.RESERVED_BITS, violation(forged(b -> b.putInt(24, 0))));
        assertEquals(WireViolation.RESERVED_BITS, violation(forged(b -> b.putShort(6, (short) 0))));
        assertEquals(WireViolation.RESERVED_BITS, violation(forged(b -> b.put(5, (byte) FrameKind.PING.code()))));
        assertEquals(WireViolation.FRAME_TOO_LARGE, violation(forged(b -> b.putInt(16, Integer.MAX_VALUE))));
        assertEquals(WireViolation.FRAME_TOO_LARGE, violation(forged(b -> b.putInt(16, -1))));
        assertEquals(WireViolation.HEADER_CHECKSUM, violation(flip(20)));
        assertEquals(WireViolation.PAYLOAD_CHECKSUM, violation(flip(33)));
        assertEquals(WireViolation.END_MARK, violation(flip(FrameEncoder.encode(REQUEST).length() - 1)));
        assertEquals(WireViolation.BAD_MAGIC, violation(new byte[64]));
    }

    @Test
    void otherProtocolsAreRecognised() {
        assertEquals(WireViolation.HTTP, violation("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        assertEquals(WireViolation.HTTP, violation("POST /x HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII)));
        assertEquals(WireViolation.HTTP, violation("PRI * HTTP/2.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        assertEquals(WireViolation.TLS_RECORD, violation(new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1}));
    }

    @Test
    void randomBytesAreNeverAFrame() {
        Random random = new Random(42);
        for (int round = 0; round < 10_000; round++) {
            byte[] junk = new byte[1 + random.nextInt(100)];
            random.nextBytes(junk);
            assertNotNull(violation(junk));
        }
    }

    @Test
    void nothingIsReadAfterAViolation() {
        FrameDecoder decoder = new FrameDecoder();
        assertThrows(WireException.class, () -> decoder.decode(ByteBuffer.wrap(new byte[32])));
        assertThrows(IllegalStateException.class, () -> decoder.decode(FrameEncoder.encode(REQUEST).asByteBuffer()));
    }

    @Test
    void callsBeforeTheHandshakeAreRefusedByTheirHeaderAlone() throws WireException {
        boolean[] permitted = new boolean[1];
        Bytes header = FrameEncoder.encode(REQUEST).slice(0, FrameFormat.HEADER_BYTES);
        FrameDecoder early = new FrameDecoder(() -> permitted[0]);
        assertEquals(WireViolation.RPC_BEFORE_HANDSHAKE,
            assertThrows(WireException.class, () -> early.decode(header.asByteBuffer())).violation());
        FrameDecoder decoder = new FrameDecoder(() -> permitted[0]);
        assertNotNull(decoder.decode(
            FrameEncoder.encode(Frame.control(FrameKind.HANDSHAKE, 0, Bytes.empty())).asByteBuffer()));
        permitted[0] = true;
        assertNotNull(decoder.decode(FrameEncoder.encode(REQUEST).asByteBuffer()));
    }

    @Test
    void largePayloadsArriveWholeHoweverTheyAreCut() throws WireException {
        byte[] content = new byte[1_000_003];
        new Random(7).nextBytes(content);
        Bytes encoded = FrameEncoder.encode(
            new Frame(FrameKind.RESPONSE, true, RpcType.QUERY.code(), 1, 0, List.of(Bytes.wrap(content))));
        for (int piece : new int[] {encoded.length(), 65_536, 4_099}) {
            FrameDecoder decoder = new FrameDecoder();
            Frame frame = null;
            for (int at = 0; at < encoded.length(); at += piece) {
                frame = decoder.decode(encoded.slice(at, Math.min(piece, encoded.length() - at)).asByteBuffer());
            }
            assertEquals(Bytes.wrap(content), frame.body());
        }
    }

    @Test
    void framesThatBreakTheFormatAreNotSent() {
        Bytes large = Bytes.wrap(new byte[FrameFormat.MAX_PAYLOAD_BYTES + 1]);
        assertThrows(IllegalArgumentException.class,
            () -> FrameEncoder.header(new Frame(FrameKind.RESPONSE, true, 1, 1, 0, List.of(large))));
        assertThrows(IllegalArgumentException.class,
            () -> FrameEncoder.header(new Frame(FrameKind.REQUEST, true, 1, 1, 0, List.of())));
        assertThrows(IllegalArgumentException.class,
            () -> FrameEncoder.header(new Frame(FrameKind.RESPONSE, true, 1, 1, 5, List.of())));
        assertThrows(IllegalArgumentException.class,
            () -> FrameEncoder.header(new Frame(FrameKind.RESPONSE, true, 0, 1, 0, List.of())));
        assertThrows(IllegalArgumentException.class, () -> Frame.control(FrameKind.REQUEST, 1, Bytes.empty()));
    }

    @Test
    void codesOfKindsAndProceduresCannotBeMistaken() {
        for (FrameKind a : FrameKind.values()) {
            assertEquals(a, FrameKind.ofCode(a.code()));
            for (FrameKind b : FrameKind.values()) {
                assertTrue(a == b || Integer.bitCount(a.code() ^ b.code()) >= 2, a + " and " + b);
            }
        }
        assertNull(FrameKind.ofCode(0));
        for (RpcType type : RpcType.all()) {
            assertEquals(type, RpcType.ofCode(type.code()));
            int first = type.code() >>> 8;
            assertTrue(first != 0xA0 && (first < 0x20 || first > 0x7E), type + " begins like another protocol");
        }
        assertNull(RpcType.ofCode(160));
    }

    private static byte[] flip(int at) {
        byte[] bytes = FrameEncoder.encode(REQUEST).toByteArray();
        bytes[at] ^= 1;
        return bytes;
    }

    private static byte[] concat(Bytes a, Bytes b) {
        byte[] both = new byte[a.length() + b.length()];
        a.copyTo(both, 0);
        b.copyTo(both, a.length());
        return both;
    }
}
