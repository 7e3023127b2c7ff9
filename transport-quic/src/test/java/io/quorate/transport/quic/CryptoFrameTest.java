package io.quorate.transport.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CryptoFrameTest {

    private static final List<CryptoFrame> ONE = List.of(new CryptoFrame(5, Bytes.wrap(Rfc9001.hex("aabb"))));

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void findsTheFrameAmongAllThatAnInitialMayHave() {
        String crypto = "060502aabb";
        assertEquals(ONE, in(crypto));
        assertEquals(ONE, in("000000" + crypto + "0000"));
        assertEquals(ONE, in("01" + crypto + "01"));
        // An ACK of two further ranges; the same with ECN counts; numbers of two, four and eight bytes.
        assertEquals(ONE, in("0209400002034142800000014001" + "c000000000000001" + crypto));
        assertEquals(ONE, in("03090001030102" + "0a0b0c" + crypto));
        assertEquals(ONE, in("1c0a0602ffff" + crypto));
        assertEquals(List.of(ONE.getFirst(), new CryptoFrame(7, Bytes.empty())), in(crypto + "060700"));
    }

    @Test
    void aFrameThatAnInitialMustNotHaveVoidsThePacket() {
        // MAX_DATA, NEW_TOKEN, a stream's, an application's close, a type written longer than needed.
        for (String forbidden : List.of("1001", "070101", "080101", "1d0a00", "4006")) {
            assertEquals(List.of(), in("060502aabb" + forbidden), forbidden);
        }
    }

    @Test
    void aFrameWithoutItsEndVoidsThePacket() {
        byte[] whole = Rfc9001.hex("060502aabb" + "0209000103010201" + "060702ccdd");
        assertEquals(2, CryptoFrame.in(whole).size());
        for (int size : new int[] {1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17}) {
            assertEquals(List.of(), CryptoFrame.in(Arrays.copyOf(whole, size)), "cut at " + size);
        }
        assertEquals(List.of(), in("0605ffffffffffffffffaabb"));
        assertEquals(List.of(), in("020900ffffffffffffffff030102"));
        assertEquals(List.of(), in("1c0a0605ffff"));
    }

    private static List<CryptoFrame> in(String hex) {
        return CryptoFrame.in(Rfc9001.hex(hex));
    }
}
