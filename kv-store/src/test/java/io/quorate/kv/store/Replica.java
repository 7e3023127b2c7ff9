package io.quorate.kv.store;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.Command;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.LogIndex;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.StateMachine;
import io.quorate.api.Term;
import io.quorate.kv.CasResult;
import io.quorate.kv.DeleteResult;
import io.quorate.kv.Kv;
import io.quorate.kv.KvDigest;
import io.quorate.kv.KvEntry;
import io.quorate.kv.KvLimits;
import io.quorate.kv.KvListRequest;
import io.quorate.kv.KvPage;
import io.quorate.kv.KvRead;
import io.quorate.kv.KvWatchBatch;
import io.quorate.kv.PutResult;
import java.util.Optional;

/** One node's state machine, spoken to in types and through the encoded forms. */
final class Replica {

    final KvStateMachine machine;
    private long index;

    Replica() {
        this(KvLimits.HISTORY_MAX_EVENTS, KvLimits.HISTORY_MAX_BYTES);
    }

    Replica(int historyMaxEvents, long historyMaxBytes) {
        this.machine = new KvStateMachine(historyMaxEvents, historyMaxBytes);
    }

    static Bytes bytes(String text) {
        return Bytes.utf8(text);
    }

    Bytes apply(Bytes payload) throws CommandRejectedException {
        index++;
        return machine.apply(new AppliedCommand(new Term(1), new LogIndex(index), 0, payload));
    }

    Bytes apply(Command command) {
        return unchecked(() -> apply(command.payload()));
    }

    PutResult put(String key, String value) {
        return unchecked(() -> Kv.putResult(apply(Kv.put(bytes(key), bytes(value)))));
    }

    DeleteResult delete(String key) {
        return unchecked(() -> Kv.deleteResult(apply(Kv.delete(bytes(key)))));
    }

    CasResult compareAndSet(String key, long version, String value) {
        return unchecked(() -> Kv.setIfResult(apply(Kv.compareAndSet(bytes(key), version, bytes(value)))));
    }

    CasResult compareRevisionAndSet(String key, long revision, String value) {
        return unchecked(() -> Kv.setIfResult(apply(Kv.compareRevisionAndSet(bytes(key), revision, bytes(value)))));
    }

    CasResult deleteIfVersion(String key, long version) {
        return unchecked(() -> Kv.deleteIfResult(apply(Kv.deleteIfVersion(bytes(key), version))));
    }

    CasResult deleteIfRevision(String key, long revision) {
        return unchecked(() -> Kv.deleteIfResult(apply(Kv.deleteIfRevision(bytes(key), revision))));
    }

    KvRead read(String key) {
        return unchecked(() -> Kv.read(machine.query(Kv.get(bytes(key)))));
    }

    Optional<KvEntry> get(String key) {
        return read(key).entry();
    }

    String value(String key) {
        return get(key).map(entry -> entry.value().utf8()).orElse(null);
    }

    KvPage list(KvListRequest request) {
        return unchecked(() -> Kv.page(machine.query(Kv.list(request))));
    }

    long count(Bytes prefix) {
        return unchecked(() -> Kv.countResult(machine.query(Kv.count(prefix))).keys());
    }

    KvDigest digest() {
        return unchecked(() -> Kv.digestResult(machine.query(Kv.digest())));
    }

    StateMachine.Watch watchPrefix(String prefix, long from) {
        return unchecked(() -> machine.watch(Kv.watchPrefix(bytes(prefix), from)));
    }

    StateMachine.Watch watchKey(String key, long from) {
        return unchecked(() -> machine.watch(Kv.watchKey(bytes(key), from)));
    }

    static Optional<KvWatchBatch> poll(StateMachine.Watch watch) {
        return unchecked(() -> {
            Optional<Bytes> news = watch.poll();
            return news.isEmpty() ? Optional.empty() : Optional.of(Kv.watchBatch(news.get()));
        });
    }

    private static <T> T unchecked(Action<T> action) {
        try {
            return action.run();
        } catch (CommandRejectedException | MalformedBytesException e) {
            throw new AssertionError(e);
        }
    }

    /** Something that should not fail. */
    @FunctionalInterface
    private interface Action<T> {

        T run() throws CommandRejectedException, MalformedBytesException;
    }
}
