package io.quorate.spi.wire;

/**
 * Where a {@link FrameDecoder} asks for room before it allocates for the payload of a frame that has not arrived
 * completely. Without such a bound, many connections that each hold back the end of a large frame would fill the memory
 * of the node that waits for it.
 *
 * <p>Asked by one thread for each decoder; an implementation that decoders share must be thread-safe.
 */
public interface PayloadRoom {

    /**
     * Frames with so little payload need no room: votes and heartbeats arrive whatever others hold. The number of
     * connections and of calls on each is bounded, and a call costs as much anyway.
     */
    int FREE_FRAME_BYTES = 4 << 10;

    /** Room for whatever is announced: for sources whose frames are bounded otherwise. */
    PayloadRoom UNBOUNDED = new PayloadRoom() {
        @Override
        public boolean take(int bytes, int frameBytes) {
            return true;
        }

        @Override
        public void give(int bytes) {
            // There is always more.
        }
    };

    /**
     * Takes room for {@code bytes} more of a payload, or none.
     *
     * @param frameBytes how large the whole payload is announced to be
     */
    boolean take(int bytes, int frameBytes);

    /** Gives back what was taken: the frame is complete and the receiver's, or nobody waits for it any more. */
    void give(int bytes);
}
