package io.quorate.distribution.faults;

import io.quorate.api.Bytes;
import io.quorate.api.Consistency;
import io.quorate.api.OutcomeUnknownException;
import io.quorate.distribution.compose.ClusterConnection;
import io.quorate.kv.CasResult;
import io.quorate.kv.KvClient;
import io.quorate.kv.KvEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Clients that read, write and compare-and-set a few keys, one operation at a time each. */
final class Workload {

    /** What the checker is meant for (see {@code Linearizability}). */
    static final int CLIENTS = 8;
    private static final int KEYS = 4;
    private static final int OPERATIONS_A_KEY = 400;

    /** So that every fault is met by a few hundred operations of each client, and the nodes have processor left. */
    private static final Duration PAUSE = Duration.ofMillis(10);

    private final History history;
    private final List<Thread> threads = new ArrayList<>();
    private final Object stop = new Object();
    private final int[] used = new int[KEYS];
    private final int[] generation = new int[KEYS];
    private boolean stopped;
    private Throwable failure;

    /** @param connections shared by the clients in turn */
    Workload(History history, List<ClusterConnection> connections, long seed) {
        this.history = history;
        for (int i = 0; i < CLIENTS; i++) {
            String name = "c" + (i + 1);
            KvClient client = new KvClient(connections.get(i % connections.size()).plane());
            Random random = new Random(seed * 31 + i);
            threads.add(new Thread(() -> run(name, client, random), "client-" + name));
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    /** Ends when every operation under way has ended. */
    void stop() throws InterruptedException {
        synchronized (stop) {
            stopped = true;
            stop.notifyAll();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        synchronized (stop) {
            if (failure != null) {
                throw new AssertionError("a client failed", failure);
            }
        }
    }

    private void run(String name, KvClient client, Random random) {
        try {
            for (int i = 0; pause(); i++) {
                String key = key(random.nextInt(KEYS));
                one(name, client, key, choose(name + "." + i, key, random));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | RuntimeException e) {
            synchronized (stop) {
                failure = e;
            }
        }
    }

    private boolean pause() throws InterruptedException {
        synchronized (stop) {
            if (!stopped) {
                stop.wait(PAUSE.toMillis());
            }
            return !stopped;
        }
    }

    /** A key that has had its share is followed by a fresh one. */
    private String key(int which) {
        synchronized (stop) {
            if (++used[which] > OPERATIONS_A_KEY) {
                used[which] = 1;
                generation[which]++;
            }
            return "faults/" + which + "-" + generation[which];
        }
    }

    private KvModel.Input choose(String value, String key, Random random) {
        int dice = random.nextInt(10);
        if (dice < 4) {
            return new KvModel.Input.Get();
        }
        return dice < 7 ? new KvModel.Input.Put(value)
            : new KvModel.Input.Cas(history.lastVersion(key).orElse(0L), value);
    }

    private void one(String name, KvClient client, String key, KvModel.Input input)
            throws InterruptedException, ExecutionException, TimeoutException {
        long invokedAt = history.now();
        CompletableFuture<KvModel.Output> answer = send(client, Bytes.utf8(key), input);
        try {
            // Longer than any operation's own limit: a future that never ends is a defect, and not a fault's effect.
            KvModel.Output output = answer.get(2, TimeUnit.MINUTES);
            history.add(name, key, input, History.Outcome.OK, output, invokedAt, null);
        } catch (ExecutionException e) {
            // A read has no effect, whatever became of it.
            boolean unknown = e.getCause() instanceof OutcomeUnknownException && !(input instanceof KvModel.Input.Get);
            history.add(name, key, input, unknown ? History.Outcome.UNKNOWN : History.Outcome.NOTHING, null, invokedAt,
                String.valueOf(e.getCause()));
        }
    }

    private static CompletableFuture<KvModel.Output> send(KvClient client, Bytes key, KvModel.Input input) {
        return switch (input) {
            case KvModel.Input.Get get -> client.get(key, Consistency.LINEARIZABLE).thenApply(read -> {
                Optional<KvEntry> entry = read.entry();
                return new KvModel.Output(true, entry.map(KvEntry::version).orElse(0L),
                    entry.map(found -> found.value().utf8()).orElse(""));
            });
            case KvModel.Input.Put put -> client.put(key, Bytes.utf8(put.value()))
                .thenApply(done -> new KvModel.Output(true, done.version(), ""));
            case KvModel.Input.Cas cas -> client.compareAndSet(key, cas.expectedVersion(), Bytes.utf8(cas.value()))
                .thenApply(Workload::output);
        };
    }

    private static KvModel.Output output(CasResult done) {
        return new KvModel.Output(done.applied(), done.version(), "");
    }
}
