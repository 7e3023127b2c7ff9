package io.quorate.kv.store;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.MalformedBytesException;
import io.quorate.kv.KvFormat;
import io.quorate.kv.KvLimits;
import java.util.Arrays;
import java.util.NavigableMap;

/** Answers questions about the present state; changes nothing. */
final class KvQueries {

    /** How many bytes an encoded entry needs beside its key and value: two lengths and three numbers. */
    private static final int ENTRY_OVERHEAD_BYTES = 32;

    private static final int ANSWER_BYTES = 64;

    private final KvStore store;

    KvQueries(KvStore store) {
        this.store = store;
    }

    Bytes answer(Bytes query) throws CommandRejectedException {
        BytesReader reader = new BytesReader(query);
        try {
            int kind = reader.u8();
            return switch (kind) {
                case KvFormat.GET -> get(reader);
                case KvFormat.LIST -> list(reader);
                case KvFormat.COUNT -> count(reader);
                case KvFormat.DIGEST -> digest(reader);
                default -> throw Fields.unknown("query", kind);
            };
        } catch (MalformedBytesException e) {
            throw Fields.malformed("query", e);
        }
    }

    private Bytes get(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        Bytes key = Fields.key(reader);
        reader.end();
        Entry entry = store.get(key);
        int size = entry == null ? 0 : ENTRY_OVERHEAD_BYTES + entry.key.length() + entry.value.length();
        BytesWriter writer = begin(KvFormat.GET, size).bool(entry != null);
        if (entry != null) {
            write(writer, entry, false);
        }
        return writer.toBytes();
    }

    private Bytes list(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        Bytes prefix = Fields.prefix(reader);
        Bytes after = reader.bool() ? Fields.prefix(reader) : null;
        int limit = reader.i32();
        boolean keysOnly = reader.bool();
        reader.end();
        if (limit < 1 || limit > KvLimits.MAX_PAGE_ENTRIES) {
            throw new CommandRejectedException("limit: found " + limit + ", expected 1 to "
                + KvLimits.MAX_PAGE_ENTRIES);
        }
        // The page's size comes before its entries in the encoded form, and is known only behind them.
        BytesWriter entries = new BytesWriter();
        int count = 0;
        boolean more = false;
        NavigableMap<Bytes, Entry> from = after != null && after.compareTo(prefix) >= 0
            ? store.ordered().tailMap(after, false) : store.ordered().tailMap(prefix, true);
        for (Entry entry : from.values()) {
            if (!entry.key.startsWith(prefix)) {
                break;
            }
            int size = ENTRY_OVERHEAD_BYTES + entry.key.length() + (keysOnly ? 0 : entry.value.length());
            if (count == limit || count > 0 && entries.size() + size > KvLimits.MAX_PAGE_BYTES) {
                more = true;
                break;
            }
            write(entries, entry, keysOnly);
            count++;
        }
        return begin(KvFormat.LIST, entries.size()).bool(more).i32(count).raw(entries.toBytes()).toBytes();
    }

    private Bytes count(BytesReader reader) throws MalformedBytesException, CommandRejectedException {
        Bytes prefix = Fields.prefix(reader);
        reader.end();
        return begin(KvFormat.COUNT, 0).i64(count(prefix)).toBytes();
    }

    private long count(Bytes prefix) {
        if (prefix.isEmpty()) {
            return store.size();
        }
        Bytes end = endOf(prefix);
        return end == null ? store.ordered().tailMap(prefix, true).size()
            : store.ordered().subMap(prefix, true, end, false).size();
    }

    private Bytes digest(BytesReader reader) throws MalformedBytesException {
        reader.end();
        return begin(KvFormat.DIGEST, 0).i64(store.size()).i64(store.digest()).toBytes();
    }

    /** The first key behind all that begin with {@code prefix}; null if none can be. */
    private static Bytes endOf(Bytes prefix) {
        byte[] end = prefix.toByteArray();
        for (int i = end.length - 1; i >= 0; i--) {
            if (end[i] != (byte) 0xFF) {
                end[i]++;
                return Bytes.wrap(Arrays.copyOf(end, i + 1));
            }
        }
        return null;
    }

    private BytesWriter begin(int question, int moreBytes) {
        return new BytesWriter(ANSWER_BYTES + moreBytes).u8(question | KvFormat.ANSWER).i64(store.revision());
    }

    private static void write(BytesWriter writer, Entry entry, boolean keyOnly) {
        writer.bytes(entry.key).bytes(keyOnly ? Bytes.empty() : entry.value)
            .i64(entry.createRevision).i64(entry.modRevision).i64(entry.version);
    }
}
