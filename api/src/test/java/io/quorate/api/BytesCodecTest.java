package io.quorate.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BytesCodecTest {

    private static Bytes sample() {
        return new BytesWriter(1).u8(200).u16(60_000).i32(-7).i64(Long.MIN_VALUE).bool(true).string("grüß dich")
            .bytes(Bytes.utf8("x")).raw(Bytes.utf8("yz")).toBytes();
    }

    private static void readSample(Bytes encoded) throws MalformedBytesException {
        BytesReader in = new BytesReader(encoded);
        assertEquals(200, in.u8());
        assertEquals(60_000, in.u16());
        assertEquals(-7, in.i32());
        assertEquals(Long.MIN_VALUE, in.i64());
        assertTrue(in.bool());
        assertEquals("grüß dich", in.string(100));
        assertEquals(Bytes.utf8("x"), in.bytes(1));
        assertEquals(Bytes.utf8("yz"), in.raw(2));
        in.end();
    }

    @Test
    void whatWasWrittenIsRead() throws MalformedBytesException {
        readSample(sample());
    }

    @Test
    void everyTruncationIsRefused() {
        Bytes whole = sample();
        for (int length = 0; length < whole.length(); length++) {
            Bytes cut = whole.slice(0, length);
            assertThrows(MalformedBytesException.class, () -> readSample(cut), "cut to " + length);
        }
    }

    @Test
    void lengthsAreCheckedBeforeAnythingIsTaken() {
        Bytes huge = new BytesWriter().i32(Integer.MAX_VALUE).toBytes();
        Bytes negative = new BytesWriter().i32(-1).toBytes();
        assertThrows(MalformedBytesException.class, () -> new BytesReader(huge).bytes(Integer.MAX_VALUE));
        assertThrows(MalformedBytesException.class, () -> new BytesReader(negative).bytes(10));
        assertThrows(MalformedBytesException.class, () -> new BytesReader(huge).count(Integer.MAX_VALUE, 1));
        assertThrows(MalformedBytesException.class, () -> new BytesReader(negative).count(10, 1));
        String message = assertThrows(MalformedBytesException.class,
            () -> new BytesReader(new BytesWriter().string("too long").toBytes()).string(3)).getMessage();
        assertEquals("found length 8 at byte 0, expected 0 to 3", message);
    }

    @Test
    void whatIsLeftOverIsRefused() {
        assertThrows(MalformedBytesException.class, () -> new BytesReader(Bytes.utf8("x")).end());
        assertThrows(MalformedBytesException.class, () -> new BytesReader(Bytes.wrap(new byte[] {2})).bool());
    }

    @Test
    void namesAreLabels() {
        assertEquals("n-1", new NodeId("n-1").value());
        for (String bad : new String[] {"", "-a", "a-", "A", "a.b", "a b", "é", "x".repeat(64)}) {
            assertThrows(IllegalArgumentException.class, () -> new NodeId(bad), bad);
            assertThrows(IllegalArgumentException.class, () -> new ClusterId(bad), bad);
        }
        assertThrows(IllegalArgumentException.class, () -> new NodeId(null));
        assertFalse(new NodeId("a").equals(new NodeId("b")));
    }

    @Test
    void numbersOfTheLogAreNotNegative() {
        assertThrows(IllegalArgumentException.class, () -> new Term(-1));
        assertThrows(IllegalArgumentException.class, () -> new LogIndex(-1));
        assertThrows(ArithmeticException.class, () -> new LogIndex(Long.MAX_VALUE).next());
        assertEquals(new Term(1), Term.ZERO.next());
    }

    @Test
    void commandsAreBounded() {
        new Command(Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES]));
        Bytes tooLarge = Bytes.wrap(new byte[Command.MAX_PAYLOAD_BYTES + 1]);
        assertThrows(IllegalArgumentException.class, () -> new Command(tooLarge));
    }

    @Test
    void codesOfStatusesAreDistinctAndKnown() throws MalformedBytesException {
        for (PeerStatus status : PeerStatus.values()) {
            assertEquals(status, PeerStatus.ofCode(status.code()));
        }
        assertThrows(MalformedBytesException.class, () -> PeerStatus.ofCode(6));
    }
}
