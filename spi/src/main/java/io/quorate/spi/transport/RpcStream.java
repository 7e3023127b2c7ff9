package io.quorate.spi.transport;

import io.quorate.spi.wire.Frame;

/**
 * One call's own stream of frames: ordered, flow-controlled, unreachable from any other.
 *
 * <p>Methods may be called from any thread and do not block.
 */
public interface RpcStream {

    /** The call's number, to be used as the correlation id of every frame. */
    long correlationId();

    /**
     * Sends a frame of the call. The payload is not copied; it is immutable. Dropped without a word if the stream is
     * gone.
     *
     * @return whether more may be sent now; if not, wait for {@link StreamHandler#onWritable}. What is sent all the
     *     same is kept, and counts against the sender's memory.
     * @throws IllegalStateException if {@link io.quorate.spi.wire.RpcExchange} does not permit the frame
     */
    boolean send(Frame frame);

    /** Stops ({@code false}) or resumes ({@code true}) the delivery of frames; the other side's sending then stalls. */
    void read(boolean enabled);

    /** Gives the call up. On TCP this closes the connection, which no other call is using; on QUIC the stream alone. */
    void reset(CloseReason reason);
}
