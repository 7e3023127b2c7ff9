package io.quorate.transport.quic;

import io.quorate.spi.transport.CloseReason;

/**
 * What a connection knows of a call: that it has a turn to write in, and that it must be told when the connection ends.
 * The connection's lists are of these, so that nothing but the call itself can reach its state. On the connection's
 * thread.
 */
interface LiveCall {

    /** Writes what has gathered; its stream is created if there is none yet. */
    void turn();

    /** The connection has ended under the call. Nothing happens if the call had ended before. */
    void lost(CloseReason reason);
}
