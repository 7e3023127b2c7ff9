package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.LogIndex;
import io.quorate.registry.protocol.Outcome;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Queries of one caller, on their way to their answers. Ends once, on any thread; the second end does nothing. */
final class Read {

    /** Where the answers go. */
    interface Reader {

        /** @param outcomes one for each query, in order */
        void answered(LogIndex appliedIndex, List<Outcome> outcomes);

        void failed(ControlPlaneException why);
    }

    private final Consistency consistency;
    private final List<Bytes> queries;
    private final long deadlineNanos;
    private final Admission admission;
    private final Reader reader;
    private final AtomicBoolean ended = new AtomicBoolean();

    /** @param admission where room was taken for it; given back at its end */
    Read(Consistency consistency, List<Bytes> queries, long deadlineNanos, Admission admission, Reader reader) {
        this.consistency = consistency;
        this.queries = queries;
        this.deadlineNanos = deadlineNanos;
        this.admission = admission;
        this.reader = reader;
    }

    Consistency consistency() {
        return consistency;
    }

    List<Bytes> queries() {
        return queries;
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    boolean ended() {
        return ended.get();
    }

    void answer(LogIndex appliedIndex, List<Outcome> outcomes) {
        if (end()) {
            reader.answered(appliedIndex, outcomes);
        }
    }

    void fail(ControlPlaneException why) {
        if (end()) {
            reader.failed(why);
        }
    }

    static long bytes(List<Bytes> queries) {
        long bytes = 0;
        for (Bytes query : queries) {
            bytes += query.length();
        }
        return bytes;
    }

    private boolean end() {
        if (ended.compareAndSet(false, true)) {
            admission.release(queries.size(), bytes(queries));
            return true;
        }
        return false;
    }
}
