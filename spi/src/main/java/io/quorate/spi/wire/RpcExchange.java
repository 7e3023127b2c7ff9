package io.quorate.spi.wire;

/**
 * The rules of one call's frames, for both of its sides. A transport keeps one of these per stream and asks it about
 * every frame in both directions; what it refuses never reaches a handler.
 *
 * <p>The calling side sends requests, the last with {@code end}. The serving side sends responses, the last with
 * {@code end}, or one error, which always ends. All carry the procedure and the number of the first request.
 *
 * <p>Pure; not thread-safe.
 */
public final class RpcExchange {

    /** Which side of the call this is. */
    public enum Side { CALLER, SERVER }

    private final Side side;
    private int rpcType;
    private long correlationId;
    private boolean begun;
    private boolean sentEnd;
    private boolean receivedEnd;

    private RpcExchange(Side side) {
        this.side = side;
    }

    /** The caller's side of a call that this side has opened. */
    public static RpcExchange caller(int rpcType, long correlationId) {
        RpcExchange exchange = new RpcExchange(Side.CALLER);
        exchange.rpcType = rpcType;
        exchange.correlationId = correlationId;
        exchange.begun = true;
        return exchange;
    }

    /** The server's side of a call; the first request says which call it is. */
    public static RpcExchange server() {
        return new RpcExchange(Side.SERVER);
    }

    /** Whether both sides have sent their last frame. */
    public boolean complete() {
        return sentEnd && receivedEnd;
    }

    /** Whether the first request has been sent or received. */
    public boolean begun() {
        return begun;
    }

    public int rpcType() {
        return rpcType;
    }

    public long correlationId() {
        return correlationId;
    }

    /**
     * Asks about a frame that arrived.
     *
     * @throws WireException if it is not legal here; the stream is then beyond repair
     */
    public void received(Frame frame) throws WireException {
        if (!frame.kind().isRpc()) {
            // It would pass for a response below if its other fields fit, and for a stray one if they do not.
            throw new WireException(WireViolation.UNEXPECTED_CONTROL, "found a " + frame.kind()
                + " among the frames of a call, expected it on the connection itself");
        }
        boolean request = frame.kind() == FrameKind.REQUEST;
        if (side == Side.SERVER && !request) {
            throw new WireException(WireViolation.RESPONSE_AS_REQUEST, "found a " + describe(frame)
                + " where a request was expected");
        }
        if (side == Side.CALLER && request) {
            throw new WireException(WireViolation.REQUEST_AS_RESPONSE, "found a " + describe(frame)
                + " where a response was expected");
        }
        if (receivedEnd) {
            throw new WireException(WireViolation.FRAME_AFTER_END, "found a " + describe(frame)
                + " after the last frame");
        }
        if (!begun) {
            if (RpcType.ofCode(frame.rpcType()) == null) {
                throw new WireException(WireViolation.UNKNOWN_RPC_TYPE, "found a " + describe(frame)
                    + ", expected a procedure that exists");
            }
            begun = true;
            rpcType = frame.rpcType();
            correlationId = frame.correlationId();
        }
        if (frame.correlationId() != correlationId) {
            throw new WireException(WireViolation.WRONG_CORRELATION, "found a " + describe(frame)
                + ", expected call " + Long.toHexString(correlationId));
        }
        if (frame.rpcType() != rpcType) {
            throw new WireException(WireViolation.WRONG_RPC_TYPE, "found a " + describe(frame)
                + ", expected procedure 0x" + Integer.toHexString(rpcType));
        }
        if (frame.kind() == FrameKind.ERROR && !frame.end()) {
            throw new WireException(WireViolation.RESERVED_BITS, "found an error that is not the last frame");
        }
        receivedEnd = frame.end();
    }

    /**
     * Asks about a frame about to be sent.
     *
     * @throws IllegalStateException if it is not legal here: a defect of this side, found before it leaves
     */
    public void sending(Frame frame) {
        boolean request = frame.kind() == FrameKind.REQUEST;
        boolean legal = frame.kind().isRpc() && begun && !sentEnd && request == (side == Side.CALLER)
            && frame.correlationId() == correlationId && frame.rpcType() == rpcType
            && (frame.kind() != FrameKind.ERROR || frame.end());
        if (!legal) {
            throw new IllegalStateException("the " + side + " of call " + Long.toHexString(correlationId)
                + " must not send a " + describe(frame) + (sentEnd ? " after its last frame" : ""));
        }
        sentEnd = frame.end();
    }

    private static String describe(Frame frame) {
        RpcType type = RpcType.ofCode(frame.rpcType());
        return frame.kind() + " of " + (type == null ? "unknown rpc type " + frame.rpcType() : type.name())
            + ", call " + Long.toHexString(frame.correlationId());
    }
}
