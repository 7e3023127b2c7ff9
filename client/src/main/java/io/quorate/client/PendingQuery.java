package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.QueryResult;
import io.quorate.registry.protocol.ProtocolLimits;

/** A query on its way. */
final class PendingQuery extends Pending<QueryResult> {

    final Bytes payload;
    final Consistency consistency;

    /** How many queries its call may have at most, itself included; see {@link QueryPipeline}. */
    int company = ProtocolLimits.MAX_BATCH_QUERIES;

    PendingQuery(Bytes payload, Consistency consistency) {
        super(payload.length());
        this.payload = payload;
        this.consistency = consistency;
    }
}
