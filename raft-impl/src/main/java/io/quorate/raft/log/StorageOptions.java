package io.quorate.raft.log;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.LongSupplier;

/**
 * What a store needs to know.
 *
 * @param directory the data directory; its parent exists
 * @param cluster the cluster, bound into every checksum
 * @param node the node whose directory this is
 * @param bootstrap stored when the directory is made, ignored afterwards
 * @param now noted as the time of creation when the directory is made
 * @param firstSegmentBytes the size of the first segment file; small, so that a small cluster starts at once
 * @param maxSegmentBytes later segment files grow fourfold up to this size; only a single larger batch makes a
 *     larger one
 * @param numbers draws random numbers: the number of a directory that is made, and the beginning of those of its
 *     snapshots. Called by the thread that opens the store, while it does, and not later
 * @param keptSnapshots how many snapshots are kept, the newest one among them; 1 or more
 * @param snapshotChunkBytes how much of a snapshot has a checksum of its own
 */
public record StorageOptions(
    Path directory,
    ClusterId cluster,
    NodeId node,
    Membership bootstrap,
    Instant now,
    int firstSegmentBytes,
    int maxSegmentBytes,
    LongSupplier numbers,
    int keptSnapshots,
    int snapshotChunkBytes) {

    public static final int DEFAULT_FIRST_SEGMENT_BYTES = 4 * 1024 * 1024;
    public static final int DEFAULT_MAX_SEGMENT_BYTES = 64 * 1024 * 1024;

    /** The newest one, and the one before: to fall back to, if the log still reaches it. */
    public static final int DEFAULT_KEPT_SNAPSHOTS = 2;

    /** Offsets are ints, and the largest batch must fit besides. */
    private static final int LIMIT_BYTES = 1024 * 1024 * 1024;
    private static final int SMALLEST_BYTES = 256;

    /** @throws IllegalArgumentException if the sizes make no sense */
    public StorageOptions {
        if (firstSegmentBytes < SMALLEST_BYTES || maxSegmentBytes < firstSegmentBytes
            || maxSegmentBytes > LIMIT_BYTES) {
            throw new IllegalArgumentException("found segments of " + firstSegmentBytes + " to " + maxSegmentBytes
                + " bytes, expected " + SMALLEST_BYTES + " to " + LIMIT_BYTES + ", the first not the larger one");
        }
        if (keptSnapshots < 1 || snapshotChunkBytes < 1
            || snapshotChunkBytes > SnapshotFormat.MAX_CHUNK_BYTES) {
            throw new IllegalArgumentException("found " + keptSnapshots + " snapshots with chunks of "
                + snapshotChunkBytes + " bytes, expected 1 snapshot or more, and 1 to "
                + SnapshotFormat.MAX_CHUNK_BYTES + " bytes");
        }
    }

    /** With the default number and chunks of snapshots. */
    public StorageOptions(Path directory, ClusterId cluster, NodeId node, Membership bootstrap, Instant now,
        int firstSegmentBytes, int maxSegmentBytes, LongSupplier numbers) {
        this(directory, cluster, node, bootstrap, now, firstSegmentBytes, maxSegmentBytes, numbers,
            DEFAULT_KEPT_SNAPSHOTS, SnapshotFormat.DEFAULT_CHUNK_BYTES);
    }

    /** With segments of the default sizes, too. */
    public StorageOptions(Path directory, ClusterId cluster, NodeId node, Membership bootstrap, Instant now,
        LongSupplier numbers) {
        this(directory, cluster, node, bootstrap, now, DEFAULT_FIRST_SEGMENT_BYTES, DEFAULT_MAX_SEGMENT_BYTES,
            numbers);
    }

    /** With so many snapshots kept. */
    public StorageOptions keepingSnapshots(int count) {
        return new StorageOptions(directory, cluster, node, bootstrap, now, firstSegmentBytes, maxSegmentBytes,
            numbers, count, snapshotChunkBytes);
    }
}
