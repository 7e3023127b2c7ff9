package io.quorate.transport.quic;

import io.quorate.spi.transport.CloseReason;

/**
 * What a connection knows of a call: that it has a turn to write in, and that it must be told when the connection ends
 * or the other side gives it up. The connection's lists are of these, so that nothing but the call itself can reach its
 * state. On the connection's thread.
 */
interface LiveCall {

    /** Writes what has gathered; its stream is created if there is none yet. */
    void turn();

    /** The call's number; 0 for one of the other side whose first request has not arrived. */
    long correlationId();

    /** Its caller, the other side, has given it up, whose last request is here. Nothing happens if it had ended. */
    void givenUp(CloseReason reason);

    /** The connection has ended under the call. Nothing happens if the call had ended before. */
    void lost(CloseReason reason);
}
