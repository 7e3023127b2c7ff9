package io.quorate.testing.transport;

import io.quorate.api.Bytes;
import io.quorate.spi.transport.CloseReason;
import io.quorate.spi.transport.RpcStream;
import io.quorate.spi.transport.StreamHandler;
import io.quorate.spi.wire.Frame;
import io.quorate.spi.wire.FrameKind;
import io.quorate.spi.wire.RpcType;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Thousands of calls of all sorts at once, in one direction. Each request says in its content which call it is of, and
 * the server answers with content that belongs to that call and no other; so a frame that has got into the wrong call
 * is noticed by whoever reads it, whatever its header says.
 */
final class MassCalls {

    private static final int KIB = 1 << 10;
    private static final int SNAPSHOT_CHUNKS = 8;
    private static final int SNAPSHOT_CHUNK_BYTES = 32 * KIB;
    private static final int LARGEST_BYTES = 4 << 20;
    /** At once on one connection where streams share it; more would only wait in queues. */
    private static final int MAX_UNDER_WAY = 48;

    private final Bench bench;
    private final List<ContractPeer> peers;
    private final int direction;
    private final int count;
    private final AtomicInteger answered = new AtomicInteger();
    private int begun;

    MassCalls(Bench bench, List<ContractPeer> peers, int direction, int count) {
        this.bench = bench;
        this.peers = peers;
        this.direction = direction;
        this.count = count;
    }

    /** What kind of call a number is: many small ones, some large ones. */
    private static RpcType type(long call) {
        return switch ((int) (call % 100)) {
            case 2 -> RpcType.WATCH;
            case 0, 50 -> RpcType.APPEND_ENTRIES;
            default -> call % 5 == 3 ? RpcType.APPEND_ENTRIES : call % 5 == 4 ? RpcType.REQUEST_VOTE
                : RpcType.HEARTBEAT;
        };
    }

    private static int requestBytes(long call) {
        if (call % 500 == 0) {
            return LARGEST_BYTES;
        }
        return switch (type(call)) {
            case WATCH -> SNAPSHOT_CHUNK_BYTES;
            case APPEND_ENTRIES -> call % 50 == 0 ? 64 * KIB : 1 + (int) (call * 31 % (4 * KIB));
            default -> 8 + (int) (call % 57);
        };
    }

    private static int responseBytes(long call) {
        return call % 500 == 250 ? LARGEST_BYTES : 8 + (int) (call * 17 % 200);
    }

    private static int requestFrames(long call) {
        return type(call) == RpcType.WATCH ? SNAPSHOT_CHUNKS : 1;
    }

    private static long content(long call, int frame) {
        return call * 64 + frame;
    }

    boolean isDone() {
        return answered.get() == count;
    }

    int answered() {
        return answered.get();
    }

    /** Begins as many calls as may be under way now. */
    void beginMore() {
        while (begun < count && begun - answered.get() < MAX_UNDER_WAY && begin((long) direction * count + begun)) {
            begun++;
        }
    }

    private boolean begin(long call) {
        for (ContractPeer peer : peers) {
            Caller caller = new Caller(peer, call);
            Optional<RpcStream> stream = peer.connection().open(type(call), caller);
            if (stream.isPresent()) {
                caller.begin(stream.get());
                return true;
            }
        }
        return false;
    }

    private final class Caller implements StreamHandler {
        private final ContractPeer peer;
        private final long call;

        Caller(ContractPeer peer, long call) {
            this.peer = peer;
            this.call = call;
        }

        void begin(RpcStream stream) {
            int frames = requestFrames(call);
            for (int i = 0; i < frames; i++) {
                stream.send(new Frame(FrameKind.REQUEST, i == frames - 1, type(call).code(), stream.correlationId(),
                    ContractCall.BUDGET_MILLIS, Payloads.parts(content(call, i), requestBytes(call))));
            }
        }

        @Override
        public void onFrame(Frame frame) {
            peer.guarded("onFrame", () -> {
                Bytes body = frame.body();
                boolean tiny = requestBytes(call) < Long.BYTES;
                boolean right = tiny ? body.equals(Payloads.of(content(call, 0), requestBytes(call)))
                    : body.length() == responseBytes(call) && Payloads.matches(-call - 1, body);
                if (!right || !frame.end()) {
                    bench.fault("the response to call " + call + " is not its own: found " + body.length()
                        + " bytes of number " + Payloads.number(body) + ", expected number " + (-call - 1));
                }
                answered.incrementAndGet();
            });
        }

        @Override
        public void onReset(CloseReason reason) {
            peer.guarded("onReset", () -> bench.fault("call " + call + " of " + type(call) + " was reset, which the "
                + "test has not done: " + reason));
        }
    }

    /** Serves one call: checks each request's content, answers with the call's. */
    static StreamHandler serve(Bench bench, ContractPeer peer, RpcStream stream) {
        return new StreamHandler() {
            private int frames;
            private long call = -1;

            @Override
            public void onFrame(Frame frame) {
                peer.guarded("onFrame", () -> {
                    Bytes body = frame.body();
                    if (frames == 0 && body.length() < Long.BYTES) {
                        answer(frame, List.of(body));
                        return;
                    }
                    long number = Payloads.number(body);
                    call = frames == 0 ? number / 64 : call;
                    if (number != content(call, frames) || !Payloads.matches(number, body)
                        || frame.rpcType() != type(call).code() || body.length() != requestBytes(call)) {
                        bench.fault("frame " + frames + " of a request of call " + call + " has got content of number "
                            + number + ", " + body.length() + " bytes");
                        return;
                    }
                    frames++;
                    if (frame.end()) {
                        answer(frame, Payloads.parts(-call - 1, responseBytes(call)));
                    }
                });
            }

            private void answer(Frame request, List<Bytes> payload) {
                stream.send(new Frame(FrameKind.RESPONSE, true, request.rpcType(), stream.correlationId(), 0,
                    payload));
            }

            @Override
            public void onReset(CloseReason reason) {
                peer.guarded("onReset", () -> bench.fault("call " + call + " was reset at its server, which the test "
                    + "has not done: " + reason));
            }
        };
    }
}
