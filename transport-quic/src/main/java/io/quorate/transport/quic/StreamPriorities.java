package io.quorate.transport.quic;

import io.netty.handler.codec.quic.QuicStreamPriority;
import io.quorate.spi.wire.Lane;
import io.quorate.spi.wire.RpcType;

/**
 * What goes first when the path is full. Smaller numbers are more urgent; streams of the same number take turns packet
 * by packet, so that a large call cannot hold up a small one of its own lane.
 */
final class StreamPriorities {

    static final QuicStreamPriority CONTROL = new QuicStreamPriority(0, false);
    private static final QuicStreamPriority URGENT = new QuicStreamPriority(16, true);
    private static final QuicStreamPriority NORMAL = new QuicStreamPriority(64, true);
    private static final QuicStreamPriority BULK = new QuicStreamPriority(112, true);

    private StreamPriorities() {
    }

    static QuicStreamPriority of(Lane lane) {
        return switch (lane) {
            case URGENT -> URGENT;
            case NORMAL -> NORMAL;
            case BULK -> BULK;
        };
    }

    /** Of a procedure that exists. */
    static QuicStreamPriority of(int rpcType) {
        return of(RpcType.ofCode(rpcType).lane());
    }
}
