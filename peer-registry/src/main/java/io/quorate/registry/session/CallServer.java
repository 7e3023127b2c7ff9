package io.quorate.registry.session;

import io.quorate.api.Bytes;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;

/** Serves the calls of others. */
@FunctionalInterface
public interface CallServer {

    /**
     * Serves one call. Called on the loop; does not block. The server authorises: {@code caller} says who calls and
     * with which standing, and whether that standing may call {@code type} is the server's table to say.
     *
     * <p>A server that throws is a broken invariant: the loop's owner stops the node.
     *
     * @param budgetMillis how long the caller still waits, 1 or more, after the time that the call waited here
     * @param call to be answered once, now or later, on any thread
     */
    void serve(Caller caller, RpcType type, Bytes request, long budgetMillis, ServedCall call);

    /** Serves nothing; for clients. */
    static CallServer none() {
        return (caller, type, request, budgetMillis, call) ->
            call.fail(RpcError.of(RpcError.Code.DENIED, "found a call of " + type + " to a client, which serves none"));
    }
}
