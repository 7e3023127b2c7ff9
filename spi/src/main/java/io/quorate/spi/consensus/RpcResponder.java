package io.quorate.spi.consensus;

import io.quorate.api.Bytes;
import io.quorate.spi.wire.RpcError;
import java.util.List;

/** Answers one call, once; a second answer is ignored. May be used from any thread; does not block. */
public interface RpcResponder {

    /** @param response the payload in parts; immutable, not copied */
    void respond(List<Bytes> response);

    void fail(RpcError error);
}
