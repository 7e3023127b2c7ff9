package io.quorate.kv.store;

import io.quorate.api.Bytes;
import io.quorate.api.BytesReader;
import io.quorate.api.BytesWriter;
import io.quorate.api.CommandRejectedException;
import io.quorate.api.MalformedBytesException;
import io.quorate.api.StateMachine;
import io.quorate.kv.KvFormat;
import io.quorate.kv.KvLimits;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One caller's watch: remembers up to where it has looked, and looks at each mutation once. Without new mutations a
 * poll compares two numbers.
 */
final class KvWatch implements StateMachine.Watch {

    /** How many bytes an encoded event needs beside its key and value: a kind, two lengths and two numbers. */
    private static final int EVENT_BYTES = 25;

    private static final int ANSWER_BYTES = 32;

    /** The store of the moment: a restored snapshot brings another one. */
    private final Supplier<KvStore> stores;
    private final boolean wholePrefix;
    private final Bytes keyOrPrefix;

    /** The revision that the caller knows of, and will ask for again if it hears nothing. */
    private long known;

    /** The revision to look at next. */
    private long next;

    private KvWatch(Supplier<KvStore> stores, boolean wholePrefix, Bytes keyOrPrefix, long from) {
        this.stores = stores;
        this.wholePrefix = wholePrefix;
        this.keyOrPrefix = keyOrPrefix;
        this.known = from;
        this.next = from == 0 ? stores.get().history().next() : from;
    }

    static KvWatch of(Supplier<KvStore> stores, Bytes request) throws CommandRejectedException {
        BytesReader reader = new BytesReader(request);
        try {
            int kind = reader.u8();
            if (kind != KvFormat.WATCH) {
                throw Fields.unknown("watch", kind);
            }
            int scope = reader.u8();
            if (scope != KvFormat.SCOPE_KEY && scope != KvFormat.SCOPE_PREFIX) {
                throw new MalformedBytesException("found scope " + scope + ", expected 1 or 2");
            }
            boolean prefix = scope == KvFormat.SCOPE_PREFIX;
            Bytes keyOrPrefix = prefix ? Fields.prefix(reader) : Fields.key(reader);
            long from = reader.i64();
            reader.end();
            if (from < 0) {
                throw new CommandRejectedException("revision: found " + from + ", expected 0 or more");
            }
            return new KvWatch(stores, prefix, keyOrPrefix, from);
        } catch (MalformedBytesException e) {
            throw Fields.malformed("watch", e);
        }
    }

    @Override
    public Optional<Bytes> poll() {
        KvStore store = stores.get();
        History history = store.history();
        if (known == 0) {
            // Begin now: the caller must learn what "now" is, or it would miss what happens until it asks again.
            return Optional.of(batch(0, Bytes.empty()));
        }
        if (next >= history.next()) {
            return Optional.empty();
        }
        if (next < history.oldest()) {
            return Optional.of(new BytesWriter(ANSWER_BYTES).u8(KvFormat.WATCH_COMPACTED)
                .i64(history.oldest()).i64(store.revision()).toBytes());
        }
        return scan(history);
    }

    private Optional<Bytes> scan(History history) {
        BytesWriter events = null;
        int count = 0;
        while (next < history.next()) {
            Bytes key = history.key(next);
            if (wholePrefix ? key.startsWith(keyOrPrefix) : key.equals(keyOrPrefix)) {
                Bytes value = history.value(next);
                int size = EVENT_BYTES + key.length() + (value == null ? 0 : value.length());
                if (events == null) {
                    events = new BytesWriter(size);
                } else if (count == KvLimits.MAX_WATCH_EVENTS || events.size() + size > KvLimits.MAX_WATCH_BYTES) {
                    break;
                }
                events.u8(value == null ? KvFormat.EVENT_DELETE : KvFormat.EVENT_PUT).bytes(key)
                    .bytes(value == null ? Bytes.empty() : value).i64(history.version(next)).i64(next);
                count++;
            }
            next++;
        }
        if (count > 0) {
            return Optional.of(batch(count, events.toBytes()));
        }
        // Others have changed so much that the caller's revision will be forgotten. A caller that heard nothing would
        // ask for it again and be told that it is compacted, though it has missed nothing.
        return history.isOld(known) ? Optional.of(batch(0, Bytes.empty())) : Optional.empty();
    }

    private Bytes batch(int count, Bytes events) {
        known = next;
        return new BytesWriter(ANSWER_BYTES + events.length()).u8(KvFormat.WATCH | KvFormat.ANSWER)
            .i64(next).i32(count).raw(events).toBytes();
    }
}
