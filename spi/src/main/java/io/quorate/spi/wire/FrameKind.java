package io.quorate.spi.wire;

/**
 * What a frame is. The kind says in which direction and at which time a frame is legal, so that a response can never be
 * taken for a request. Any two codes differ in at least two bits.
 */
public enum FrameKind {
    /** A call, from the side that opened the stream. */
    REQUEST(0x11, true),
    /** A call's result, from the side that accepted the stream. */
    RESPONSE(0x22, true),
    /** A call's failure, from the side that accepted the stream; see {@link RpcError}. */
    ERROR(0x44, true),
    /** Hello and verdict, before a connection carries calls. */
    HANDSHAKE(0x87, false),
    /** Asks the other side for a sign of life; both sides may. */
    PING(0x99, false),
    /** Answers a ping with its correlation id. */
    PONG(0xAA, false),
    /** The last frame on a connection that is closed on purpose; says why. */
    GOODBYE(0xCC, false);

    private final int code;
    private final boolean rpc;

    FrameKind(int code, boolean rpc) {
        this.code = code;
        this.rpc = rpc;
    }

    /** The byte on the wire. */
    public int code() {
        return code;
    }

    /** Whether frames of this kind belong to a call's stream; the others belong to the connection. */
    public boolean isRpc() {
        return rpc;
    }

    /** The kind with this code, or null. */
    public static FrameKind ofCode(int code) {
        return switch (code) {
            case 0x11 -> REQUEST;
            case 0x22 -> RESPONSE;
            case 0x44 -> ERROR;
            case 0x87 -> HANDSHAKE;
            case 0x99 -> PING;
            case 0xAA -> PONG;
            case 0xCC -> GOODBYE;
            default -> null;
        };
    }
}
