package io.quorate.transport.quic;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The calls of one connection that the other side has begun, by their numbers: so that it can give one up whose last
 * request it has sent already. It does with an error frame of that call on its control stream, whose one byte is the
 * kind of the end.
 *
 * <p>On the connection's thread, but for {@link #remove}.
 */
final class ServedCalls {

    private final Map<Long, LiveCall> calls = new ConcurrentHashMap<>();
    /** Numbers that were given up and are not known, the latest last. */
    private final SequencedSet<Long> early = new LinkedHashSet<>();
    private final int mostEarly;

    /** @param mostEarly how many calls the other side may have open */
    ServedCalls(int mostEarly) {
        this.mostEarly = mostEarly;
    }

    /** What tells the other side that its call is given up. */
    static Frame note(int rpcType, long correlationId, CloseReason.Kind kind) {
        return new Frame(FrameKind.ERROR, true, rpcType, correlationId, 0,
            List.of(Bytes.wrap(new byte[] {(byte) kind.code()})));
    }

    /** The first request of a call has arrived. */
    void add(long correlationId, LiveCall call) {
        calls.put(correlationId, call);
        if (early.remove(correlationId)) {
            call.givenUp(QuicFailures.givenUp(CloseReason.Kind.CALL_RESET.code()));
        }
    }

    /** A call has ended. From any thread. */
    void remove(LiveCall call) {
        calls.remove(call.correlationId(), call);
    }

    /**
     * The other side has given up one of its calls. It may have ended before; or its request was lost on its way and
     * comes later than this, and would then be served for nobody.
     */
    void onNote(Frame note) {
        LiveCall call = calls.get(note.correlationId());
        if (call != null) {
            call.givenUp(QuicFailures.givenUp(note.payloadLength() == 0 ? 0 : note.body().at(0) & 0xFF));
        } else {
            early.add(note.correlationId());
            if (early.size() > mostEarly) {
                early.removeFirst();
            }
        }
    }
}
