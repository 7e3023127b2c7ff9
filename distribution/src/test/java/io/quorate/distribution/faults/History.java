package io.quorate.distribution.faults;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import io.quorate.testing.simulation.Linearizability;
import io.quorate.testing.simulation.Linearizability.Operation;
import io.quorate.testing.simulation.Linearizability.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What clients did and were answered, in memory and as JSON lines in a file. Times are of {@link System#nanoTime()} of
 * this one process, so that they can be compared across clients.
 *
 * <p>Thread-safe.
 */
final class History implements AutoCloseable {

    /** How an operation ended. */
    enum Outcome { OK, UNKNOWN, NOTHING }

    private final JsonGenerator json;
    private final long origin = System.nanoTime();
    private final Map<String, List<Operation<KvModel.Input, KvModel.Output>>> keys = new TreeMap<>();
    private long answered;
    private long unknown;
    private long nothing;

    History(Path file) throws IOException {
        json = new JsonFactory().createGenerator(Files.newBufferedWriter(file));
        json.setRootValueSeparator(new SerializedString("\n"));
    }

    long now() {
        return System.nanoTime() - origin;
    }

    /** An operation is over. One that surely did nothing is written down, and is no part of what is checked. */
    synchronized void add(String client, String key, KvModel.Input input, Outcome outcome, KvModel.Output output,
            long invokedAt, String problem) {
        long returnedAt = now();
        try {
            json.writeStartObject();
            json.writeStringField("client", client);
            json.writeStringField("key", key);
            write(input);
            json.writeNumberField("invoked", invokedAt);
            json.writeNumberField("returned", returnedAt);
            json.writeStringField("outcome", outcome.name());
            if (output != null) {
                json.writeBooleanField("applied", output.applied());
                json.writeNumberField("version", output.version());
                json.writeStringField("read", output.value());
            }
            if (problem != null) {
                json.writeStringField("problem", problem);
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        switch (outcome) {
            case OK -> {
                answered++;
                of(key).add(Operation.answered(client, input, output, invokedAt, returnedAt));
            }
            case UNKNOWN -> {
                unknown++;
                of(key).add(Operation.unknown(client, input, invokedAt));
            }
            case NOTHING -> nothing++;
        }
        notifyAll();
    }

    private void write(KvModel.Input input) throws IOException {
        switch (input) {
            case KvModel.Input.Get get -> json.writeStringField("operation", "get");
            case KvModel.Input.Put put -> {
                json.writeStringField("operation", "put");
                json.writeStringField("value", put.value());
            }
            case KvModel.Input.Cas cas -> {
                json.writeStringField("operation", "cas");
                json.writeNumberField("expected", cas.expectedVersion());
                json.writeStringField("value", cas.value());
            }
        }
    }

    /** Something was done to the nodes; for whoever reads the file. */
    synchronized void fault(String what) {
        try {
            json.writeStartObject();
            json.writeStringField("fault", what);
            json.writeNumberField("at", now());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Operation<KvModel.Input, KvModel.Output>> of(String key) {
        return keys.computeIfAbsent(key, fresh -> new ArrayList<>());
    }

    /** Waits until {@code count} more operations were answered. Returns whether they were, within the time. */
    synchronized boolean awaitAnswers(long count, Duration atMost) throws InterruptedException {
        long wanted = answered + count;
        long deadline = System.nanoTime() + atMost.toNanos();
        for (long left = atMost.toNanos(); answered < wanted && left > 0; left = deadline - System.nanoTime()) {
            wait(left / 1_000_000 + 1);
        }
        return answered >= wanted;
    }

    /** Lets the clients go on for that long. */
    void goOn(Duration time) throws InterruptedException {
        awaitAnswers(Long.MAX_VALUE / 2, time);
    }

    synchronized String summary() {
        return answered + " operations answered, " + unknown + " of unknown outcome, " + nothing
            + " that surely did nothing, on " + keys.size() + " keys";
    }

    synchronized long unknown() {
        return unknown;
    }

    /** What is wrong with it, key by key; empty if nothing is. What could not be decided is wrong too. */
    synchronized List<String> violations() {
        List<String> violations = new ArrayList<>();
        keys.forEach((key, operations) -> {
            switch (Linearizability.check(operations, new KvModel())) {
                case Verdict.Linearizable fine -> { }
                case Verdict.Violated violated -> violations.add(key + ": " + violated.explanation());
                case Verdict.Undecided undecided -> violations.add(key + ": not decided within " + undecided.steps()
                    + " steps, " + operations.size() + " operations");
            }
        });
        return violations;
    }

    /** The key's last version that was answered; empty if there is none. */
    synchronized Optional<Long> lastVersion(String key) {
        List<Operation<KvModel.Input, KvModel.Output>> operations = keys.getOrDefault(key, List.of());
        for (int i = operations.size() - 1; i >= 0; i--) {
            if (operations.get(i).output().isPresent()) {
                return Optional.of(operations.get(i).output().get().version());
            }
        }
        return Optional.empty();
    }

    @Override
    public synchronized void close() throws IOException {
        json.close();
    }
}
