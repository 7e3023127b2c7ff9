package io.quorate.spi.transport;

import io.quorate.spi.wire.Frame;

/** Hears what happens to one connection. Called on transport threads, never concurrently; must only enqueue. */
public interface ConnectionHandler {

    /**
     * A frame of the connection's kinds arrived: handshake, ping, pong. (Goodbyes arrive as the reason of the close.)
     */
    void onControl(Frame frame);

    /**
     * A call has ended and {@link Connection#openCapacity} has grown from 0, or has become positive after activation. A
     * hint: by the time it is heard the capacity may be taken again.
     */
    void onCapacity();

    /** The connection is gone. Called exactly once, last. */
    void onClosed(CloseReason reason);
}
