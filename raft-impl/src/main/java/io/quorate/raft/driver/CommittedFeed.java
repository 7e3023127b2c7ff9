package io.quorate.raft.driver;

import io.quorate.api.LogIndex;
import io.quorate.api.Term;
import io.quorate.raft.core.RaftCore;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.CommittedEntry;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusHost;
import io.quorate.spi.time.NodeLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Hands committed entries to the host: in order, each once, in batches, no more of them at a time than the host takes.
 * Entries that are no longer in memory, as after a restart, are read from the log off the loop. Loop only.
 */
final class CommittedFeed {

    private static final int MAX_BATCH_BYTES = 1 << 20;
    private static final int MAX_BATCH_ENTRIES = 4_096;

    private final RaftCore core;
    private final ConsensusHost host;
    private final NodeLoop loop;
    private final StorageQueue storage;
    private long deliveredIndex;
    private long commitIndex;
    private int outstanding;
    private boolean reading;
    private boolean restoring;
    private boolean stopped;
    private Delivery delivery = (index, bytes) -> { };

    /** Hears what the host was given. */
    interface Delivery {

        /** Everything up to {@code index}, and with the last batch so many bytes of entries. */
        void to(long index, long bytes);
    }

    CommittedFeed(RaftCore core, ConsensusHost host, NodeLoop loop, StorageQueue storage) {
        this.core = core;
        this.host = host;
        this.loop = loop;
        this.storage = storage;
    }

    /** How many committed entries the host has not been given yet. */
    long undelivered() {
        return commitIndex - deliveredIndex;
    }

    void commitTo(long index) {
        commitIndex = Math.max(commitIndex, index);
        pump();
    }

    void onDelivery(Delivery listener) {
        delivery = listener;
    }

    /**
     * A snapshot takes the place of everything up to {@code index}; what was handed over before is below it. Entries
     * follow when {@link #restored} is called.
     */
    void restoring(long index) {
        deliveredIndex = index;
        commitIndex = Math.max(commitIndex, index);
        restoring = true;
    }

    /** The host stands at the snapshot. */
    void restored() {
        restoring = false;
        pump();
    }

    /** Nothing is handed over any more. */
    void stop() {
        stopped = true;
    }

    private void pump() {
        while (!stopped && !restoring && !reading && outstanding < Consensus.MAX_UNAPPLIED_BATCHES
            && deliveredIndex < commitIndex) {
            long from = deliveredIndex + 1;
            if (from < core.firstInMemory()) {
                reading = true;
                long to = Math.min(Math.min(commitIndex, core.firstInMemory() - 1), deliveredIndex + MAX_BATCH_ENTRIES);
                storage.read(from, to, MAX_BATCH_BYTES, entries -> loop.execute(() -> read(from, entries)));
            } else {
                deliver(gather(from));
            }
        }
    }

    private List<LogEntry> gather(long from) {
        List<LogEntry> entries = new ArrayList<>();
        long bytes = 0;
        for (long i = from; i <= commitIndex && entries.size() < MAX_BATCH_ENTRIES && bytes < MAX_BATCH_BYTES; i++) {
            LogEntry entry = core.entry(i);
            entries.add(entry);
            bytes += entry.encoded().length();
        }
        return entries;
    }

    private void read(long from, List<LogEntry> entries) {
        reading = false;
        if (stopped) {
            return;
        }
        if (from != deliveredIndex + 1) {
            pump(); // A snapshot has come instead.
            return;
        }
        if (entries.isEmpty() || entries.getFirst().index() != from) {
            throw new IllegalStateException("found " + entries + " in the log, expected the committed entries from "
                + from
                + " on");
        }
        deliver(entries);
        pump();
    }

    private void deliver(List<LogEntry> entries) {
        List<CommittedEntry> batch = new ArrayList<>(entries.size());
        long bytes = 0;
        for (LogEntry entry : entries) {
            bytes += entry.encoded().length();
            batch.add(new CommittedEntry(new Term(entry.term()), new LogIndex(entry.index()), entry.type(),
                entry.payload()));
        }
        deliveredIndex += entries.size();
        outstanding++;
        AtomicBoolean applied = new AtomicBoolean();
        host.committed(batch, () -> {
            if (applied.compareAndSet(false, true)) {
                loop.execute(this::applied);
            }
        });
        delivery.to(deliveredIndex, bytes);
    }

    private void applied() {
        outstanding--;
        pump();
    }
}
