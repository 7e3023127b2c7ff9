package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;

/**
 * What became of one command or query of a batch: {@code u8 kind, bytes}.
 *
 * @param kind see {@link Kind}
 * @param payload the result, or the refusal's message in UTF-8; empty for the others
 */
public record Outcome(Kind kind, Bytes payload) {

    /** The closed list. */
    public enum Kind {
        /** The state machine's result. */
        OK,
        /** The state machine has refused. */
        REJECTED,
        /**
         * The command's session is not open any more. By this very entry nothing happened; whether an earlier attempt
         * was applied is not known any more.
         */
        SESSION_EXPIRED,
        /**
         * A repetition of a command whose result is not kept any more: its owner has said that it waits no longer, or
         * waits for too many. It is not applied now; whether it was is known only if it had its place.
         */
        RESULT_GONE;

        private static final Kind[] ALL = values();
    }

    public static final Outcome SESSION_EXPIRED = new Outcome(Kind.SESSION_EXPIRED, Bytes.empty());
    public static final Outcome RESULT_GONE = new Outcome(Kind.RESULT_GONE, Bytes.empty());

    /** What an outcome takes beside its payload, in bytes. */
    static final int OVERHEAD_BYTES = 1 + Integer.BYTES;

    public static Outcome ok(Bytes result) {
        return new Outcome(Kind.OK, result);
    }

    public static Outcome rejected(String message) {
        return new Outcome(Kind.REJECTED, refusal(message));
    }

    /** A refusal's payload. */
    public static Bytes refusal(String message) {
        return Bytes.utf8(Fields.cut(message, ProtocolLimits.MAX_EXPLANATION_BYTES));
    }

    /** Whether the state machine refused. */
    public boolean rejected() {
        return kind == Kind.REJECTED;
    }

    /** The refusal in words. */
    public String message() {
        return payload.utf8();
    }

    /** How many bytes the outcomes take in a response. */
    static long encodedBytes(List<Outcome> outcomes) {
        long bytes = Integer.BYTES;
        for (Outcome outcome : outcomes) {
            bytes += OVERHEAD_BYTES + outcome.payload.length();
        }
        return bytes;
    }

    static void write(PartsWriter out, List<Outcome> outcomes) {
        out.i32(outcomes.size());
        for (Outcome outcome : outcomes) {
            out.u8(outcome.kind.ordinal()).bytes(outcome.payload);
        }
    }

    static List<Outcome> readAll(BytesReader in, int maxCount) throws MalformedBytesException {
        int count = in.count(maxCount, OVERHEAD_BYTES);
        List<Outcome> outcomes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            outcomes.add(new Outcome(kind(in.u8()), in.bytes(ProtocolLimits.MAX_RESPONSE_BYTES)));
        }
        return outcomes;
    }

    private static Kind kind(int code) throws MalformedBytesException {
        if (code >= Kind.ALL.length) {
            throw new MalformedBytesException("found outcome " + code + ", expected 0 to " + (Kind.ALL.length - 1));
        }
        return Kind.ALL[code];
    }
}
