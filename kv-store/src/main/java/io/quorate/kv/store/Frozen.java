package io.quorate.kv.store;

import io.quorate.api.Bytes;
import io.quorate.api.StateMachineSnapshot;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The store as it was at one revision, while it changes.
 *
 * <p>Freezing copies nothing of the keys: it notes the revision. From then on, before the apply thread changes or
 * deletes an entry for the first time, it leaves the entry's former state here, unless the writer has passed it. The
 * writer goes through the keys in order, and at each takes what was left here, or what is in the store if that is no
 * newer than the revision.
 *
 * <p><b>What it costs.</b> While a snapshot is open a change takes a lock, which the writer holds for
 * {@value #CHUNK_ENTRIES} entries at a time, some tens of microseconds, and never while it waits for the disk. The
 * first change of a key copies four numbers and two references. Memory: an object for each key that is changed before
 * the writer gets there. The history, at most {@link io.quorate.kv.KvLimits#HISTORY_MAX_EVENTS} references, is copied
 * at once.
 */
final class Frozen implements StateMachineSnapshot {

    /** How many entries the writer takes under the lock. */
    static final int CHUNK_ENTRIES = 256;

    /** What an entry was. */
    record Image(Bytes key, Bytes value, long createRevision, long modRevision, long version) {

        static Image of(Entry entry) {
            return new Image(entry.key, entry.value, entry.createRevision, entry.modRevision, entry.version);
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final NavigableMap<Bytes, Entry> live;
    private final NavigableMap<Bytes, Image> former = new TreeMap<>();
    /** Null once it is closed. */
    private History.Copy history;
    private final long revision;
    private final long digest;
    private final long size;
    private Bytes passed;
    /** Written by the writer, under the lock. */
    private boolean over;
    private volatile boolean closed;

    Frozen(NavigableMap<Bytes, Entry> live, History.Copy history, long digest) {
        this.live = live;
        this.history = history;
        this.revision = history.next() - 1;
        this.digest = digest;
        this.size = live.size();
    }

    boolean isClosed() {
        return closed;
    }

    /** The apply thread changes the store only between these two. */
    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /** Locked: {@code entry} is about to be changed or deleted. */
    void keep(Entry entry) {
        boolean beforeFreezing = entry.modRevision <= revision;
        if (beforeFreezing && !over && !closed && (passed == null || entry.key.compareTo(passed) > 0)) {
            former.put(entry.key, Image.of(entry));
        }
    }

    @Override
    public void write(OutputStream out) throws IOException {
        DataOutputStream data = new DataOutputStream(out);
        KvSnapshotFormat.begin(data, revision, size);
        long written = 0;
        while (!over) {
            List<Image> chunk = next();
            for (Image image : chunk) {
                KvSnapshotFormat.write(data, image);
            }
            written += chunk.size();
        }
        if (written != size) {
            throw new IllegalStateException("found " + written + " keys of revision " + revision + ", expected "
                + size);
        }
        KvSnapshotFormat.write(data, history);
        data.writeLong(digest);
        data.flush();
    }

    /** What is next in order of key: of as many entries as may be looked at under one lock. */
    private List<Image> next() {
        List<Image> chunk = new ArrayList<>(CHUNK_ENTRIES);
        lock.lock();
        try {
            Iterator<Entry> entries = (passed == null ? live : live.tailMap(passed, false)).values().iterator();
            Entry entry = following(entries);
            // Entries that are newer count too: without that, one turn could skip over millions of them.
            for (int looked = 0; looked < CHUNK_ENTRIES; looked++) {
                Map.Entry<Bytes, Image> kept = former.firstEntry();
                if (entry == null && kept == null) {
                    over = true;
                    break;
                }
                if (kept != null && (entry == null || kept.getKey().compareTo(entry.key) < 0)) {
                    passed = former.pollFirstEntry().getKey();
                    chunk.add(kept.getValue());
                } else {
                    passed = entry.key;
                    if (entry.modRevision <= revision) {
                        chunk.add(Image.of(entry));
                    } else if (kept != null && kept.getKey().equals(entry.key)) {
                        chunk.add(former.pollFirstEntry().getValue());
                    }
                    entry = following(entries);
                }
            }
            return chunk;
        } finally {
            lock.unlock();
        }
    }

    private static Entry following(Iterator<Entry> entries) {
        return entries.hasNext() ? entries.next() : null;
    }

    /** Lets go of what it has kept: the store may refer to it until its next change, which may never come. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            former.clear();
            history = null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it holds nothing that the store does not. */
    boolean isEmpty() {
        return former.isEmpty() && history == null;
    }
}
