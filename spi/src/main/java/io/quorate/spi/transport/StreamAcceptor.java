package io.quorate.spi.transport;

/** Receives the calls that the other side begins. Called on a transport thread. */
@FunctionalInterface
public interface StreamAcceptor {

    /**
     * The other side has begun a call.
     *
     * @param stream the call's stream
     * @return the handler of its frames; the first request is delivered to it next
     */
    StreamHandler onStream(RpcStream stream);
}
