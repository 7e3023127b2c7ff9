package io.quorate.raft.log;

import io.quorate.api.Bytes;
import io.quorate.testing.disk.SimulatedDisk;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What the tests of snapshots share. */
final class Snapshots {

    static final Path DIRECTORY = Stores.ROOT.resolve(DataFiles.SNAPSHOTS);

    private Snapshots() {
    }

    /** Content that says of which index it is: some chunks, the last one not full. */
    static byte[] content(long index) {
        byte[] content = new byte[4 * Stores.SNAPSHOT_CHUNK_BYTES + (int) (index % 50)];
        new Random(index).nextBytes(content);
        return content;
    }

    static SnapshotMeta take(LogStore store, long index, long term) throws IOException {
        try (SnapshotWriter writer = store.snapshots().begin(index, term, 0, Stores.BOOTSTRAP)) {
            writer.write(content(index));
            return writer.commit();
        }
    }

    static byte[] contentOf(LogStore store, SnapshotMeta meta) throws IOException {
        try (InputStream in = store.snapshots().open(meta)) {
            return in.readAllBytes();
        }
    }

    /** The file of another node's snapshot, in pieces. */
    static List<Bytes> pieces(SnapshotStore sender, SnapshotMeta meta, int pieceBytes) throws IOException {
        List<Bytes> pieces = new ArrayList<>();
        long at = 0;
        while (at < meta.bytes()) {
            pieces.add(sender.read(meta, at, pieceBytes));
            at += pieces.getLast().length();
        }
        return pieces;
    }

    /** A node of the same cluster that has taken a snapshot at {@code index}. */
    static FileLogStore leaderWith(long index, long term) throws IOException {
        FileLogStore store = Stores.open(new SimulatedDisk(Stores.ROOT));
        store.saveHardState(Stores.state(term, null));
        take(store, index, term);
        return store;
    }

    /** Receives all that is missing. */
    static void receive(SnapshotStore store, SnapshotStore sender, SnapshotMeta meta, int pieceBytes)
        throws IOException {
        try (IncomingSnapshot incoming = store.receive(meta)) {
            while (incoming.received() < meta.bytes()) {
                incoming.write(incoming.received(), sender.read(meta, incoming.received(), pieceBytes));
            }
            incoming.commit();
        }
    }
}
