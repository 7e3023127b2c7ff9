package io.quorate.spi.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import java.util.List;
import org.junit.jupiter.api.Test;

class RpcExchangeTest {

    private static final int TYPE = RpcType.APPEND_ENTRIES.code();
    private static final long CALL = 77;

    private static Frame frame(FrameKind kind, boolean end, int type, long call) {
        return new Frame(kind, end, type, call, kind == FrameKind.REQUEST ? 100 : 0, List.of(Bytes.empty()));
    }

    private static Frame request() {
        return frame(FrameKind.REQUEST, true, TYPE, CALL);
    }

    private static Frame response() {
        return frame(FrameKind.RESPONSE, true, TYPE, CALL);
    }

    private static WireViolation refused(RpcExchange exchange, Frame frame) {
        return assertThrows(WireException.class, () -> exchange.received(frame)).violation();
    }

    private static RpcExchange served() throws WireException {
        RpcExchange server = RpcExchange.server();
        server.received(request());
        return server;
    }

    private static RpcExchange called() {
        RpcExchange caller = RpcExchange.caller(TYPE, CALL);
        caller.sending(request());
        return caller;
    }

    @Test
    void aCallIsCompleteWhenBothSidesHaveSentTheirLastFrame() throws WireException {
        RpcExchange caller = called();
        RpcExchange server = served();
        assertFalse(caller.complete());
        server.sending(response());
        caller.received(response());
        assertTrue(caller.complete());
        assertTrue(server.complete());
    }

    @Test
    void aFrameOfTheConnectionIsNeverTakenForACalls() throws WireException {
        for (FrameKind kind : List.of(FrameKind.HANDSHAKE, FrameKind.PING, FrameKind.PONG, FrameKind.GOODBYE)) {
            Frame fitting = frame(kind, true, TYPE, CALL);
            assertEquals(WireViolation.UNEXPECTED_CONTROL, refused(called(), fitting));
            assertEquals(WireViolation.UNEXPECTED_CONTROL, refused(served(), fitting));
            assertEquals(WireViolation.UNEXPECTED_CONTROL, refused(RpcExchange.server(), fitting));
        }
    }

    @Test
    void aResponseIsNeverTakenForARequest() {
        // The incident: 160 was the first byte of a response, read as a request's type.
        assertEquals(WireViolation.RESPONSE_AS_REQUEST, refused(RpcExchange.server(), response()));
        assertEquals(WireViolation.RESPONSE_AS_REQUEST,
            refused(RpcExchange.server(), frame(FrameKind.ERROR, true, TYPE, CALL)));
    }

    @Test
    void aRequestIsNeverTakenForAResponse() {
        assertEquals(WireViolation.REQUEST_AS_RESPONSE, refused(called(), request()));
    }

    @Test
    void aProcedureThatDoesNotExistIsNamed() {
        WireException e = assertThrows(WireException.class,
            () -> RpcExchange.server().received(frame(FrameKind.REQUEST, true, 160, CALL)));
        assertEquals(WireViolation.UNKNOWN_RPC_TYPE, e.violation());
        assertTrue(e.getMessage().contains("unknown rpc type 160"), e.getMessage());
    }

    @Test
    void anotherCallsFramesAreRefused() throws WireException {
        assertEquals(WireViolation.WRONG_CORRELATION, refused(called(), frame(FrameKind.RESPONSE, true, TYPE, 78)));
        assertEquals(WireViolation.WRONG_RPC_TYPE,
            refused(called(), frame(FrameKind.RESPONSE, true, RpcType.HEARTBEAT.code(), CALL)));
        RpcExchange server = RpcExchange.server();
        server.received(frame(FrameKind.REQUEST, false, TYPE, CALL));
        assertEquals(WireViolation.WRONG_CORRELATION, refused(server, frame(FrameKind.REQUEST, true, TYPE, 78)));
    }

    @Test
    void nothingFollowsTheLastFrame() throws WireException {
        RpcExchange caller = called();
        caller.received(response());
        assertEquals(WireViolation.FRAME_AFTER_END, refused(caller, response()));
        assertEquals(WireViolation.FRAME_AFTER_END, refused(served(), request()));
    }

    @Test
    void anErrorIsTheLastFrame() {
        assertEquals(WireViolation.RESERVED_BITS, refused(called(), frame(FrameKind.ERROR, false, TYPE, CALL)));
    }

    @Test
    void ownMistakesAreFoundBeforeTheyLeave() throws WireException {
        RpcExchange server = served();
        assertThrows(IllegalStateException.class, () -> server.sending(request()));
        assertThrows(IllegalStateException.class, () -> server.sending(frame(FrameKind.RESPONSE, true, TYPE, 78)));
        assertThrows(IllegalStateException.class, () -> RpcExchange.server().sending(response()));
        server.sending(response());
        assertThrows(IllegalStateException.class, () -> server.sending(response()));
        assertThrows(IllegalStateException.class,
            () -> called().sending(Frame.control(FrameKind.PING, 1, Bytes.empty())));
    }

    @Test
    void errorsComeBackAsTheyWereSent() throws Exception {
        for (RpcError.Code code : RpcError.Code.values()) {
            RpcError error = new RpcError(code, "message", "n2");
            assertEquals(error, RpcError.decode(error.encode()));
        }
        assertTrue(RpcError.of(RpcError.Code.INTERNAL, "x".repeat(100_000)).encode().length() < 8192);
    }
}
