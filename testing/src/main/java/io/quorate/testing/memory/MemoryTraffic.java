package io.quorate.testing.memory;

import io.quorate.spi.wire.Frame;

/**
 * Watches everything that is sent on a {@link MemoryNetwork}, and may disturb it as a real network may. What a
 * transport promises it cannot break: on one stream nothing overtakes, and nothing is lost unless the connection is.
 */
public interface MemoryTraffic {

    /** Leaves everything as it is. */
    MemoryTraffic UNDISTURBED = new MemoryTraffic() {
    };

    /** What becomes of a frame at the end of its way. */
    enum Fate {
        ARRIVES,
        /** The connection breaks before it arrives: a call, or its response, is lost. */
        LOST,
        /** The connection breaks when it has arrived: a call is carried out whose caller never hears of it. */
        LAST
    }

    /** {@code from} has sent a frame. */
    default void sent(String from, String to, Frame frame) {
    }

    /** A connection has ended at {@code from}, whatever {@code to} knows of it. */
    default void ended(String from, String to) {
    }

    /** How much longer than usual the next frame from one host to another takes. */
    default long extraDelayNanos(String from, String to) {
        return 0;
    }

    /** A frame is about to arrive. */
    default Fate arriving(String from, String to, Frame frame) {
        return Fate.ARRIVES;
    }
}
