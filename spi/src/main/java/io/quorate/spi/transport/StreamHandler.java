package io.quorate.spi.transport;

import io.quorate.spi.wire.Frame;

/**
 * Hears what happens to one call's stream. Called on transport threads, never concurrently; must only enqueue. Every
 * frame has passed {@link io.quorate.spi.wire.RpcExchange}.
 */
public interface StreamHandler {

    /** A frame arrived; its payload belongs to the handler. */
    void onFrame(Frame frame);

    /** The stream takes frames again after {@link RpcStream#send} said that it is full. */
    default void onWritable() {
    }

    /**
     * The stream is gone before both sides had sent their last frame. Called at most once, last; not called after a
     * call that has ended well.
     */
    void onReset(CloseReason reason);
}
