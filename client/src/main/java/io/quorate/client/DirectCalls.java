package io.quorate.client;

import static io.quorate.client.ClientLimits.ATTEMPT_MILLIS;
import static io.quorate.client.ClientLimits.NANOS_PER_MILLI;

import io.quorate.api.Bytes;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.registry.protocol.Failures;
import io.quorate.registry.protocol.ProtocolLimits;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller.CallHandler;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The operations that have calls of their own: sends them, polls on, tries again. Loop only. */
final class DirectCalls {

    private final ClientCore core;
    private final Set<DirectCall<?>> underWay = new LinkedHashSet<>();
    private List<DirectCall<?>> waiting = new ArrayList<>();

    DirectCalls(ClientCore core) {
        this.core = core;
    }

    void add(DirectCall<?> call) {
        waiting.add(call);
    }

    /** Whether an order waits for a leader. */
    boolean leaderAwaited() {
        return waiting.stream().anyMatch(call -> call.order) || underWay.stream().anyMatch(call -> call.order);
    }

    boolean busy() {
        return !waiting.isEmpty() || !underWay.isEmpty();
    }

    void pump(long nowNanos) {
        if (waiting.isEmpty()) {
            return;
        }
        List<DirectCall<?>> look = waiting;
        waiting = new ArrayList<>();
        for (DirectCall<?> call : look) {
            attempt(call, nowNanos);
        }
    }

    long wakeNanos(long nowNanos) {
        long wake = Long.MAX_VALUE;
        for (DirectCall<?> call : waiting) {
            wake = Math.min(wake, core.endNanos(call));
            wake = Math.min(wake, call.notBeforeNanos > nowNanos ? call.notBeforeNanos
                : core.routes().nextNanos(call.want(), nowNanos));
        }
        return wake;
    }

    void abandon(String why) {
        List<DirectCall<?>> all = new ArrayList<>(waiting);
        all.addAll(underWay);
        waiting.clear();
        underWay.clear();
        all.forEach(call -> fail(call, core.unavailable(why)));
    }

    private <R> void attempt(DirectCall<R> call, long nowNanos) {
        if (call.isDone()) {
            core.capacity().release(1, call.bytes);
            return;
        }
        if (core.endNanos(call) <= nowNanos) {
            fail(call, core.outOfTime(call, !call.order));
            return;
        }
        Optional<String> unreachable = core.unreachable(call.only);
        if (unreachable.isPresent()) {
            fail(call, core.unavailable(call.only, unreachable.get()));
            return;
        }
        Optional<NodeId> node = call.notBeforeNanos > nowNanos ? Optional.empty() : core.routeOf(call, nowNanos);
        if (node.isEmpty()) {
            waiting.add(call);
            return;
        }
        send(call, node.get(), nowNanos);
    }

    private <R> void send(DirectCall<R> call, NodeId node, long nowNanos) {
        long waitMillis = Math.clamp((call.startNanos + call.waitNanos - nowNanos) / NANOS_PER_MILLI, 0,
            ProtocolLimits.MAX_WAIT_MILLIS);
        // Shorter than the time that is left: a node that is stuck must not cost the chance to ask another one.
        long timeoutMillis = Math.min(ClientCore.millisUp(call.deadlineNanos - nowNanos), waitMillis + ATTEMPT_MILLIS);
        underWay.add(call);
        core.call(node, call.type, call.request.apply((int) waitMillis), timeoutMillis, new CallHandler() {
            @Override
            public void onResponse(Bytes response) {
                if (underWay.remove(call)) {
                    answered(call, node, response);
                }
            }

            @Override
            public void onFailure(CallFailure failure) {
                if (underWay.remove(call)) {
                    failed(call, node, failure);
                }
            }
        });
    }

    private <R> void answered(DirectCall<R> call, NodeId node, Bytes response) {
        R answer;
        try {
            answer = call.decoder.decode(response);
        } catch (MalformedBytesException e) {
            failed(call, node, new CallFailure(CallFailure.Kind.REMOTE, Optional.empty(),
                "the response cannot be read: " + e.getMessage()));
            return;
        }
        core.worked(node, call.want());
        if (call.news.test(answer) || core.nowNanos() >= call.startNanos + call.waitNanos) {
            core.capacity().release(1, call.bytes);
            call.complete(answer);
        } else {
            waiting.add(call);
            core.requestPump();
        }
    }

    private <R> void failed(DirectCall<R> call, NodeId node, CallFailure failure) {
        core.failed(node, call.want(), failure);
        call.lastFailure = failure;
        call.lastNode = node;
        switch (RetryTable.next(failure, !call.order)) {
            case ELSEWHERE -> waiting.add(call);
            case LATER -> {
                call.notBeforeNanos = core.nowNanos() + core.pauseNanos(node, failure);
                waiting.add(call);
            }
            case GIVE_UP -> fail(call, Failures.ofCall(Pipeline.where(node), failure, !call.order));
        }
        core.requestPump();
    }

    private void fail(DirectCall<?> call, ControlPlaneException failure) {
        core.capacity().release(1, call.bytes);
        call.completeExceptionally(failure);
    }
}
