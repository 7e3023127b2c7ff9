package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.spi.consensus.EntryType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast the log is on this disk: batches of entries, each batch followed by a sync. Run by hand, with a directory as
 * the argument; it is removed afterwards.
 */
final class LogBenchmark {

    private static final Logger LOG = LoggerFactory.getLogger(LogBenchmark.class);

    private static final int ENTRIES_PER_BATCH = 34;
    private static final int PAYLOAD_BYTES = 256;
    private static final int WARM_UP_BATCHES = 2_000;
    private static final int MEASURED_BATCHES = 20_000;

    private LogBenchmark() {
    }

    public static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[0]);
        for (int round = 1; round <= 2; round++) {
            run(directory, ENTRIES_PER_BATCH);
            run(directory, 1);
        }
    }

    private static void run(Path directory, int entriesPerBatch) throws IOException {
        StorageOptions options = new StorageOptions(directory, Stores.CLUSTER, Stores.NODE, Stores.BOOTSTRAP,
            Instant.now(), new Random(1)::nextLong);
        List<Bytes> payload = List.of(Bytes.wrap(new byte[PAYLOAD_BYTES]));
        long[] syncNanos = new long[MEASURED_BATCHES];
        long[] appendNanos = new long[MEASURED_BATCHES];
        try (FileLogStore store = FileLogStore.open(options)) {
            store.saveHardState(Stores.state(1, null));
            long begin = 0;
            for (int i = -WARM_UP_BATCHES; i < MEASURED_BATCHES; i++) {
                if (i == 0) {
                    begin = System.nanoTime();
                }
                long index = store.lastIndex();
                List<LogEntry> batch = new ArrayList<>(entriesPerBatch);
                for (int j = 1; j <= entriesPerBatch; j++) {
                    batch.add(Stores.CODEC.encode(1, index + j, EntryType.COMMANDS, payload));
                }
                long start = System.nanoTime();
                store.append(batch);
                long appended = System.nanoTime();
                store.sync();
                if (i >= 0) {
                    appendNanos[i] = appended - start;
                    syncNanos[i] = System.nanoTime() - appended;
                }
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            LOG.info("{} entries of {} bytes a batch: {} entries/s, {} syncs/s; sync us p50 {} p99 {} max {}; "
                    + "append us p50 {} p99 {} max {}", entriesPerBatch, PAYLOAD_BYTES,
                Math.round((double) MEASURED_BATCHES * entriesPerBatch / seconds),
                Math.round(MEASURED_BATCHES / seconds),
                micros(syncNanos, 0.5), micros(syncNanos, 0.99), micros(syncNanos, 1),
                micros(appendNanos, 0.5), micros(appendNanos, 0.99), micros(appendNanos, 1));
        }
        long start = System.nanoTime();
        FileLogStore.open(options).close();
        LOG.info("opened again in {} ms", (System.nanoTime() - start) / 1_000_000);
        for (Path folder : List.of(directory.resolve(DataFiles.LOG), directory)) {
            for (String name : SystemDisk.INSTANCE.list(folder)) {
                Files.delete(folder.resolve(name));
            }
            Files.delete(folder);
        }
    }

    private static long micros(long[] nanos, double quantile) {
        Arrays.sort(nanos);
        return nanos[(int) Math.min(nanos.length - 1, nanos.length * quantile)] / 1000;
    }
}
