package io.quorate.spi.consensus;

import io.quorate.api.Bytes;
import io.quorate.api.NodeId;
import io.quorate.spi.wire.RpcType;
import java.util.List;

/** Calls other nodes, each call on a stream of its own. Used on the node loop; does not block. */
public interface PeerCaller {

    /**
     * Calls {@code peer}.
     *
     * @param request the payload in parts; immutable, not copied
     * @param timeoutMillis how long to wait for the response at most, 1 or more
     * @param answer called on the node loop, exactly once, never within this call
     */
    void call(NodeId peer, RpcType type, List<Bytes> request, long timeoutMillis, CallHandler answer);

    /** Hears how a call ended. */
    interface CallHandler {

        void onResponse(Bytes response);

        void onFailure(CallFailure failure);
    }
}
