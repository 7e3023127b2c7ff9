package io.quorate.raft.core;

import io.quorate.api.NodeId;

/** Passes calls that arrive, and the ends of this node's own calls, to whoever deals with them. */
final class Calls {

    private final RaftCore core;
    private final Voter voter;
    private final Acceptor acceptor;
    private final SnapshotReceiver incoming;

    Calls(RaftCore core) {
        this.core = core;
        this.voter = new Voter(core);
        this.acceptor = new Acceptor(core);
        this.incoming = new SnapshotReceiver(core);
    }

    SnapshotReceiver incoming() {
        return incoming;
    }

    void received(Input.Received call, long now) {
        switch (call.request()) {
            case Message.PreVote request -> voter.preVote(call.from(), request, call.token(), now);
            case Message.Vote request -> voter.vote(call.from(), request, call.token(), now);
            case Message.Append request -> acceptor.append(call.from(), request, call.token(), now);
            case Message.Heartbeat request -> acceptor.heartbeat(call.from(), request, call.token(), now);
            case Message.ReadIndex request -> {
                if (core.role() instanceof Leader leader) {
                    leader.read(call.token(), true, request.leaseSuffices(), now);
                } else {
                    core.gate().reply(call.token(),
                        new Message.ReadIndexResponse(core.term(), Message.ReadOutcome.NOT_LEADER, 0),
                        core.hardVersion(), 0);
                }
            }
            case Message.InstallSnapshot request -> incoming.piece(call.from(), request, call.token(), now);
            case Message.TimeoutNow request -> timeoutNow(call.from(), request, call.token(), now);
        }
    }

    void answered(Input.Answered answer, long now) {
        if (answer.response().term() > core.term()) {
            core.adoptTerm(answer.response().term(), now);
        }
        switch (answer.response()) {
            case Message.VoteResponse response -> {
                if (core.role() instanceof Candidate candidate) {
                    candidate.answered(answer.from(), answer.request(), response, now);
                }
            }
            case Message.AppendResponse response -> {
                if (core.role() instanceof Leader leader && answer.request() instanceof Message.Append request) {
                    leader.appendAnswered(answer.from(), request, answer.sentNanos(), response, now);
                }
            }
            case Message.HeartbeatResponse response -> {
                if (core.role() instanceof Leader leader && answer.request() instanceof Message.Heartbeat request) {
                    leader.heartbeatAnswered(answer.from(), request, answer.sentNanos(), response, now);
                }
            }
            case Message.InstallResponse response -> {
                if (core.role() instanceof Leader leader
                    && answer.request() instanceof Message.InstallSnapshot request) {
                    leader.installAnswered(answer.from(), request, answer.sentNanos(), response, now);
                }
            }
            case Message.ReadIndexResponse response -> {
                if (response.outcome() == Message.ReadOutcome.AT && response.term() == core.term()
                    && core.role() instanceof Follower follower && answer.from().equals(follower.leader())) {
                    // The leader of this very term says that it is committed, and up to provedIndex the logs are the
                    // same: so the read need not wait for the next heartbeat.
                    core.commitTo(Math.min(response.index(), follower.provedIndex()));
                }
                core.reads().answered(answer.request(), response);
            }
            case Message.TimeoutNowResponse response -> {
                if (core.role() instanceof Leader leader && !response.accepted()) {
                    leader.handOverRefused(answer.from(), answer.request());
                }
            }
        }
    }

    void failed(Input.CallFailed failure, long now) {
        switch (failure.request()) {
            case Message.PreVote request -> voteFailed(failure.to(), request, now);
            case Message.Vote request -> voteFailed(failure.to(), request, now);
            case Message.Append request -> {
                if (core.role() instanceof Leader leader) {
                    leader.appendFailed(failure.to(), request, now);
                }
            }
            case Message.Heartbeat request -> {
                if (core.role() instanceof Leader leader) {
                    leader.heartbeatFailed(failure.to(), request);
                }
            }
            case Message.InstallSnapshot request -> {
                if (core.role() instanceof Leader leader) {
                    leader.installFailed(failure.to(), request, now);
                }
            }
            case Message.ReadIndex request -> core.reads().failed(request);
            case Message.TimeoutNow request -> {
                // It may have arrived all the same: the transfer's time decides.
            }
        }
    }

    void chunkLoaded(Input.ChunkLoaded loaded, long now) {
        if (core.role() instanceof Leader leader) {
            leader.chunkLoaded(loaded, now);
        }
    }

    private void voteFailed(NodeId to, Message.Request request, long now) {
        if (core.role() instanceof Candidate candidate) {
            candidate.failed(to, request, now);
        }
    }

    /** The leader hands over: this node campaigns at once (thesis §3.10). From anybody else it is void. */
    private void timeoutNow(NodeId from, Message.TimeoutNow request, Object token, long now) {
        boolean accept = request.term() == core.term() && from.equals(core.leader())
            && core.role() instanceof Follower && core.eligibility().mayCampaign();
        core.gate().reply(token, new Message.TimeoutNowResponse(core.term(), accept), core.hardVersion(), 0);
        if (accept) {
            core.becomeCandidate(true, now);
        }
    }
}
