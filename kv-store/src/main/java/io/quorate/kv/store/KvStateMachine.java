package io.quorate.kv.store;

import io.quorate.api.AppliedCommand;
import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.StateMachine;
import io.quorate.api.StateMachineSnapshot;
import io.quorate.kv.KvFormat;
import io.quorate.kv.KvLimits;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * The state machine {@code kv}. A command is read to its last byte before anything is changed, so that a refusal leaves
 * the state as it was.
 */
public final class KvStateMachine implements StateMachine {

    private static final int ANSWER_BYTES = 40;
    private static final int RESTORE_BUFFER_BYTES = 64 << 10;

    private final int historyMaxEvents;
    private final long historyMaxBytes;
    private KvStore store;
    private KvQueries queries;

    public KvStateMachine() {
        this(KvLimits.HISTORY_MAX_EVENTS, KvLimits.HISTORY_MAX_BYTES);
    }

    KvStateMachine(int historyMaxEvents, long historyMaxBytes) {
        this.historyMaxEvents = historyMaxEvents;
        this.historyMaxBytes = historyMaxBytes;
        begin();
    }

    private void begin() {
        store = new KvStore(historyMaxEvents, historyMaxBytes);
        queries = new KvQueries(store);
    }

    @Override
    public String name() {
        return "kv";
    }

    @Override
    public Bytes apply(AppliedCommand command) throws CommandRejectedException {
        BytesReader reader = new BytesReader(command.payload());
        try {
            int kind = reader.u8();
            return switch (kind) {
                case KvFormat.PUT -> put(reader);
                case KvFormat.DELETE -> delete(reader);
                case KvFormat.SET_IF -> setIf(reader);
                case KvFormat.DELETE_IF -> deleteIf(reader);
                default -> throw Fields.unknown("command", kind);
            };
        } catch (MalformedBytesException e) {
            throw Fields.malformed("command", e);
        }
    }

    @Override
    public Bytes query(Bytes query) throws CommandRejectedException {
        return queries.answer(query);
    }

    @Override
    public Watch watch(Bytes request) throws CommandRejectedException {
        return KvWatch.of(() -> store, request);
    }

    /** Takes about as long as copying {@link KvLimits#HISTORY_MAX_EVENTS} references, however many keys there are. */
    @Override
    public StateMachineSnapshot snapshot() {
        return store.freeze();
    }

    /** What was there is let go before anything is read, so that two states never need memory at once. */
    @Override
    public void restore(InputStream in) throws IOException {
        begin();
        KvSnapshotFormat.read(new DataInputStream(new BufferedInputStream(in, RESTORE_BUFFER_BYTES)), store);
    }

    private Bytes put(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        Bytes key = Fields.key(reader);
        Bytes value = Fields.value(reader);
        reader.end();
        Entry entry = store.put(store.get(key), key, value);
        return answer(KvFormat.PUT).i64(entry.modRevision).i64(entry.version).toBytes();
    }

    private Bytes delete(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        Bytes key = Fields.key(reader);
        reader.end();
        Entry entry = store.get(key);
        if (entry != null) {
            store.delete(entry);
        }
        return answer(KvFormat.DELETE).bool(entry != null).i64(store.revision()).toBytes();
    }

    private Bytes setIf(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        Bytes key = Fields.key(reader);
        int comparison = comparison(reader);
        long expected = reader.i64();
        Bytes value = Fields.value(reader);
        reader.end();
        Entry entry = store.get(key);
        boolean holds = found(entry, comparison) == expected;
        return conditional(KvFormat.SET_IF, holds, holds ? store.put(entry, key, value) : entry);
    }

    private Bytes deleteIf(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        Bytes key = Fields.key(reader);
        int comparison = comparison(reader);
        long expected = reader.i64();
        reader.end();
        Entry entry = store.get(key);
        boolean holds = entry != null && found(entry, comparison) == expected;
        if (holds) {
            store.delete(entry);
        }
        return conditional(KvFormat.DELETE_IF, holds, holds ? null : entry);
    }

    private Bytes conditional(int kind, boolean applied, Entry now) {
        return answer(kind).bool(applied)
            .i64(now == null ? 0 : now.version)
            .i64(now == null ? 0 : now.modRevision)
            .i64(store.revision()).toBytes();
    }

    private static long found(Entry entry, int comparison) {
        if (entry == null) {
            return 0;
        }
        return comparison == KvFormat.COMPARE_VERSION ? entry.version : entry.modRevision;
    }

    private static int comparison(BytesReader reader) throws MalformedBytesException {
        int comparison = reader.u8();
        if (comparison != KvFormat.COMPARE_VERSION && comparison != KvFormat.COMPARE_REVISION) {
            throw new MalformedBytesException("found comparison " + comparison + ", expected 1 or 2");
        }
        return comparison;
    }

    private static BytesWriter answer(int question) {
        return new BytesWriter(ANSWER_BYTES).u8(question | KvFormat.ANSWER);
    }
}
