package io.quorate.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The shares leave a small heap room for everything else, and a large one gets no more than is of use. */
class HeapLimitsTest {

    @Test
    void aSmallHeapIsSharedAndALargeOneIsNotFilled() {
        assertEquals(4L << 20, HeapLimits.shareBytes(64L << 20));
        assertEquals(64L << 20, HeapLimits.shareBytes(1L << 30));
        assertEquals(64L << 20, HeapLimits.shareBytes(32L << 30));
    }

    @Test
    void theShareOfThisProcessFollowsItsHeap() {
        assertEquals(HeapLimits.shareBytes(Runtime.getRuntime().maxMemory()), HeapLimits.shareBytes());
        assertTrue(HeapLimits.shareBytes() > 0);
    }
}
