package io.quorate.client;

import static io.quorate.client.ClientLimits.MAX_CALLS_IN_FLIGHT_OVERALL;
import static io.quorate.client.ClientLimits.NANOS_PER_MILLI;

import io.quorate.api.Bytes;
import io.quorate.api.ControlPlaneException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.NodeId;
import io.quorate.registry.protocol.Failures;
import io.quorate.spi.consensus.CallFailure;
import io.quorate.spi.consensus.PeerCaller.CallHandler;
import io.quorate.spi.wire.RpcType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Operations of one kind on their way into batches. The first one goes out at once; what arrives while
 * {@link ClientLimits#MAX_CALLS_IN_FLIGHT} calls are under way forms the next batch, so that under load a call's price
 * is shared, and without load nothing waits.
 *
 * <p>The queue is in the order of deadlines: all operations have the same time limit, and those that come back for
 * another attempt are merged in. So one look at its head finds what is over, and no operation needs a timer of its own.
 *
 * <p>Loop only.
 */
abstract sealed class Pipeline<P extends Pending<?>> permits SubmitPipeline, QueryPipeline {

    private static final long SUSPICION_NANOS = ClientLimits.SUSPICION_MILLIS * NANOS_PER_MILLI;

    final ArrayDeque<P> queue = new ArrayDeque<>();
    private final ClientCore core;
    private final RpcType type;
    private final Routes.Want want;
    private final boolean readOnly;
    private final int maxCallsToNode;
    private final List<Flight<P>> flights = new ArrayList<>();
    private long notBeforeNanos = Long.MIN_VALUE;

    Pipeline(ClientCore core, RpcType type, Routes.Want want, boolean readOnly, int maxCallsToNode) {
        this.core = core;
        this.type = type;
        this.want = want;
        this.readOnly = readOnly;
        this.maxCallsToNode = maxCallsToNode;
    }

    /**
     * Takes the next batch from the queue: at least one operation, none that has ended.
     *
     * @return null if every operation in the queue had ended
     */
    abstract Flight<P> nextBatch();

    /** Whether {@link #nextBatch} can take the head of the queue now. */
    boolean mayBatch() {
        return true;
    }

    /** Whether it does no harm to send {@code flight} again although it may have arrived. */
    boolean repeatable(Flight<P> flight) {
        return readOnly;
    }

    /** An attempt was not answered and may have been carried out. */
    void doubt(List<P> operations) {
    }

    /** The failure of an operation that waits for its next attempt. */
    ControlPlaneException ending(P operation, ControlPlaneException nothingHappened) {
        return nothingHappened;
    }

    /** Fails operations that are not to be tried again. */
    void giveUp(List<P> operations, CallFailure failure, ControlPlaneException why) {
        fail(operations, why);
    }

    /**
     * Gives each operation its own result.
     *
     * @throws MalformedBytesException if the response is not one to this request; nothing was given then
     */
    abstract void deliver(Flight<P> flight, Bytes response) throws MalformedBytesException;

    final void add(P operation) {
        queue.add(operation);
    }

    /** Whether anything waits or is under way. */
    final boolean busy() {
        return !queue.isEmpty() || !flights.isEmpty();
    }

    /** Ends what is over, and sends what can be sent. */
    final void pump(long nowNanos) {
        expireFlights(nowNanos);
        expireQueue(nowNanos);
        leaveTheSilent(nowNanos);
        while (!queue.isEmpty() && mayBatch() && notBeforeNanos <= nowNanos
            && flights.size() < MAX_CALLS_IN_FLIGHT_OVERALL) {
            Optional<NodeId> node = core.routes().pick(want, nowNanos);
            if (node.isEmpty() || flightsTo(node.get()) >= maxCallsToNode) {
                return;
            }
            Flight<P> flight = nextBatch();
            if (flight != null) {
                send(flight, node.get(), nowNanos);
            }
        }
    }

    /** When {@link #pump} has something to do that time alone brings about. */
    final long wakeNanos(long nowNanos) {
        long wake = Long.MAX_VALUE;
        for (Flight<P> flight : flights) {
            if (flight.expired < flight.items.size()) {
                wake = Math.min(wake, flight.items.get(flight.expired).deadlineNanos);
            }
            if (!readOnly && repeatable(flight)) {
                wake = Math.min(wake, flight.heardNanos + SUSPICION_NANOS);
            }
        }
        if (!queue.isEmpty()) {
            wake = Math.min(wake, core.endNanos(queue.peek()));
            wake = Math.min(wake, notBeforeNanos > nowNanos ? notBeforeNanos : core.routes().nextNanos(want, nowNanos));
        }
        return wake;
    }

    /** Fails everything: the client is closed. */
    final void abandon(String why) {
        for (Flight<P> flight : flights) {
            fail(flight.open(), Failures.ofCall(where(flight.node),
                new CallFailure(CallFailure.Kind.RESET, Optional.empty(), why), readOnly));
            flight.expired = flight.items.size();
        }
        flights.clear();
        ControlPlaneException closed = core.unavailable(why);
        for (P operation : queue) {
            fail(List.of(operation), ending(operation, closed));
        }
        queue.clear();
    }

    /** Takes the head of the queue out of it if it needs no attempt any more. */
    final boolean dropEndedHead() {
        P head = queue.peek();
        if (head == null || !head.isDone()) {
            return false;
        }
        queue.poll();
        core.capacity().release(1, head.bytes);
        return true;
    }

    /**
     * Gives room back for operations that are about to end. Before that: whoever is waiting for them submits at once.
     */
    final void release(List<P> operations) {
        long bytes = 0;
        for (P operation : operations) {
            bytes += operation.bytes;
        }
        core.capacity().release(operations.size(), bytes);
    }

    /** Has {@code operation} tried again, before everything that came after it. */
    void requeue(List<P> operations) {
        if (operations.isEmpty()) {
            return;
        }
        long last = operations.get(operations.size() - 1).deadlineNanos;
        ArrayList<P> earlier = new ArrayList<>();
        while (!queue.isEmpty() && queue.peek().deadlineNanos < last) {
            earlier.add(queue.poll());
        }
        List<P> merged = merge(earlier, operations);
        for (int i = merged.size() - 1; i >= 0; i--) {
            queue.addFirst(merged.get(i));
        }
    }

    private List<P> merge(List<P> a, List<P> b) {
        List<P> merged = new ArrayList<>(a.size() + b.size());
        int next = 0;
        for (P item : b) {
            while (next < a.size() && a.get(next).deadlineNanos < item.deadlineNanos) {
                merged.add(a.get(next++));
            }
            merged.add(item);
        }
        merged.addAll(a.subList(next, a.size()));
        return merged;
    }

    private int flightsTo(NodeId node) {
        int count = 0;
        for (Flight<P> flight : flights) {
            count += flight.node.equals(node) ? 1 : 0;
        }
        return count;
    }

    /**
     * Does what a leader's silence calls for: asks who leads, and goes there if it is another one by now. A process
     * that is stopped keeps its connections, so without this line its callers would learn of its successor only by
     * their calls' time limit.
     */
    private void leaveTheSilent(long nowNanos) {
        if (readOnly) {
            return;
        }
        for (Flight<P> flight : new ArrayList<>(flights)) {
            if (repeatable(flight) && nowNanos - flight.heardNanos >= SUSPICION_NANOS) {
                flight.suspected = true;
                flight.heardNanos = nowNanos;
                core.doubtLeader();
            }
            if (flight.suspected && core.routes().pick(want, nowNanos).filter(to -> !to.equals(flight.node))
                    .isPresent()) {
                flights.remove(flight);
                List<P> open = flight.open();
                doubt(open);
                requeue(open);
            }
        }
    }

    private void send(Flight<P> flight, NodeId node, long nowNanos) {
        flight.node = node;
        flight.heardNanos = nowNanos;
        flights.add(flight);
        // The last one's time: those before it are ended by expireFlights when theirs is over.
        long nanos = flight.items.get(flight.items.size() - 1).deadlineNanos - nowNanos;
        List<Bytes> request = flight.request;
        flight.request = null;
        if (!readOnly && repeatable(flight)) {
            // Time for a second attempt is worth more than the last moments of the first.
            nanos = Math.min(nanos, Math.clamp(nanos / 2, ClientLimits.ATTEMPT_MILLIS * NANOS_PER_MILLI,
                ClientLimits.COMMAND_ATTEMPT_MILLIS * NANOS_PER_MILLI));
        }
        core.call(node, type, request, ClientCore.millisUp(nanos), new CallHandler() {
            @Override
            public void onResponse(Bytes response) {
                if (!flights.remove(flight)) {
                    return;
                }
                try {
                    deliver(flight, response);
                    core.worked(flight.node, want);
                } catch (MalformedBytesException e) {
                    failed(flight, new CallFailure(CallFailure.Kind.REMOTE, Optional.empty(),
                        "the response cannot be read: " + e.getMessage()));
                }
                core.requestPump();
            }

            @Override
            public void onFailure(CallFailure failure) {
                if (!flights.remove(flight)) {
                    return;
                }
                failed(flight, failure);
                core.requestPump();
            }
        });
    }

    private void failed(Flight<P> flight, CallFailure failure) {
        core.failed(flight.node, want, failure);
        List<P> open = flight.open();
        for (P operation : open) {
            operation.lastFailure = failure;
            operation.lastNode = flight.node;
        }
        if (failure.maybeExecuted()) {
            doubt(open);
        }
        switch (RetryTable.next(failure, repeatable(flight))) {
            case ELSEWHERE -> requeue(open);
            case LATER -> {
                notBeforeNanos = core.nowNanos() + core.pauseNanos(flight.node, failure);
                requeue(open);
            }
            case GIVE_UP -> giveUp(open, failure, Failures.ofCall(where(flight.node), failure, readOnly));
        }
    }

    private void expireQueue(long nowNanos) {
        while (!queue.isEmpty()) {
            if (dropEndedHead()) {
                continue;
            }
            P head = queue.peek();
            if (core.endNanos(head) > nowNanos) {
                return;
            }
            queue.poll();
            fail(List.of(head), ending(head, core.outOfTime(head, readOnly)));
        }
    }

    private void expireFlights(long nowNanos) {
        for (Flight<P> flight : flights) {
            int from = flight.expired;
            while (flight.expired < flight.items.size()
                && flight.items.get(flight.expired).deadlineNanos <= nowNanos) {
                flight.expired++;
            }
            if (flight.expired > from) {
                fail(flight.items.subList(from, flight.expired), Failures.ofCall(where(flight.node),
                    new CallFailure(CallFailure.Kind.TIMEOUT, Optional.empty(), "found no answer in time"), readOnly));
            }
        }
    }

    /**
     * One exception serves a whole batch: a stack trace for each of thousands would cost more than the batch itself.
     */
    final void fail(List<P> operations, ControlPlaneException failure) {
        release(operations);
        for (P operation : operations) {
            operation.completeExceptionally(failure);
        }
    }

    static String where(NodeId node) {
        return "node " + node;
    }
}
