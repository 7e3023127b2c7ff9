package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the state machine answered to one command or query of a batch: {@code u8 0|1, bytes}.
 *
 * @param rejected whether it refused
 * @param payload the result, or the refusal's message in UTF-8
 */
public record Outcome(boolean rejected, Bytes payload) {

    /** What an outcome takes beside its payload, in bytes. */
    static final int OVERHEAD_BYTES = 1 + Integer.BYTES;

    public static Outcome ok(Bytes result) {
        return new Outcome(false, result);
    }

    public static Outcome rejected(String message) {
        return new Outcome(true, Bytes.utf8(Fields.cut(message, ProtocolLimits.MAX_EXPLANATION_BYTES)));
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
            out.u8(outcome.rejected ? 1 : 0).bytes(outcome.payload);
        }
    }

    static List<Outcome> readAll(BytesReader in, int maxCount) throws MalformedBytesException {
        int count = in.count(maxCount, OVERHEAD_BYTES);
        List<Outcome> outcomes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            outcomes.add(new Outcome(in.bool(), in.bytes(ProtocolLimits.MAX_RESPONSE_BYTES)));
        }
        return outcomes;
    }
}
