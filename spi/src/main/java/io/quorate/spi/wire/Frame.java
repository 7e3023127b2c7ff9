package io.quorate.spi.wire;

import io.quorate.api.Bytes;
import java.util.List;

/**
 * One frame, the unit that transports carry. Immutable; its payload is never copied on its way down.
 *
 * @param kind what it is
 * @param end whether it is the last frame that its sender sends on the stream; always true for kinds of the connection
 * @param rpcType the procedure's {@link RpcType#code()}; 0 for kinds of the connection
 * @param correlationId the call's number, chosen by the connection that opened the stream; the token of a ping
 * @param budgetMillis for a request: how long its caller waits, in milliseconds from its sending, at least 1;
 *     otherwise 0
 * @param payload the payload in parts that follow one another; received frames have one part
 */
public record Frame(
    FrameKind kind, boolean end, int rpcType, long correlationId, int budgetMillis, List<Bytes> payload) {

    public Frame {
        payload = List.copyOf(payload);
    }

    /** A frame of the connection itself. */
    public static Frame control(FrameKind kind, long token, Bytes payload) {
        if (kind.isRpc()) {
            throw new IllegalArgumentException("found " + kind + ", expected a kind of the connection");
        }
        return new Frame(kind, true, 0, token, 0, List.of(payload));
    }

    /** The payload's length in bytes, over all parts. */
    public int payloadLength() {
        long length = 0;
        for (int i = 0; i < payload.size(); i++) {
            length += payload.get(i).length();
        }
        return Math.toIntExact(length);
    }

    /** The payload in one piece; copies only if there are several parts. */
    public Bytes body() {
        if (payload.size() == 1) {
            return payload.get(0);
        }
        byte[] whole = new byte[payloadLength()];
        int at = 0;
        for (Bytes part : payload) {
            part.copyTo(whole, at);
            at += part.length();
        }
        return Bytes.wrap(whole);
    }
}
