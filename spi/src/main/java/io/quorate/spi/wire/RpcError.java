package io.quorate.spi.wire;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.MalformedBytesException;

/**
 * The payload of an {@link FrameKind#ERROR} frame: the other side's refusal or failure of one call.
 *
 * @param code what kind of failure
 * @param message for people, at most {@value #MAX_MESSAGE_BYTES} bytes
 * @param detail what the code defines: the leader's id for NOT_LEADER, milliseconds for OVERLOADED, otherwise empty
 */
public record RpcError(Code code, String message, String detail) {

    private static final int MAX_MESSAGE_BYTES = 4096;

    /** The closed set of failures. Numbers are never reused. */
    public enum Code {
        /** The caller's standing does not permit the procedure. Not executed. */
        DENIED(1),
        /** A queue was full. Not executed. */
        OVERLOADED(2),
        /** Not the leader; the detail names it if it is known. Not executed. */
        NOT_LEADER(3),
        /** No leader, no quorum, or shutting down. Not executed. */
        UNAVAILABLE(4),
        /** The request's payload could not be read. Not executed. */
        MALFORMED(5),
        /** The state machine refused. */
        REJECTED(6),
        /** It may or may not have been carried out. */
        OUTCOME_UNKNOWN(7),
        /** A defect at the other side, see its log. It may or may not have been carried out. */
        INTERNAL(8);

        private final int number;

        Code(int number) {
            this.number = number;
        }

        /** Whether the call may have had an effect. */
        public boolean maybeExecuted() {
            return this == OUTCOME_UNKNOWN || this == INTERNAL;
        }
    }

    public static RpcError of(Code code, String message) {
        return new RpcError(code, message, "");
    }

    public Bytes encode() {
        return new BytesWriter().u8(code.number).string(cut(message)).string(cut(detail)).toBytes();
    }

    public static RpcError decode(Bytes payload) throws MalformedBytesException {
        BytesReader reader = new BytesReader(payload);
        int number = reader.u8();
        for (Code code : Code.values()) {
            if (code.number == number) {
                RpcError error = new RpcError(code, reader.string(MAX_MESSAGE_BYTES), reader.string(MAX_MESSAGE_BYTES));
                reader.end();
                return error;
            }
        }
        throw new MalformedBytesException("found error code " + number + ", expected 1 to " + Code.values().length);
    }

    private static String cut(String text) {
        int most = MAX_MESSAGE_BYTES / 4;
        return text.length() <= most ? text : text.substring(0, most);
    }
}
