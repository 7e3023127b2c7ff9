package io.quorate.testing.simulation;

import io.quorate.api.AccessDeniedException;
import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.CommandResult;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.LogIndex;
import io.quorate.api.NodeId;
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

    /** How often a workload is asked for a read, or for a command, before it is taken for one without. */
    static final int MOST_TRIES = 1_000;

    private static final long PATIENCE_NANOS = 4_000_000_000L;

    private final String name;
    private final SimulatedCluster cluster;
    private final Workload workload;
    private final RandomGenerator random;
    private final long thinkNanos;
    private final long[] numbers;
    private final List<Exchange> history;
    /** What it asks where it is no application of a node; null otherwise. */
    private final ControlPlane remote;
    private Pending pending;
    private boolean over;
    /** The entry of its last command that was answered; 0 if it has read that. */
    private long written;

    /**
     * @param node the node that was asked; null if a remote client asks whomever it finds
     * @param committed the last entry that was known to be committed, anywhere, when it was asked
     */
    private record Pending(SimulatedNode node, Request request, long number, long invokedNanos, long committed) {
    }

    /**
     * A client.
     *
     * @param remote what it asks, if it is not an application that embeds a node
     * @param numbers the number of the next request of all clients
     * @param history where to note what was seen
     */
    SimulatedClient(String name, SimulatedCluster cluster, Workload workload, RandomGenerator random, long thinkNanos,
            long[] numbers, List<Exchange> history, Optional<ControlPlane> remote) {
        this.name = name;
        this.cluster = cluster;
        this.workload = workload;
        this.random = random;
        this.thinkNanos = thinkNanos;
        this.numbers = numbers;
        this.history = history;
        this.remote = remote.orElse(null);
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
        if (serving.isEmpty() && remote == null) {
            begin();
            return;
        }
        SimulatedNode node = remote == null ? serving.get(random.nextInt(serving.size())) : null;
        if (written > 0 && random.nextInt(4) == 0) {
            Request read = read();
            ask(node, read.consistency().isEmpty() ? read
                : Request.query(read.payload(), Consistency.atLeast(new LogIndex(written))));
            written = 0;
        } else {
            ask(node, workload.next(random, numbers[0]++));
        }
    }

    /** Asks one thing, there, a read or anything, and then nothing more. */
    void once(SimulatedNode node, boolean read) {
        over = true;
        ask(node, read ? read() : workload.next(random, numbers[0]++));
    }

    /** A read, unless the workload hardly has any. */
    private Request read() {
        Request request = workload.next(random, numbers[0]++);
        for (int tries = 1; tries < MOST_TRIES && request.consistency().isEmpty(); tries++) {
            request = workload.next(random, numbers[0]++);
        }
        return request;
    }

    private void ask(SimulatedNode node, Request request) {
        Pending asked = new Pending(node, request, numbers[0], now(), cluster.checks().cluster().lastCommitted());
        pending = asked;
        ControlPlane plane = remote == null ? node.controlPlane() : remote;
        if (request.consistency().isEmpty()) {
            plane.submit(new Command(request.payload()))
                .whenComplete((result, failure) -> {
                    if (result != null) {
                        written = result.index().value();
                    }
                    done(asked, Optional.ofNullable(result).map(CommandResult::payload), failure);
                });
        } else {
            plane.query(request.payload(), request.consistency().get())
                .whenComplete((result, failure) -> {
                    if (result != null) {
                        checkIsRecent(asked, result.appliedIndex().value());
                    }
                    done(asked, Optional.ofNullable(result).map(QueryResult::payload), failure);
                });
        }
        cluster.world().schedule(PATIENCE_NANOS, () -> abandon(asked));
    }

    /** Whatever its value is: a read sees everything that was committed before it was asked, or the entry it names. */
    private void checkIsRecent(Pending asked, long applied) {
        long least = switch (asked.request().consistency().orElseThrow()) {
            case Consistency.AtLeast named -> named.index().value();
            case Consistency.Local any -> 0;
            case Consistency.Linearizable all -> asked.committed();
            case Consistency.Lease all -> asked.committed();
        };
        if (applied < least) {
            cluster.checks().violated(new Violation("reads are not of the past", where(asked) + " answers "
                + asked.request().consistency().orElseThrow() + " from a state of entry " + applied + ", expected "
                + least + " or more"));
        }
    }

    private void done(Pending asked, Optional<Bytes> answer, Throwable failure) {
        if (pending != asked) {
            return; // It was given up.
        }
        if (answer.isPresent()) {
            cluster.count(remote == null ? "client: answered" : "remote client: answered");
            note(asked, answer);
        } else {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            switch (cause) {
                case OutcomeUnknownException unknown -> {
                    cluster.count("client: outcome unknown");
                    cluster.checks().paths().took(CodePath.OUTCOME_UNKNOWN);
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
        if (pending != null && pending.node() != null && pending.node().state() == SimulatedNode.State.DOWN) {
            abandon(pending);
        }
    }

    private void note(Pending asked, Optional<Bytes> answer) {
        if (asked.request().consistency().orElse(null) instanceof Consistency.AtLeast) {
            return; // It may see the past, as long as that is not older than what it names.
        }
        history.add(new Exchange(name, where(asked), asked.request(), answer, asked.invokedNanos(), now()));
    }

    private NodeId where(Pending asked) {
        return asked.node() == null ? new NodeId(name) : asked.node().id();
    }

    private void next() {
        pending = null;
        begin();
    }

    private long now() {
        return cluster.now().toNanos();
    }
}
