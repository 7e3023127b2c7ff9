package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.quorate.api.Bytes;
import org.junit.jupiter.api.Test;

class BoundedReaderTest {

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void readsTheSampleNumbers() {
        // RFC 9000 §A.1.
        assertEquals(151_288_809_941_952_652L, reader("c2197c5eff14e88c").variableInt());
        assertEquals(494_878_333, reader("9d7f3e7d").variableInt());
        assertEquals(15_293, reader("7bbd").variableInt());
        assertEquals(37, reader("25").variableInt());
        assertEquals(37, reader("4025").variableInt());
    }

    @Test
    void staysWithinItsPart() {
        BoundedReader reader = new BoundedReader(Unpooled.wrappedBuffer(Rfc9001.hex("0102030405")), 1, 4);
        assertEquals(Bytes.wrap(Rfc9001.hex("020304")), reader.bytes(3));
        assertFalse(reader.failed());
        assertEquals(0, reader.unsignedByte());
        assertTrue(reader.failed());
    }

    @Test
    void whatHasFailedStaysFailedAndReadsZero() {
        BoundedReader reader = reader("01020304");
        assertEquals(Bytes.empty(), reader.bytes(5));
        assertEquals(0, reader.unsignedByte());
        assertEquals(0, reader.unsignedShort());
        assertEquals(0, reader.signedInt());
        assertEquals(0, reader.variableInt());
        reader.skip(1);
        assertEquals(0, reader.at());
        assertTrue(reader.failed());
        for (long size : new long[] {-1, 5, Integer.MAX_VALUE + 2L, Long.MAX_VALUE, Long.MIN_VALUE}) {
            BoundedReader another = reader("01020304");
            another.skip(size);
            assertTrue(another.failed(), "skipping " + size);
        }
        assertEquals(0, reader("80ffff").variableInt());
    }

    private static BoundedReader reader(String hex) {
        byte[] bytes = Rfc9001.hex(hex);
        return new BoundedReader(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
    }
}
