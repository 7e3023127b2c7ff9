package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.QueryResult;

/** A query on its way. */
final class PendingQuery extends Pending<QueryResult> {

    final Bytes payload;
    final Consistency consistency;

    /** Whether it must travel alone, see {@link QueryPipeline}. */
    boolean alone;

    PendingQuery(Bytes payload, Consistency consistency) {
        super(payload.length());
        this.payload = payload;
        this.consistency = consistency;
    }
}
