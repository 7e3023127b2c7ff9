package io.quorate.registry.session;

import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.wire.Frame;
import java.util.List;

/** A stream that keeps what is sent. */
record RecordingStream(List<Frame> sent) implements RpcStream {

    @Override
    public long correlationId() {
        return 1;
    }

    @Override
    public boolean send(Frame frame) {
        return sent.add(frame);
    }

    @Override
    public void read(boolean enabled) {
        // Nothing arrives.
    }

    @Override
    public void reset(CloseReason reason) {
        // Nothing is held.
    }
}
