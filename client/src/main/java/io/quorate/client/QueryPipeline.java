package io.quorate.client;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.Consistency;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.QueryResult;
import io.quorate.registry.protocol.Outcome;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.registry.protocol.QueryRequest;
import io.quorate.registry.protocol.QueryResponse;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.List;

/**
 * Queries of one kind of consistency, batched into QUERY calls. Loop only.
 *
 * <p>Queries that share a call must not harm one another:
 * <ul>
 * <li>Their answers share one response, whose size is bounded, and what does not fit is refused. So a batch is made
 * only as large as recent answers suggest, and a query that was refused in company is asked again in ever smaller
 * company: only a refusal that it met alone is surely its own.
 * <li>Queries of {@link Consistency.AtLeast} share a call only if their index is the same, or if each of them is known
 * to be applied somewhere, so that none waits long for another's. Those that are ahead of everything known have a
 * pipeline of their own.
 * </ul>
 */
final class QueryPipeline extends Pipeline<PendingQuery> {

    /** By how much the company of a refused query shrinks: from the largest batch to being alone in three steps. */
    private static final int SHRINK_COMPANY_BY = 16;

    private final ClientCore core;
    private long typicalAnswerBytes;

    QueryPipeline(ClientCore core, Routes.Want want, int maxCallsToNode) {
        super(core, RpcType.QUERY, want, true, maxCallsToNode);
        this.core = core;
    }

    @Override
    Flight<PendingQuery> nextBatch() {
        List<PendingQuery> items = new ArrayList<>();
        List<Bytes> queries = new ArrayList<>();
        Consistency shared = null;
        long room = ClientLimits.MAX_QUERY_BATCH_BYTES;
        long most = Math.clamp(ClientLimits.AIMED_ANSWER_BYTES / (typicalAnswerBytes + 1), 1,
            ProtocolLimits.MAX_BATCH_QUERIES);
        while (!queue.isEmpty() && items.size() < most) {
            if (dropEndedHead()) {
                continue;
            }
            PendingQuery head = queue.peek();
            boolean first = items.isEmpty();
            Consistency joined = first ? head.consistency : join(shared, head.consistency);
            if (!first && (joined == null || head.company <= items.size() || head.payload.length() > room)) {
                break;
            }
            most = Math.min(most, head.company);
            shared = joined;
            room -= head.payload.length();
            queries.add(head.payload);
            items.add(queue.poll());
        }
        return items.isEmpty() ? null : new Flight<>(items, new QueryRequest(shared, queries).encode());
    }

    @Override
    void deliver(Flight<PendingQuery> flight, Bytes response) throws MalformedBytesException {
        QueryResponse answer = QueryResponse.decode(response);
        List<Outcome> outcomes = answer.outcomes();
        if (outcomes.size() != flight.items.size()) {
            throw new MalformedBytesException("found " + outcomes.size() + " answers to " + flight.items.size()
                + " queries, expected one to each");
        }
        core.applied(answer.appliedIndex());
        List<PendingQuery> again = new ArrayList<>();
        List<PendingQuery> ended = new ArrayList<>();
        List<Outcome> endings = new ArrayList<>();
        for (int i = flight.expired; i < outcomes.size(); i++) {
            PendingQuery query = flight.items.get(i);
            if (outcomes.get(i).rejected() && outcomes.size() > 1) {
                query.company = Math.max(1, outcomes.size() / SHRINK_COMPANY_BY);
                again.add(query);
            } else {
                ended.add(query);
                endings.add(outcomes.get(i));
            }
        }
        noteAnswerBytes(response.length(), outcomes);
        release(ended);
        requeue(again);
        for (int i = 0; i < ended.size(); i++) {
            Outcome outcome = endings.get(i);
            if (outcome.rejected()) {
                ended.get(i).completeExceptionally(new CommandRejectedException(outcome.message()));
            } else {
                ended.get(i).complete(new QueryResult(answer.appliedIndex(), outcome.payload()));
            }
        }
    }

    /**
     * Keeps the larger of what was just seen and a slow decline: a guess too small costs a call, too large a refusal.
     */
    private void noteAnswerBytes(int responseBytes, List<Outcome> outcomes) {
        int answers = 0;
        for (Outcome outcome : outcomes) {
            answers += outcome.rejected() ? 0 : 1;
        }
        typicalAnswerBytes = Math.max(responseBytes / Math.max(1, answers), typicalAnswerBytes * 7 / 8);
    }

    /** What satisfies both; null if they must not share a call. */
    private Consistency join(Consistency a, Consistency b) {
        if (a.equals(b)) {
            return a;
        }
        if (a instanceof Consistency.AtLeast first && b instanceof Consistency.AtLeast second) {
            LogIndex higher = first.index().compareTo(second.index()) > 0 ? first.index() : second.index();
            return core.knowsApplied(higher) ? Consistency.atLeast(higher) : null;
        }
        return null;
    }
}
