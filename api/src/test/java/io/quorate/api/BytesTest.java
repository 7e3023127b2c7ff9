package io.quorate.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class BytesTest {

    @Test
    void testsRunOnTheModulePath() {
        assertTrue(getClass().getModule().isNamed());
        assertEquals("io.quorate.api", getClass().getModule().getName());
    }

    @Test
    void copiesDoNotSeeLaterWritesOfTheirSource() {
        byte[] source = {1, 2, 3};
        Bytes copy = Bytes.copyOf(source);
        Bytes fromBuffer = Bytes.copyOf(ByteBuffer.wrap(source, 1, 2));
        source[1] = 9;
        assertArrayEquals(new byte[] {1, 2, 3}, copy.toByteArray());
        assertArrayEquals(new byte[] {2, 3}, fromBuffer.toByteArray());
    }

    @Test
    void whatIsHandedOutCannotChangeTheContent() {
        Bytes bytes = Bytes.wrap(new byte[] {1, 2, 3});
        bytes.toByteArray()[0] = 9;
        assertThrows(ReadOnlyBufferException.class, () -> bytes.asByteBuffer().put(0, (byte) 9));
        assertEquals(1, bytes.at(0));
    }

    @Test
    void slicesAreEqualByContentAndStayWithinTheirRange() {
        Bytes whole = Bytes.utf8("abcdef");
        Bytes slice = whole.slice(2, 3);
        assertEquals(Bytes.utf8("cde"), slice);
        assertEquals(Bytes.utf8("cde").hashCode(), slice.hashCode());
        assertNotEquals(Bytes.utf8("cdf"), slice);
        assertEquals("636465", slice.hex());
        assertEquals(3, slice.asByteBuffer().remaining());
        assertThrows(IndexOutOfBoundsException.class, () -> slice.at(3));
        assertThrows(IndexOutOfBoundsException.class, () -> slice.slice(1, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> Bytes.wrap(new byte[4], 2, 3));
    }

    @Test
    void orderIsUnsigned() {
        assertTrue(Bytes.wrap(new byte[] {(byte) 0x80}).compareTo(Bytes.wrap(new byte[] {0x7F})) > 0);
        assertTrue(Bytes.utf8("a").compareTo(Bytes.utf8("ab")) < 0);
        assertTrue(Bytes.utf8("abc").startsWith(Bytes.utf8("ab")));
        assertFalse(Bytes.utf8("ab").startsWith(Bytes.utf8("abc")));
    }

    @Test
    void checksumsAreThoseOfTheRange() {
        CRC32C slice = new CRC32C();
        Bytes.utf8("abcdef").slice(2, 3).addTo(slice);
        CRC32C same = new CRC32C();
        same.update("cde".getBytes(StandardCharsets.US_ASCII));
        assertEquals(same.getValue(), slice.getValue());
    }

    @Test
    void contentsStayOutOfLogs() {
        assertEquals("Bytes[6]", Bytes.utf8("secret").toString());
    }
}
