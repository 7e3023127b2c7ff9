package io.quorate.distribution.input;

import io.quorate.api.Bytes;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.OverloadedException;
import io.quorate.kv.KvClient;
import io.quorate.kv.PutResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Puts entries as fast as the cluster takes them: many are under way at a time, and reading waits while that many
 * are. An entry that is refused is reported with its line and passed over; if the cluster fails, reading stops. Used
 * once.
 */
public final class Importer {

    /** How many puts may be under way. */
    public static final int MAX_OUTSTANDING = 1_024;

    /** How many failures are kept in words; the others are only counted. */
    public static final int MAX_REPORTED = 20;

    private final KvClient kv;
    private final String prefix;
    private final Semaphore room = new Semaphore(MAX_OUTSTANDING);
    private final List<Failure> failures = new ArrayList<>();
    private long imported;
    private long failed;
    private Throwable stop;

    /** @param prefix comes before each key; may be empty */
    public Importer(KvClient kv, String prefix) {
        this.kv = kv;
        this.prefix = prefix;
    }

    /** An entry that is not in the cluster now, or may not be. */
    public record Failure(long line, String reason) {
    }

    /**
     * What became of a file.
     *
     * @param imported how many entries were acknowledged
     * @param failed how many were not
     * @param failures the first of those, in the order in which they failed
     * @param stoppedBy why reading stopped before the end of the file, if it did
     */
    public record Report(
        long imported, long failed, List<Failure> failures, Optional<Throwable> stoppedBy, Duration took) {
    }

    /** Reads to the end, or until the cluster fails; returns when nothing is under way any more. */
    public Report run(EntryReader entries) throws IOException, InterruptedException {
        long start = System.nanoTime();
        boolean more = true;
        while (more && !stopped()) {
            try {
                Optional<Entry> entry = entries.next();
                more = entry.isPresent();
                if (more) {
                    room.acquire();
                    put(entry.get());
                }
            } catch (EntryException e) {
                failed(e.line(), e.getMessage());
            }
        }
        room.acquire(MAX_OUTSTANDING);
        synchronized (this) {
            return new Report(imported, failed, List.copyOf(failures), Optional.ofNullable(stop),
                Duration.ofNanos(System.nanoTime() - start));
        }
    }

    /** The caller has taken one place in {@link #room}; it is given back when the put has ended. */
    private void put(Entry entry) {
        CompletableFuture<PutResult> put;
        try {
            put = kv.put(Bytes.utf8(prefix + entry.key()), entry.value());
        } catch (IllegalArgumentException e) {
            failed(entry.line(), e.getMessage());
            room.release();
            return;
        }
        put.whenComplete((result, failure) -> {
            if (failure == null) {
                succeeded();
            } else {
                Throwable cause = failure.getCause() == null ? failure : failure.getCause();
                if (cause instanceof OverloadedException overloaded && !stopped()) {
                    // Nothing happened; the same entry again, when the cluster has said that it has room.
                    CompletableFuture.delayedExecutor(Math.max(1, overloaded.retryAfter().toMillis()),
                        TimeUnit.MILLISECONDS).execute(() -> put(entry));
                    return;
                }
                failed(entry.line(), cause.getMessage());
                if (!(cause instanceof CommandRejectedException)) {
                    stop(cause);
                }
            }
            room.release();
        });
    }

    private synchronized void succeeded() {
        imported++;
    }

    private synchronized void failed(long line, String reason) {
        failed++;
        if (failures.size() < MAX_REPORTED) {
            failures.add(new Failure(line, reason));
        }
    }

    private synchronized void stop(Throwable cause) {
        if (stop == null) {
            stop = cause;
        }
    }

    private synchronized boolean stopped() {
        return stop != null;
    }
}
