package io.quorate.spi.wire;

import java.util.Locale;

/**
 * Everything that can be wrong with what arrives, by name. Each is counted under {@link #counterName()}; each closes
 * the connection (TCP) or the stream (QUIC) it occurred on and nothing else.
 */
public enum WireViolation {
    /** The first bytes are a TLS record: TLS inside TLS, or on a plain port. */
    TLS_RECORD,
    /** The first bytes are an HTTP request or response. */
    HTTP,
    /** The bytes at a frame's start are not the magic number, nor any protocol known by its first bytes. */
    BAD_MAGIC,
    /** A frame of a version that this build does not speak. */
    UNSUPPORTED_VERSION,
    /** The header's checksum does not match. Found before anything is allocated. */
    HEADER_CHECKSUM,
    /** No such kind of frame. */
    UNKNOWN_KIND,
    /** Reserved flags are set, or fields that must be zero are not. */
    RESERVED_BITS,
    /** The announced payload is larger than is allowed here. Found before anything is allocated. */
    FRAME_TOO_LARGE,
    /** The payload's checksum does not match. */
    PAYLOAD_CHECKSUM,
    /** The payload is not followed by the end mark. */
    END_MARK,
    /** The connection or stream ended inside a frame. */
    TRUNCATED,
    /** More bytes than are allowed before the handshake is done. */
    PREAUTH_BYTES,
    /** A frame of a connection's kind where none is allowed, such as a handshake after the handshake. */
    UNEXPECTED_CONTROL,
    /** A call's frame before the handshake is done. */
    RPC_BEFORE_HANDSHAKE,
    /** A response or error where a request was expected: the mistake behind {@code unknown rpc type 160}. */
    RESPONSE_AS_REQUEST,
    /** A request where a response was expected. */
    REQUEST_AS_RESPONSE,
    /** A call on a connection or stream whose other side may not call. */
    NOT_THE_CALLER,
    /** A request of a procedure that does not exist. */
    UNKNOWN_RPC_TYPE,
    /** The response's procedure is not the request's. */
    WRONG_RPC_TYPE,
    /** A frame that carries another call's number. */
    WRONG_CORRELATION,
    /** A frame after the last one. */
    FRAME_AFTER_END,
    /** A call while the response to the one before it has not even been read. */
    REQUEST_BEFORE_RESPONSE;

    /** {@code wire.violation.<name>}, lower case with hyphens. */
    public String counterName() {
        return "wire.violation." + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
