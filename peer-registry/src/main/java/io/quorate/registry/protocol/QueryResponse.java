package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;

/**
 * The response of QUERY: {@code i64 appliedIndex, i32 count, count × (u8, bytes)}.
 *
 * @param appliedIndex the state that answered
 * @param outcomes one for each query, in order
 */
public record QueryResponse(LogIndex appliedIndex, List<Outcome> outcomes) {

    public QueryResponse {
        outcomes = List.copyOf(outcomes);
    }

    /**
     * Encodes; an answer that no longer fits the frame is replaced by a refusal that says so. Queries change nothing.
     */
    public List<Bytes> encode() {
        PartsWriter out = new PartsWriter(64).i64(appliedIndex.value());
        long room = ProtocolLimits.MAX_RESPONSE_BYTES - Long.BYTES - Integer.BYTES
            - (long) outcomes.size() * (Outcome.OVERHEAD_BYTES + ProtocolLimits.MAX_TEXT_BYTES);
        List<Outcome> fitting = new ArrayList<>(outcomes.size());
        for (Outcome outcome : outcomes) {
            int bytes = outcome.payload().length();
            if (bytes <= ProtocolLimits.MAX_TEXT_BYTES) {
                fitting.add(outcome);
            } else if (bytes <= room) {
                room -= bytes;
                fitting.add(outcome);
            } else {
                fitting.add(Outcome.rejected("the answer of " + bytes + " bytes does not fit a response of at most "
                    + ProtocolLimits.MAX_RESPONSE_BYTES + " bytes; ask for less at a time"));
            }
        }
        Outcome.write(out, fitting);
        return out.toParts();
    }

    public static QueryResponse decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        LogIndex index = Fields.index(in);
        List<Outcome> outcomes = Outcome.readAll(in, ProtocolLimits.MAX_BATCH_QUERIES);
        in.end();
        return new QueryResponse(index, outcomes);
    }
}
