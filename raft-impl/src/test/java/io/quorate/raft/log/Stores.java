package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.api.Term;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.Disk;
import io.quorate.spi.transport.Endpoint;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** What the tests of the store share. */
final class Stores {

    static final ClusterId CLUSTER = new ClusterId("demo");
    static final NodeId NODE = new NodeId("n1");
    static final EntryCodec CODEC = new EntryCodec(CLUSTER);
    static final Membership BOOTSTRAP = Membership.ofVoters(Map.of(NODE,
        List.of(Endpoint.parse("tcp://127.0.0.1:7001"))));
    static final int FIRST_SEGMENT_BYTES = 512;
    static final int MAX_SEGMENT_BYTES = 1024;
    static final int KEPT_SNAPSHOTS = 2;
    static final int SNAPSHOT_CHUNK_BYTES = 64;
    static final Path ROOT = Path.of("/data");

    private Stores() {
    }

    static StorageOptions options(Path directory) {
        return new StorageOptions(directory, CLUSTER, NODE, BOOTSTRAP, Instant.EPOCH, FIRST_SEGMENT_BYTES,
            MAX_SEGMENT_BYTES, new Random(directory.hashCode())::nextLong, KEPT_SNAPSHOTS, SNAPSHOT_CHUNK_BYTES);
    }

    static SimulatedDisk newDisk() {
        return new SimulatedDisk(ROOT);
    }

    static FileLogStore open(Disk disk) throws IOException {
        return FileLogStore.open(disk, options(ROOT), Runnable::run);
    }

    static HardState state(long term, String vote) {
        return new HardState(new Term(term), Optional.ofNullable(vote).map(NodeId::new));
    }

    static LogEntry entry(long term, long index, int payloadBytes) {
        byte[] payload = new byte[payloadBytes];
        new Random(term * 31 + index).nextBytes(payload);
        return CODEC.encode(term, index, EntryType.COMMANDS, List.of(Bytes.wrap(payload)));
    }

    /** {@code count} entries from index {@code from} on. */
    static List<LogEntry> entries(long term, long from, int count, int payloadBytes) {
        List<LogEntry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(entry(term, from + i, payloadBytes));
        }
        return entries;
    }

    /** Everything in the log, read back through the files. */
    static List<LogEntry> readAll(LogStore store) throws IOException {
        List<LogEntry> all = new ArrayList<>();
        while (all.size() < store.lastIndex()) {
            all.addAll(store.read(all.size() + 1, store.lastIndex(), 300));
        }
        return all;
    }
}
