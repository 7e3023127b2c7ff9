package io.quorate.kv;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.Command;
import io.quorate.api.MalformedBytesException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Builds the store's commands, queries and watches, and reads its answers. See {@link KvFormat} for the forms.
 *
 * <p>Builders throw an {@link IllegalArgumentException} for what the store would refuse by its size; readers a
 * {@link MalformedBytesException} for what is not the answer to that question. Values that readers return share the
 * answer's bytes. Thread-safe: there is no state.
 */
public final class Kv {

    /** How many bytes a request needs beside its keys and values, at most. */
    private static final int OVERHEAD_BYTES = 32;

    private static final int MIN_ENTRY_BYTES = 32;
    private static final int MIN_EVENT_BYTES = 25;

    private Kv() {
    }

    /** Puts a value, whatever was there. Repeating it does no harm but count. */
    public static Command put(Bytes key, Bytes value) {
        return new Command(request(KvFormat.PUT, requireKey(key), value.length()).bytes(requireValue(value)).toBytes());
    }

    /** Deletes a key, if it exists. */
    public static Command delete(Bytes key) {
        return new Command(request(KvFormat.DELETE, requireKey(key), 0).toBytes());
    }

    /**
     * Puts a value if the key has this version.
     *
     * @param expectedVersion 0: the key must not exist
     */
    public static Command compareAndSet(Bytes key, long expectedVersion, Bytes value) {
        return setIf(key, KvFormat.COMPARE_VERSION, expectedVersion, value);
    }

    /**
     * Puts a value if the key was last changed by this revision. Unlike a version, a revision never comes back when a
     * key is deleted and created anew.
     *
     * @param expectedModRevision 0: the key must not exist
     */
    public static Command compareRevisionAndSet(Bytes key, long expectedModRevision, Bytes value) {
        return setIf(key, KvFormat.COMPARE_REVISION, expectedModRevision, value);
    }

    /** Deletes a key if it has this version. */
    public static Command deleteIfVersion(Bytes key, long expectedVersion) {
        return deleteIf(key, KvFormat.COMPARE_VERSION, expectedVersion);
    }

    /** Deletes a key if it was last changed by this revision. */
    public static Command deleteIfRevision(Bytes key, long expectedModRevision) {
        return deleteIf(key, KvFormat.COMPARE_REVISION, expectedModRevision);
    }

    /** Asks for one key. */
    public static Bytes get(Bytes key) {
        return request(KvFormat.GET, requireKey(key), 0).toBytes();
    }

    /** Asks for a page of keys. */
    public static Bytes list(KvListRequest request) {
        BytesWriter writer = request(KvFormat.LIST, request.prefix(), KvLimits.MAX_KEY_BYTES)
            .bool(request.after().isPresent());
        request.after().ifPresent(writer::bytes);
        return writer.i32(request.limit()).bool(request.keysOnly()).toBytes();
    }

    /** Asks how many keys begin with a prefix. The cost grows with that number, unless the prefix is empty. */
    public static Bytes count(Bytes prefix) {
        return request(KvFormat.COUNT, requirePrefix(prefix), 0).toBytes();
    }

    /** Asks for the digest of the whole state; costs nothing. */
    public static Bytes digest() {
        return new BytesWriter().u8(KvFormat.DIGEST).toBytes();
    }

    /**
     * Watches one key.
     *
     * @param fromRevision the first revision of interest; 0 to begin with what comes next: the answer is then there at
     *     once, without events, and has the revision to go on with
     */
    public static Bytes watchKey(Bytes key, long fromRevision) {
        return watch(KvFormat.SCOPE_KEY, requireKey(key), fromRevision);
    }

    /** Watches all keys that begin with a prefix, which may be empty; else like {@link #watchKey}. */
    public static Bytes watchPrefix(Bytes prefix, long fromRevision) {
        return watch(KvFormat.SCOPE_PREFIX, requirePrefix(prefix), fromRevision);
    }

    /** Reads the answer to {@link #put}. */
    public static PutResult putResult(Bytes answer) throws MalformedBytesException {
        BytesReader reader = answer(answer, KvFormat.PUT);
        return end(reader, new PutResult(reader.i64(), reader.i64()));
    }

    /** Reads the answer to {@link #delete}. */
    public static DeleteResult deleteResult(Bytes answer) throws MalformedBytesException {
        BytesReader reader = answer(answer, KvFormat.DELETE);
        return end(reader, new DeleteResult(reader.bool(), reader.i64()));
    }

    /** Reads the answer to a conditional put. */
    public static CasResult setIfResult(Bytes answer) throws MalformedBytesException {
        return casResult(answer(answer, KvFormat.SET_IF));
    }

    /** Reads the answer to a conditional delete. */
    public static CasResult deleteIfResult(Bytes answer) throws MalformedBytesException {
        return casResult(answer(answer, KvFormat.DELETE_IF));
    }

    /** Reads the answer to {@link #get}. */
    public static KvRead read(Bytes answer) throws MalformedBytesException {
        BytesReader reader = answer(answer, KvFormat.GET);
        long revision = reader.i64();
        return end(reader, new KvRead(revision, reader.bool() ? Optional.of(entry(reader)) : Optional.empty()));
    }

    /** Reads the answer to {@link #list}. */
    public static KvPage page(Bytes answer) throws MalformedBytesException {
        BytesReader reader = answer(answer, KvFormat.LIST);
        long revision = reader.i64();
        boolean more = reader.bool();
        int count = reader.count(KvLimits.MAX_PAGE_ENTRIES, MIN_ENTRY_BYTES);
        if (more && count == 0) {
            throw new MalformedBytesException("found an empty page with more behind it, expected at least one entry");
        }
        List<KvEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            entries.add(entry(reader));
        }
        return end(reader, new KvPage(revision, entries, more));
    }

    /** Reads the answer to {@link #count}. */
    public static KvCount countResult(Bytes answer) throws MalformedBytesException {
        BytesReader reader = answer(answer, KvFormat.COUNT);
        return end(reader, new KvCount(reader.i64(), reader.i64()));
    }

    /** Reads the answer to {@link #digest()}. */
    public static KvDigest digestResult(Bytes answer) throws MalformedBytesException {
        BytesReader reader = answer(answer, KvFormat.DIGEST);
        return end(reader, new KvDigest(reader.i64(), reader.i64(), reader.i64()));
    }

    /** Reads the answer to a watch. */
    public static KvWatchBatch watchBatch(Bytes answer) throws MalformedBytesException {
        BytesReader reader = new BytesReader(answer);
        int kind = reader.u8();
        if (kind == KvFormat.WATCH_COMPACTED) {
            return end(reader, new KvWatchBatch.Compacted(reader.i64(), reader.i64()));
        }
        require(kind, KvFormat.WATCH | KvFormat.ANSWER);
        long nextRevision = reader.i64();
        int count = reader.count(KvLimits.MAX_WATCH_EVENTS, MIN_EVENT_BYTES);
        List<KvEvent> events = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            events.add(event(reader));
        }
        return end(reader, new KvWatchBatch.Events(nextRevision, events));
    }

    static Bytes requireKey(Bytes key) {
        if (key.isEmpty()) {
            throw new IllegalArgumentException("key: found none, expected 1 to " + KvLimits.MAX_KEY_BYTES + " bytes");
        }
        return requirePrefix(key);
    }

    static Bytes requirePrefix(Bytes prefix) {
        if (prefix.length() > KvLimits.MAX_KEY_BYTES) {
            throw new IllegalArgumentException("key: found " + prefix.length() + " bytes, expected at most "
                + KvLimits.MAX_KEY_BYTES);
        }
        return prefix;
    }

    private static Bytes requireValue(Bytes value) {
        if (value.length() > KvLimits.MAX_VALUE_BYTES) {
            throw new IllegalArgumentException("value: found " + value.length() + " bytes, expected at most "
                + KvLimits.MAX_VALUE_BYTES + "; split it over several keys");
        }
        return value;
    }

    private static long requireNotNegative(String what, long number) {
        if (number < 0) {
            throw new IllegalArgumentException(what + ": found " + number + ", expected 0 or more");
        }
        return number;
    }

    private static Command setIf(Bytes key, int comparison, long expected, Bytes value) {
        return new Command(request(KvFormat.SET_IF, requireKey(key), value.length())
            .u8(comparison).i64(requireNotNegative("expected", expected)).bytes(requireValue(value)).toBytes());
    }

    private static Command deleteIf(Bytes key, int comparison, long expected) {
        return new Command(request(KvFormat.DELETE_IF, requireKey(key), 0)
            .u8(comparison).i64(requireNotNegative("expected", expected)).toBytes());
    }

    private static Bytes watch(int scope, Bytes keyOrPrefix, long fromRevision) {
        return new BytesWriter(OVERHEAD_BYTES + keyOrPrefix.length()).u8(KvFormat.WATCH).u8(scope).bytes(keyOrPrefix)
            .i64(requireNotNegative("revision", fromRevision)).toBytes();
    }

    private static BytesWriter request(int kind, Bytes key, int moreBytes) {
        return new BytesWriter(OVERHEAD_BYTES + key.length() + moreBytes).u8(kind).bytes(key);
    }

    private static BytesReader answer(Bytes answer, int question) throws MalformedBytesException {
        BytesReader reader = new BytesReader(answer);
        require(reader.u8(), question | KvFormat.ANSWER);
        return reader;
    }

    private static void require(int kind, int expected) throws MalformedBytesException {
        if (kind != expected) {
            throw new MalformedBytesException("found 0x" + Integer.toHexString(kind) + " at byte 0, expected 0x"
                + Integer.toHexString(expected) + "; is the state machine another one?");
        }
    }

    private static <T> T end(BytesReader reader, T value) throws MalformedBytesException {
        reader.end();
        return value;
    }

    private static CasResult casResult(BytesReader reader) throws MalformedBytesException {
        return end(reader, new CasResult(reader.bool(), reader.i64(), reader.i64(), reader.i64()));
    }

    private static KvEntry entry(BytesReader reader) throws MalformedBytesException {
        return new KvEntry(reader.bytes(KvLimits.MAX_KEY_BYTES), reader.bytes(KvLimits.MAX_VALUE_BYTES),
            reader.i64(), reader.i64(), reader.i64());
    }

    private static KvEvent event(BytesReader reader) throws MalformedBytesException {
        int kind = reader.u8();
        if (kind != KvFormat.EVENT_PUT && kind != KvFormat.EVENT_DELETE) {
            throw new MalformedBytesException("found event kind " + kind + ", expected 1 or 2");
        }
        return new KvEvent(kind == KvFormat.EVENT_PUT ? KvEvent.Kind.PUT : KvEvent.Kind.DELETE,
            reader.bytes(KvLimits.MAX_KEY_BYTES), reader.bytes(KvLimits.MAX_VALUE_BYTES), reader.i64(), reader.i64());
    }
}
