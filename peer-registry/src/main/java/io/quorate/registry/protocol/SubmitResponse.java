package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import java.util.List;

/**
 * The response of SUBMIT: {@code i64 index, i32 count, count × (u8, bytes)}.
 *
 * @param index the entry that carried all commands of the request
 * @param outcomes one for each command, in order
 */
public record SubmitResponse(LogIndex index, List<Outcome> outcomes) {

    public SubmitResponse {
        outcomes = List.copyOf(outcomes);
    }

    /** Whether it fits a frame. What a state machine returns is its own affair, so this has to be asked. */
    public boolean fits() {
        return Long.BYTES + Outcome.encodedBytes(outcomes) <= ProtocolLimits.MAX_RESPONSE_BYTES;
    }

    public List<Bytes> encode() {
        PartsWriter out = new PartsWriter(16 + 16 * outcomes.size()).i64(index.value());
        Outcome.write(out, outcomes);
        return out.toParts();
    }

    public static SubmitResponse decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        LogIndex index = Fields.index(in);
        List<Outcome> outcomes = Outcome.readAll(in, ProtocolLimits.MAX_BATCH_COMMANDS);
        in.end();
        return new SubmitResponse(index, outcomes);
    }
}
