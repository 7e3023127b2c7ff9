package io.quorate.raft.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.raft.core.Effect;
import io.quorate.raft.log.EntryCodec;
import io.quorate.raft.log.HardState;
import io.quorate.raft.log.LogEntry;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.StorageExecutor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Group commit, full disks and failures, step by step: nothing runs until the test lets the storage thread run. */
class StorageQueueTest {

    private static final EntryCodec ENTRIES = new EntryCodec(new ClusterId("queue"));
    private static final NodeId SELF = new NodeId("self");

    private final MemoryLogStore store = new MemoryLogStore(Membership.ofVoters(Map.of(SELF, List.of())));
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final List<String> heard = new ArrayList<>();
    private final StorageQueue queue = new StorageQueue(store, new StorageExecutor() {
        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public boolean close(long timeoutMillis) {
            return true;
        }
    }, new StorageQueue.Listener() {
        @Override
        public void durable(long sequence) {
            heard.add("durable " + sequence + " with " + store.durableEntries());
        }

        @Override
        public void hardStateDurable(long version) {
            heard.add("hard " + version);
        }

        @Override
        public void logReset() {
            heard.add("reset");
        }

        @Override
        public void full(boolean full, String detail) {
            heard.add(full ? "full" : "room");
        }

        @Override
        public void failed(String problem, Throwable cause) {
            heard.add("failed");
        }
    });

    private void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private static Effect.Persist entries(long sequence, long... indexes) {
        return write(sequence, 0, 0, indexes);
    }

    private static Effect.Persist write(long sequence, long term, long truncateFrom, long... indexes) {
        List<LogEntry> list = new ArrayList<>();
        for (long index : indexes) {
            list.add(ENTRIES.encode(1, index, EntryType.COMMANDS, List.of(Bytes.utf8("x"))));
        }
        Optional<HardState> hard = term == 0 ? Optional.empty()
            : Optional.of(new HardState(new Term(term), Optional.of(SELF)));
        return new Effect.Persist(sequence, hard, term, truncateFrom, list);
    }

    private void inTermOne() {
        queue.write(write(1, 1, 0));
        run();
        store.operations().clear();
        heard.clear();
    }

    @Test
    void whatGathersIsOneWriteOneSyncAndOneReport() {
        inTermOne();
        queue.write(entries(2, 1, 2));
        queue.write(entries(3, 3));
        queue.write(entries(4, 4, 5));
        assertEquals(1, tasks.size());
        run();
        assertEquals(List.of("append 5", "sync"), store.operations());
        assertEquals(List.of("durable 4 with 5"), heard);
    }

    @Test
    void termsAndTruncationsKeepTheirPlaceAmongTheEntries() {
        inTermOne();
        queue.write(entries(2, 1, 2, 3));
        queue.write(write(3, 2, 2, 2));
        queue.write(entries(4, 3));
        run();
        assertEquals(List.of("append 3", "hard 2", "truncate 2", "append 2", "sync"), store.operations());
        assertEquals(List.of("durable 4 with 3"), heard);
    }

    @Test
    void aFullDiskKeepsEntriesWaitingButSavesTermAndVote() {
        inTermOne();
        queue.write(entries(2, 1));
        run();
        store.full(true);
        queue.write(entries(3, 2));
        queue.write(write(4, 2, 0, 3));
        queue.write(write(5, 3, 0, 4));
        run();
        assertEquals(List.of("durable 2 with 1", "full", "hard 3"), heard);
        assertEquals(new Term(3), store.hardState().term());
        queue.retry();
        run();
        store.full(false);
        queue.retry();
        run();
        assertEquals("durable 5 with 4", heard.getLast());
        assertEquals("room", heard.get(heard.size() - 2));
        assertEquals(4, store.durableEntries());
        assertEquals(new Term(3), store.hardState().term(), "the older term was saved over the newer one");
    }

    @Test
    void whatWasWrittenBeforeTheDiskWasFullIsDurable() {
        inTermOne();
        store.fullAfterAppends(1);
        queue.write(entries(2, 1));
        queue.write(write(3, 2, 0, 2));
        run();
        assertEquals(List.of("durable 2 with 1", "full", "hard 2"), heard);
    }

    @Test
    void afterAFailedSyncNothingIsWrittenOrReportedAnyMore() {
        inTermOne();
        store.failSync();
        queue.write(entries(2, 1));
        run();
        int operations = store.operations().size();
        queue.write(entries(3, 2));
        queue.settle();
        queue.read(1, 1, 100, entries -> heard.add("read"));
        run();
        assertEquals(List.of("failed"), heard);
        assertEquals(operations, store.operations().size());
    }

    @Test
    void aRangeThatWasTruncatedMeanwhileIsReadAsNothing() {
        inTermOne();
        queue.write(entries(2, 1, 2));
        run();
        List<LogEntry> read = new ArrayList<>();
        queue.read(1, 2, 1 << 20, read::addAll);
        run();
        assertEquals(2, read.size());
        queue.write(write(3, 0, 2));
        queue.read(1, 2, 1 << 20, read::addAll);
        run();
        assertEquals(2, read.size());
        assertTrue(!heard.contains("failed"));
    }
}
