package io.quorate.raft.core;

import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Consensus.ReadIndexResult;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A follower's reads: it asks its leader for a read index (thesis §6.4, last part). Reads of one turn share a call; a
 * call leaves after every read that it carries was asked, and each call is its own question.
 */
final class ReadForwarder {

    private final RaftCore core;
    private List<Object> gathering = new ArrayList<>();
    private List<Object> gatheringByLease = new ArrayList<>();
    private final Map<Message.Request, List<Object>> underWay = new IdentityHashMap<>(); // Looked up, never iterated.
    private int waiting;

    ReadForwarder(RaftCore core) {
        this.core = core;
    }

    void add(Object token, boolean leaseSuffices) {
        if (waiting >= RaftLimits.MAX_PENDING_READS) {
            core.readReady(token, new ReadIndexResult.Unavailable("too many reads wait for the leader"));
            return;
        }
        waiting++;
        (leaseSuffices ? gatheringByLease : gathering).add(token);
    }

    void turnEnd() {
        if (!gathering.isEmpty() && underWay.size() < RaftLimits.MAX_READ_CALLS_IN_FLIGHT) {
            List<Object> reads = gathering;
            gathering = new ArrayList<>();
            ask(reads, false);
        }
        if (!gatheringByLease.isEmpty() && underWay.size() < RaftLimits.MAX_READ_CALLS_IN_FLIGHT) {
            List<Object> reads = gatheringByLease;
            gatheringByLease = new ArrayList<>();
            ask(reads, true);
        }
    }

    private void ask(List<Object> reads, boolean leaseSuffices) {
        NodeId leader = core.leader();
        if (leader == null || leader.equals(core.self())) {
            finish(reads, new ReadIndexResult.Unavailable("no leader is known"));
            return;
        }
        Message.ReadIndex request = new Message.ReadIndex(core.term(), leaseSuffices);
        underWay.put(request, reads);
        core.send(leader, request, core.settings().electionMaxNanos());
    }

    void answered(Message.Request request, Message.ReadIndexResponse response) {
        finish(underWay.remove(request), switch (response.outcome()) {
            case AT -> new ReadIndexResult.At(new LogIndex(response.index()));
            case NOT_LEADER -> new ReadIndexResult.Unavailable("the leader has changed");
            case UNAVAILABLE -> new ReadIndexResult.Unavailable("the leader found no quorum in time");
        });
    }

    void failed(Message.Request request) {
        finish(underWay.remove(request), new ReadIndexResult.Unavailable("the leader did not answer"));
    }

    private void finish(List<Object> reads, ReadIndexResult result) {
        if (reads != null) {
            waiting -= reads.size();
            reads.forEach(token -> core.readReady(token, result));
        }
    }
}
