package io.quorate.raft.driver;

import io.quorate.raft.core.Effect;
import io.quorate.raft.log.LogEntry;
import io.quorate.raft.log.LogStore;
import io.quorate.spi.storage.StorageExecutor;
import io.quorate.spi.storage.StorageFullException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Writes to the log store on the storage thread, in order, with group commit: what gathers while one sync runs is
 * written at once and made durable by the next one. There is no timer in it.
 *
 * <p>After a failed write or sync nothing is written any more and nothing is reported as durable. A full disk is
 * another matter: nothing was lost, the writes wait, and are tried with each new write and each {@link #retry}. Terms
 * and votes need no room and are saved meanwhile, so that a node whose disk is full still votes.
 *
 * <p>{@link #write}, {@link #read}, {@link #retry} and {@link #settle} may be called from any thread; the listener is
 * called on the storage thread.
 */
final class StorageQueue {

    /** Hears of the results, on the storage thread. */
    interface Listener {

        /** Everything up to and with the write of this sequence is durable. */
        void durable(long sequence);

        /** The hard state of this version is durable, ahead of entries that wait for room. */
        void hardStateDurable(long version);

        /** The log was replaced by a snapshot, as asked for. */
        void logReset();

        /** There is no room, or there is again. */
        void full(boolean full, String detail);

        /** Nothing more is written. */
        void failed(String problem, Throwable cause);
    }

    /** What is written by one call of the store, at most; far below what it takes. */
    private static final long MAX_WRITE_BYTES = 16L << 20;

    private final LogStore store;
    private final StorageExecutor storage;
    private final Listener listener;
    private final ConcurrentLinkedQueue<Effect> incoming = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    // Storage thread only.
    private final ArrayDeque<Effect> waiting = new ArrayDeque<>();
    private long written;
    private long reported;
    private long savedHardVersion;
    private int resets;
    private boolean full;
    private boolean failed;

    StorageQueue(LogStore store, StorageExecutor storage, Listener listener) {
        this.store = store;
        this.storage = storage;
        this.listener = listener;
    }

    void write(Effect.Persist write) {
        enqueue(write);
    }

    /** Releases the log's beginning, behind the writes so far. */
    void release(Effect.ReleaseLog release) {
        enqueue(release);
    }

    /**
     * Replaces the log, behind the writes so far. Entries of these that wait are not written any more: they would be
     * dropped at once, and may be what there is no room for.
     */
    void reset(Effect.ResetLog reset) {
        enqueue(reset);
    }

    private void enqueue(Effect work) {
        incoming.add(work);
        retry();
    }

    /** Tries again what waits, if anything does. */
    void retry() {
        if (scheduled.compareAndSet(false, true)) {
            storage.execute(this::drain);
        }
    }

    /** Lets the store note how far the log is durable, when there is nothing else to do. */
    void settle() {
        storage.execute(() -> {
            if (!failed && !full && waiting.isEmpty() && incoming.isEmpty()) {
                try {
                    store.settle();
                } catch (StorageFullException e) {
                    reportFull(e); // The note is made with the next write.
                } catch (IOException | RuntimeException | Error e) {
                    fail("a write to the log failed", e);
                }
            }
        });
    }

    /**
     * Reads entries that are durable.
     *
     * @param answer called on the storage thread; with no entries if the range is no longer in the log
     */
    void read(long from, long to, int maxBytes, Consumer<List<LogEntry>> answer) {
        storage.execute(() -> {
            if (failed) {
                return;
            }
            try {
                answer.accept(store.read(from, to, maxBytes));
            } catch (IndexOutOfBoundsException e) {
                answer.accept(List.of()); // Truncated since it was asked for.
            } catch (IOException | RuntimeException | Error e) {
                fail("the log cannot be read", e);
            }
        });
    }

    private void drain() {
        scheduled.set(false);
        for (Effect work = incoming.poll(); work != null; work = incoming.poll()) {
            waiting.add(work);
            resets += work instanceof Effect.ResetLog ? 1 : 0;
        }
        if (failed) {
            waiting.clear();
            return;
        }
        try {
            try {
                while (!waiting.isEmpty()) {
                    writeNext();
                }
                if (full) {
                    full = false;
                    listener.full(false, "");
                }
            } finally {
                sync();
            }
        } catch (StorageFullException e) {
            reportFull(e);
            saveWaitingHardState();
        } catch (IOException | RuntimeException | Error e) {
            fail("a write to the log or its fsync failed", e);
        }
    }

    private void writeNext() throws IOException {
        switch (waiting.peek()) {
            case Effect.Persist write -> write(write, resets > 0);
            case Effect.ReleaseLog release -> {
                store.releaseUntil(release.index());
                waiting.poll();
            }
            case Effect.ResetLog reset -> {
                store.resetTo(reset.index(), reset.term());
                waiting.poll();
                resets--;
                listener.logReset();
            }
            default -> throw new IllegalStateException("found " + waiting.peek() + ", expected work for the log");
        }
    }

    /** One hard state, one truncation, and then all the entries up to the next of either. */
    private void write(Effect.Persist first, boolean superseded) throws IOException {
        save(first);
        if (first.truncateFrom() != 0 && !superseded) {
            store.truncateFrom(first.truncateFrom());
        }
        List<LogEntry> entries = first.entries();
        int writes = 1;
        if (waiting.size() > 1) {
            entries = new ArrayList<>(entries);
            long bytes = bytes(first.entries());
            for (Effect work : waiting) {
                if (work == first) {
                    continue;
                }
                if (!(work instanceof Effect.Persist next)) {
                    break;
                }
                bytes += bytes(next.entries());
                if (next.truncateFrom() != 0 || next.hardState().isPresent() || bytes > MAX_WRITE_BYTES) {
                    break;
                }
                entries.addAll(next.entries());
                writes++;
            }
        }
        if (!entries.isEmpty() && !superseded) {
            store.append(entries);
        }
        for (; writes > 0; writes--) {
            written = ((Effect.Persist) waiting.poll()).sequence();
        }
    }

    private void save(Effect.Persist write) throws IOException {
        if (write.hardState().isPresent() && write.hardVersion() > savedHardVersion) {
            store.saveHardState(write.hardState().get());
            savedHardVersion = write.hardVersion();
        }
    }

    private void sync() throws IOException {
        if (written > reported && !failed) {
            store.sync();
            reported = written;
            listener.durable(written);
        }
    }

    /** No entry can be written, but a vote needs no room. The newest one stands for all before it. */
    private void saveWaitingHardState() {
        Optional<Effect.Persist> newest = waiting.stream().filter(Effect.Persist.class::isInstance)
            .map(Effect.Persist.class::cast).filter(write -> write.hardState().isPresent())
            .reduce((earlier, later) -> later);
        if (newest.isEmpty()) {
            return;
        }
        try {
            save(newest.get());
            listener.hardStateDurable(savedHardVersion);
        } catch (StorageFullException e) {
            reportFull(e); // Then it waits with the entries.
        } catch (IOException | RuntimeException | Error e) {
            fail("saving term and vote failed", e);
        }
    }

    private void reportFull(StorageFullException e) {
        full = true;
        listener.full(true, String.valueOf(e.getMessage()));
    }

    private void fail(String problem, Throwable cause) {
        failed = true;
        waiting.clear();
        listener.failed(problem + ": " + cause.getMessage(), cause);
    }

    private static long bytes(List<LogEntry> entries) {
        long bytes = 0;
        for (LogEntry entry : entries) {
            bytes += entry.encoded().length();
        }
        return bytes;
    }
}
