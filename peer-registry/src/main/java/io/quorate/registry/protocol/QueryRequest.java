package io.quorate.registry.protocol;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.Consistency;
import io.quorate.api.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;

/**
 * The request of QUERY: {@code u8 consistency, [i64 index], i32 count, count × bytes}.
 *
 * @param consistency how fresh the answers must be; the same for all
 * @param queries at most {@link ProtocolLimits#MAX_BATCH_QUERIES}
 */
public record QueryRequest(Consistency consistency, List<Bytes> queries) {

    private static final int LOCAL = 0;
    private static final int LINEARIZABLE = 1;
    private static final int AT_LEAST = 2;
    private static final int LEASE = 3;

    public QueryRequest {
        queries = List.copyOf(queries);
    }

    public List<Bytes> encode() {
        PartsWriter out = new PartsWriter(64);
        switch (consistency) {
            case Consistency.Local local -> out.u8(LOCAL);
            case Consistency.Linearizable linearizable -> out.u8(LINEARIZABLE);
            case Consistency.Lease lease -> out.u8(LEASE);
            case Consistency.AtLeast atLeast -> out.u8(AT_LEAST).i64(atLeast.index().value());
        }
        out.i32(queries.size());
        queries.forEach(out::bytes);
        return out.toParts();
    }

    public static QueryRequest decode(Bytes payload) throws MalformedBytesException {
        BytesReader in = new BytesReader(payload);
        int code = in.u8();
        Consistency consistency = switch (code) {
            case LOCAL -> Consistency.LOCAL;
            case LINEARIZABLE -> Consistency.LINEARIZABLE;
            case AT_LEAST -> Consistency.atLeast(Fields.index(in));
            case LEASE -> Consistency.LEASE;
            default -> throw new MalformedBytesException("found consistency " + code + ", expected 0 to 3");
        };
        int count = in.count(ProtocolLimits.MAX_BATCH_QUERIES, Integer.BYTES);
        if (count == 0) {
            throw new MalformedBytesException("found no query, expected at least one");
        }
        List<Bytes> queries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            queries.add(in.bytes(ProtocolLimits.MAX_QUERY_BYTES));
        }
        in.end();
        return new QueryRequest(consistency, queries);
    }
}
