package io.quorate.testing.simulation;

import io.quorate.api.AccessDeniedException;
import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.NotLeaderException;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.api.OverloadedException;
import io.quorate.api.QueryResult;
import io.quorate.api.UnavailableException;
import io.quorate.testing.simulation.Workload.Exchange;
import io.quorate.testing.simulation.Workload.Request;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;

/** An application on the machines of the cluster, which asks one thing after another wherever a node serves. */
final class SimulatedClient {

    private static final long PATIENCE_NANOS = 4_000_000_000L;

    private final String name;
    private final SimulatedCluster cluster;
    private final Workload workload;
    private final RandomGenerator random;
    private final long thinkNanos;
    private final long[] numbers;
    private final List<Exchange> history;
    private Pending pending;
    private boolean over;

    private record Pending(SimulatedNode node, Request request, long number, long invokedNanos) {
    }

    /**
     * A client.
     *
     * @param numbers the number of the next request of all clients
     * @param history where to note what was seen
     */
    SimulatedClient(String name, SimulatedCluster cluster, Workload workload, RandomGenerator random, long thinkNanos,
            long[] numbers, List<Exchange> history) {
        this.name = name;
        this.cluster = cluster;
        this.workload = workload;
        this.random = random;
        this.thinkNanos = thinkNanos;
        this.numbers = numbers;
        this.history = history;
        cluster.onProcessEnd(this::processEnded);
    }

    void begin() {
        cluster.world().schedule(random.nextLong(2 * thinkNanos), this::ask);
    }

    /** It asks nothing more. */
    void finish() {
        over = true;
    }

    boolean waits() {
        return pending != null;
    }

    private void ask() {
        if (over) {
            return;
        }
        List<SimulatedNode> serving = cluster.nodes().stream().filter(SimulatedNode::serves).toList();
        if (serving.isEmpty()) {
            begin();
            return;
        }
        ask(serving.get(random.nextInt(serving.size())));
    }

    /** Asks one thing, there, and then nothing more. */
    void once(SimulatedNode node) {
        over = true;
        ask(node);
    }

    private void ask(SimulatedNode node) {
        Request request = workload.next(random, numbers[0]++);
        Pending asked = new Pending(node, request, numbers[0], now());
        pending = asked;
        if (request.consistency().isEmpty()) {
            node.controlPlane().submit(new Command(request.payload()))
                .whenComplete((result, failure) -> done(asked,
                    Optional.ofNullable(result).map(CommandResult::payload), failure));
        } else {
            node.controlPlane().query(request.payload(), request.consistency().get())
                .whenComplete((result, failure) -> done(asked,
                    Optional.ofNullable(result).map(QueryResult::payload), failure));
        }
        cluster.world().schedule(PATIENCE_NANOS, () -> abandon(asked));
    }

    private void done(Pending asked, Optional<Bytes> answer, Throwable failure) {
        if (pending != asked) {
            return; // It was given up.
        }
        if (answer.isPresent()) {
            cluster.count("client: answered");
            note(asked, answer);
        } else {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            switch (cause) {
                case OutcomeUnknownException unknown -> {
                    cluster.count("client: outcome unknown");
                    note(asked, Optional.empty());
                }
                case AccessDeniedException stranger -> cluster.count("client: of no member");
                case CommandRejectedException rejected -> cluster.count("client: rejected");
                case NotLeaderException nothing -> cluster.count("client: no leader");
                case UnavailableException nothing -> cluster.count("client: unavailable");
                case OverloadedException nothing -> cluster.count("client: overloaded");
                default -> cluster.checks().violated(new Violation("clients are told what has happened",
                    name + " heard " + cause));
            }
        }
        next();
    }

    private void abandon(Pending asked) {
        if (pending == asked) {
            cluster.count("client: lost patience");
            note(asked, Optional.empty());
            next();
        }
    }

    private void processEnded() {
        if (pending != null && pending.node().state() == SimulatedNode.State.DOWN) {
            abandon(pending);
        }
    }

    private void note(Pending asked, Optional<Bytes> answer) {
        history.add(new Exchange(name, asked.node().id(), asked.request(), answer, asked.invokedNanos(), now()));
    }

    private void next() {
        pending = null;
        begin();
    }

    private long now() {
        return cluster.now().toNanos();
    }
}
