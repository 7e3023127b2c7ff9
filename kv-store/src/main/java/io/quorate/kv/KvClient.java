package io.quorate.kv;

import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.Consistency;
import io.quorate.api.ControlPlane;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.OutcomeUnknownException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The store in types, over a control plane.
 *
 * <p>Threading and failures are those of {@link ControlPlane}: nothing blocks, futures fail with its exceptions. An
 * answer that cannot be read (the cluster runs another state machine) fails a command as {@link
 * OutcomeUnknownException}, since it was carried out, and a question as {@link CommandRejectedException}. Arguments
 * beyond {@link KvLimits} throw an {@link IllegalArgumentException} at once. The control plane stays its owner's to
 * close. Thread-safe.
 */
public final class KvClient {

    private final ControlPlane plane;

    public KvClient(ControlPlane plane) {
        this.plane = plane;
    }

    /** See {@link Kv#put}. */
    public CompletableFuture<PutResult> put(Bytes key, Bytes value) {
        return submit(Kv.put(key, value), Kv::putResult);
    }

    /** See {@link Kv#delete}. */
    public CompletableFuture<DeleteResult> delete(Bytes key) {
        return submit(Kv.delete(key), Kv::deleteResult);
    }

    /** See {@link Kv#compareAndSet}. */
    public CompletableFuture<CasResult> compareAndSet(Bytes key, long expectedVersion, Bytes value) {
        return submit(Kv.compareAndSet(key, expectedVersion, value), Kv::setIfResult);
    }

    /** See {@link Kv#compareRevisionAndSet}. */
    public CompletableFuture<CasResult> compareRevisionAndSet(Bytes key, long expectedModRevision, Bytes value) {
        return submit(Kv.compareRevisionAndSet(key, expectedModRevision, value), Kv::setIfResult);
    }

    /** See {@link Kv#deleteIfVersion}. */
    public CompletableFuture<CasResult> deleteIfVersion(Bytes key, long expectedVersion) {
        return submit(Kv.deleteIfVersion(key, expectedVersion), Kv::deleteIfResult);
    }

    /** See {@link Kv#deleteIfRevision}. */
    public CompletableFuture<CasResult> deleteIfRevision(Bytes key, long expectedModRevision) {
        return submit(Kv.deleteIfRevision(key, expectedModRevision), Kv::deleteIfResult);
    }

    /** Reads a key, linearizably. */
    public CompletableFuture<KvRead> get(Bytes key) {
        return get(key, Consistency.LINEARIZABLE);
    }

    /** Reads a key. */
    public CompletableFuture<KvRead> get(Bytes key, Consistency consistency) {
        return query(Kv.get(key), consistency, Kv::read);
    }

    /** Lists one page. */
    public CompletableFuture<KvPage> list(KvListRequest request, Consistency consistency) {
        return query(Kv.list(request), consistency, Kv::page);
    }

    /** See {@link Kv#count}. */
    public CompletableFuture<KvCount> count(Bytes prefix, Consistency consistency) {
        return query(Kv.count(prefix), consistency, Kv::countResult);
    }

    /** The asked node's digest; compare the digests of equal revisions. */
    public CompletableFuture<KvDigest> digest(Consistency consistency) {
        return query(Kv.digest(), consistency, Kv::digestResult);
    }

    /**
     * Waits for events of one key, from a revision on; see {@link Kv#watchKey}. Completes with nothing after
     * {@code atMost}; ask again from the same revision then, otherwise from the answer's.
     */
    public CompletableFuture<Optional<KvWatchBatch>> watchKey(Bytes key, long fromRevision, Duration atMost) {
        return watch(Kv.watchKey(key, fromRevision), atMost);
    }

    /** Waits for events of all keys with a prefix; else like {@link #watchKey}. */
    public CompletableFuture<Optional<KvWatchBatch>> watchPrefix(Bytes prefix, long fromRevision, Duration atMost) {
        return watch(Kv.watchPrefix(prefix, fromRevision), atMost);
    }

    private CompletableFuture<Optional<KvWatchBatch>> watch(Bytes request, Duration atMost) {
        return plane.watch(request, atMost).thenCompose(answer -> {
            if (answer.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            return read(answer.get(), bytes -> Optional.of(Kv.watchBatch(bytes)));
        });
    }

    private <T> CompletableFuture<T> query(Bytes query, Consistency consistency, Reader<T> reader) {
        return plane.query(query, consistency).thenCompose(result -> read(result.payload(), reader));
    }

    private <T> CompletableFuture<T> submit(Command command, Reader<T> reader) {
        return plane.submit(command).thenCompose(result -> {
            try {
                return CompletableFuture.completedFuture(reader.read(result.payload()));
            } catch (MalformedBytesException e) {
                return CompletableFuture.failedFuture(new OutcomeUnknownException("the command was carried out at "
                    + "index " + result.index() + ", and its answer is not a key-value store's: " + e.getMessage(), e));
            }
        });
    }

    private static <T> CompletableFuture<T> read(Bytes answer, Reader<T> reader) {
        try {
            return CompletableFuture.completedFuture(reader.read(answer));
        } catch (MalformedBytesException e) {
            return CompletableFuture.failedFuture(new CommandRejectedException(
                "the answer is not a key-value store's: " + e.getMessage()));
        }
    }

    /** Reads an answer. */
    @FunctionalInterface
    private interface Reader<T> {

        T read(Bytes answer) throws MalformedBytesException;
    }
}
