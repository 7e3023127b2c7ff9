package io.quorate.spi.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.fuzz.Fuzzing;
import io.quorate.fuzz.FuzzInput;
import io.quorate.fuzz.Reached;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The two sides of a call, frames that each may send, and frames that nobody may. */
public final class RpcExchangeFuzzTest {

    private static final Reached REACHED = new Reached();

    @Test
    void runsInItsModule() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void holdsOnKeptAndSeededInputs() throws Exception {
        Fuzzing.shortRun(getClass(), 4_000, RpcExchangeFuzzTest::fuzzerTestOneInput);
        REACHED.requirePercent(20, "received", "refused");
        REACHED.require(20, "complete", "not mine to send");
        REACHED.require(1, WireViolation.RESPONSE_AS_REQUEST, WireViolation.REQUEST_AS_RESPONSE,
            WireViolation.UNKNOWN_RPC_TYPE, WireViolation.WRONG_RPC_TYPE, WireViolation.WRONG_CORRELATION,
            WireViolation.FRAME_AFTER_END, WireViolation.RESERVED_BITS, WireViolation.UNEXPECTED_CONTROL);
    }

    public static void fuzzerTestOneInput(byte[] data) {
        FuzzInput in = new FuzzInput(data);
        int type = in.oneIn(16) ? in.u16() : in.pick(RpcType.values()).code();
        long id = in.number();
        RpcExchange caller = RpcExchange.caller(type, id);
        RpcExchange server = RpcExchange.server();
        for (int i = 0; i < 24 && in.hasMore(); i++) {
            boolean fromCaller = in.oneIn(2);
            Frame frame = frame(in, fromCaller, type, id);
            if (in.oneIn(3)) {
                // From the wire, whatever the other side may have thought of it.
                received(fromCaller ? server : caller, frame);
            } else {
                exchanged(fromCaller ? caller : server, fromCaller ? server : caller, frame);
            }
            if (caller.complete() && server.complete()) {
                REACHED.count("complete");
            }
        }
    }

    /** What one side may send, the other must take, as long as both have seen the same. */
    private static void exchanged(RpcExchange from, RpcExchange to, Frame frame) {
        try {
            from.sending(frame);
        } catch (IllegalStateException defectFoundBeforeItLeft) {
            REACHED.count("not mine to send");
            return;
        }
        received(to, frame);
    }

    private static void received(RpcExchange side, Frame frame) {
        boolean wasComplete = side.complete();
        boolean first = !side.begun();
        try {
            side.received(frame);
        } catch (WireException e) {
            REACHED.count("refused");
            REACHED.count(e.violation());
            assertTrue(e.getMessage().contains("found"), e.getMessage());
            return;
        }
        REACHED.count("received");
        assertTrue(frame.kind().isRpc(), "a frame of the connection was taken for a call's");
        assertFalse(wasComplete, "a frame after the end of both");
        assertEquals(side.correlationId(), frame.correlationId());
        assertEquals(side.rpcType(), frame.rpcType());
        assertTrue(frame.kind() != FrameKind.ERROR || frame.end());
        if (first) {
            assertEquals(FrameKind.REQUEST, frame.kind(), "a call that begins with something else");
            assertNotNull(RpcType.ofCode(frame.rpcType()));
        }
    }

    private static Frame frame(FuzzInput in, boolean fromCaller, int type, long id) {
        FrameKind kind = fromCaller ? FrameKind.REQUEST : in.oneIn(3) ? FrameKind.ERROR : FrameKind.RESPONSE;
        boolean end = kind == FrameKind.ERROR || in.oneIn(3);
        return switch (in.below(24)) {
            case 19 -> frame(in.pick(FrameKind.values()), end, type, id);
            case 20 -> frame(kind, end, in.u16(), id);
            case 21 -> frame(kind, end, type, in.number());
            case 22 -> frame(kind, !end, type, id);
            case 23 -> frame(in.pick(FrameKind.values()), in.oneIn(2), in.u16(), in.number());
            default -> frame(kind, end, type, id);
        };
    }

    private static Frame frame(FrameKind kind, boolean end, int type, long id) {
        return new Frame(kind, end, type, id, kind == FrameKind.REQUEST ? 1 : 0, List.of(Bytes.empty()));
    }
}
