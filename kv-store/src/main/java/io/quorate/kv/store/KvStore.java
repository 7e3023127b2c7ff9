package io.quorate.kv.store;

import io.quorate.api.Bytes;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The keys, their order, their history and their digest. Apply thread only.
 *
 * <p>Two indexes of the same entries: a hash for commands and reads of one key, a tree for the order of listings. Most
 * commands change a key that exists, and never touch the tree: with a few hundred thousand keys, the hash finds one in
 * about a third of the time. The hash is never iterated, since its order may differ between replicas.
 */
final class KvStore {

    private final Map<Bytes, Entry> entries = new HashMap<>();
    private final NavigableMap<Bytes, Entry> ordered = new TreeMap<>();
    private final CRC32C crc = new CRC32C();
    private final History history;
    private long sum;
    private Frozen frozen;

    KvStore(int historyMaxEvents, long historyMaxBytes) {
        this.history = new History(historyMaxEvents, historyMaxBytes);
    }

    /** The number of the last mutation; 0 before the first. */
    long revision() {
        return history.next() - 1;
    }

    History history() {
        return history;
    }

    int size() {
        return entries.size();
    }

    /** The entry, or null. */
    Entry get(Bytes key) {
        return entries.get(key);
    }

    /** The entries in order of key. Read only. */
    NavigableMap<Bytes, Entry> ordered() {
        return ordered;
    }

    /**
     * Sets a key's value.
     *
     * <p>Key and value are copied. What the caller has are slices of a log entry that carries a whole batch of
     * commands, maybe megabytes: a single small value that nobody overwrites would keep all of it in memory, for ever.
     *
     * @param present what {@link #get} says
     */
    Entry put(Entry present, Bytes key, Bytes value) {
        Frozen open = beforeChange(present);
        try {
            return set(present, key, value);
        } finally {
            afterChange(open);
        }
    }

    private Entry set(Entry present, Bytes key, Bytes value) {
        Entry entry = present;
        if (entry == null) {
            entry = add(key.toByteArray(), history.next());
        } else {
            sum -= entry.fingerprint;
        }
        byte[] valueCopy = value.toByteArray();
        entry.value = Bytes.wrap(valueCopy);
        entry.version++;
        entry.modRevision = history.next();
        entry.fingerprint = fingerprint(entry, checksum(valueCopy));
        sum += entry.fingerprint;
        history.put(entry.key, entry.value, entry.version);
        return entry;
    }

    private Entry add(byte[] key, long createRevision) {
        Entry entry = new Entry(Bytes.wrap(key), checksum(key), createRevision);
        entries.put(entry.key, entry);
        ordered.put(entry.key, entry);
        return entry;
    }

    /** Deletes an entry that {@link #get} gave. */
    void delete(Entry entry) {
        Frozen open = beforeChange(entry);
        try {
            sum -= entry.fingerprint;
            entries.remove(entry.key);
            ordered.remove(entry.key);
            history.delete(entry.key);
        } finally {
            afterChange(open);
        }
    }

    /**
     * Freezes what is there; see {@link Frozen} for what it costs.
     *
     * @throws IllegalStateException if an earlier one is still open
     */
    Frozen freeze() {
        if (frozen != null && !frozen.isClosed()) {
            throw new IllegalStateException("found an open snapshot, expected at most one at a time");
        }
        frozen = new Frozen(ordered, history.copy(), digest());
        return frozen;
    }

    /** @return what {@link #afterChange} is to be given; null, and nothing is locked, while nothing is frozen */
    private Frozen beforeChange(Entry present) {
        if (frozen == null) {
            return null;
        }
        if (frozen.isClosed()) {
            frozen = null;
            return null;
        }
        frozen.lock();
        if (present != null) {
            frozen.keep(present);
        }
        return frozen;
    }

    private static void afterChange(Frozen open) {
        if (open != null) {
            open.unlock();
        }
    }

    /** Takes over an entry of a snapshot; the key is not there yet, and both are the store's from now on. */
    void restore(Bytes key, Bytes value, long createRevision, long modRevision, long version) {
        Entry entry = add(key.toByteArray(), createRevision);
        entry.value = value;
        entry.modRevision = modRevision;
        entry.version = version;
        entry.fingerprint = fingerprint(entry, checksum(value.toByteArray()));
        sum += entry.fingerprint;
    }

    /**
     * The digest of the present state: a sum of the entries' fingerprints. A sum can be kept up to date with each
     * change, in no order, and so costs a few nanoseconds where hashing the whole state would stop the apply thread for
     * seconds.
     */
    long digest() {
        return mix(sum + mix(revision()));
    }

    private int checksum(byte[] bytes) {
        crc.reset();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }

    private static long fingerprint(Entry entry, int valueChecksum) {
        long mixed = mix((long) entry.keyChecksum << 32 | valueChecksum & 0xFFFF_FFFFL);
        mixed = mix(mixed + entry.createRevision);
        mixed = mix(mixed + entry.modRevision);
        mixed = mix(mixed + entry.version);
        return mix(mixed + ((long) entry.key.length() << 32 | entry.value.length()));
    }

    /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014), behind its increment: every bit depends on every bit. */
    private static long mix(long value) {
        long z = value + 0x9E37_79B9_7F4A_7C15L;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }
}
