package io.quorate.registry.node;

import io.quorate.api.Bytes;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.registry.protocol.Failures;
import io.quorate.registry.protocol.SubmitResponse;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller;
import io.quorate.spi.time.NodeLoop;
import io.quorate.spi.wire.RpcError;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** Passes commands on to the leader: what has gathered, in one SUBMIT. Loop only. */
final class Forwarder {

    private final NodeLoop loop;
    private final PeerCaller peers;
    private final Executor completions;
    /** Each with the leader that was called; in the order of the calls. */
    private final Map<Gathering, NodeId> underWay = new LinkedHashMap<>();

    /** @param completions where results are handed to their callers, whose code must not hold up the loop */
    Forwarder(NodeLoop loop, PeerCaller peers, Executor completions) {
        this.loop = loop;
        this.peers = peers;
        this.completions = completions;
    }

    /** Counted for each leader: calls that hang at one that has fallen silent do not keep anything from the next. */
    boolean hasRoom(NodeId leader) {
        int calls = 0;
        for (NodeId called : underWay.values()) {
            calls += called.equals(leader) ? 1 : 0;
        }
        return calls < NodeLimits.MAX_FORWARDS_IN_FLIGHT;
    }

    /** @param again hears of commands that may be tried again, and why */
    void forward(NodeId leader, Gathering gathering, BiConsumer<List<Submission>, String> again) {
        underWay.put(gathering, leader);
        long timeoutMillis = timeoutMillis(gathering);
        peers.call(leader, RpcType.SUBMIT, gathering.takePayload(), timeoutMillis, new PeerCaller.CallHandler() {
            @Override
            public void onResponse(Bytes response) {
                underWay.remove(gathering);
                completions.execute(() -> complete(leader, gathering, response));
            }

            @Override
            public void onFailure(CallFailure failure) {
                underWay.remove(gathering);
                String detail = "leader " + leader + ": " + failure;
                if (mayTryAgain(failure)) {
                    again.accept(gathering.submissions().stream().filter(each -> !each.ended()).toList(), detail);
                } else {
                    ControlPlaneException why = Failures.ofCall("leader " + leader, failure, false);
                    List<Submission> repeatable =
                        failure.maybeExecuted() ? gathering.takeRepeatable(true) : List.of();
                    completions.execute(() -> gathering.fail(why));
                    if (!repeatable.isEmpty()) {
                        again.accept(repeatable, detail);
                    }
                }
            }
        });
    }

    /** Takes what may be repeated from calls that are under way to others than the leader. */
    List<Submission> takeFromOthers(Optional<NodeId> leader) {
        List<Submission> repeatable = new ArrayList<>();
        underWay.forEach((gathering, called) -> {
            if (leader.isPresent() && !leader.get().equals(called)) {
                repeatable.addAll(gathering.takeRepeatable(true));
            }
        });
        return repeatable;
    }

    /**
     * Tells those whose time is over.
     *
     * @return the earliest deadline of the others
     */
    long expire(long nowNanos) {
        long next = Alarm.NEVER;
        for (Gathering gathering : underWay.keySet()) {
            next = Alarm.earlier(next, gathering.expire(nowNanos,
                "the command was passed on to the leader, which did not answer in time; it may have been applied"));
        }
        return next;
    }

    void failAll(ControlPlaneException why) {
        underWay.keySet().forEach(gathering -> gathering.fail(why));
    }

    private long timeoutMillis(Gathering gathering) {
        long nowNanos = loop.clock().nanoTime();
        long longestNanos = 0;
        for (Submission submission : gathering.submissions()) {
            longestNanos = Math.max(longestNanos, submission.deadlineNanos() - nowNanos);
        }
        return Math.max(1, TimeUnit.NANOSECONDS.toMillis(longestNanos));
    }

    private static void complete(NodeId leader, Gathering gathering, Bytes payload) {
        try {
            SubmitResponse response = SubmitResponse.decode(payload);
            if (response.outcomes().size() == gathering.commands()) {
                gathering.succeed(response.index(), response.outcomes());
            } else {
                gathering.fail(new OutcomeUnknownException("leader " + leader + ": found " + response.outcomes().size()
                    + " results, expected " + gathering.commands()));
            }
        } catch (MalformedBytesException e) {
            gathering.fail(new OutcomeUnknownException("leader " + leader + ": " + e.getMessage(), e));
        }
    }

    private static boolean mayTryAgain(CallFailure failure) {
        return switch (failure.kind()) {
            case NOT_SENT -> true;
            case TIMEOUT, RESET -> false;
            case REMOTE -> failure.error().map(RpcError::code)
                .filter(code -> code == RpcError.Code.NOT_LEADER || code == RpcError.Code.UNAVAILABLE).isPresent();
        };
    }
}
