package io.quorate.transport.quic;

import io.quorate.api.Bytes;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The beginning of a server's handshake bytes, put together from frames that may overlap and arrive in any order.
 * Memory is bounded; what lies behind is ignored. For one thread.
 */
final class HelloPrefix {

    /** Far more than stands before the group's number: some 60 bytes, and what other extensions may take. */
    static final int MOST_BYTES = 768;

    private final byte[] bytes = new byte[MOST_BYTES];
    private final BitSet present = new BitSet(MOST_BYTES);

    /**
     * Adds what fits.
     *
     * @return whether it agrees with what is there already; if it does not, two senders have spoken
     */
    boolean add(CryptoFrame frame) {
        Bytes data = frame.data();
        for (int i = 0; i < data.length() && frame.offset() + i < MOST_BYTES; i++) {
            int at = (int) frame.offset() + i;
            if (present.get(at) && bytes[at] != data.at(i)) {
                return false;
            }
            bytes[at] = data.at(i);
            present.set(at);
        }
        return true;
    }

    /** The bytes from the first one to the first gap. */
    Bytes known() {
        return Bytes.wrap(Arrays.copyOf(bytes, present.nextClearBit(0)));
    }
}
