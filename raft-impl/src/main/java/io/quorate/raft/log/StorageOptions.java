package io.quorate.raft.log;

import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.Membership;
import java.nio.file.Path;
import java.time.Instant;

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
 */
public record StorageOptions(
    Path directory,
    ClusterId cluster,
    NodeId node,
    Membership bootstrap,
    Instant now,
    int firstSegmentBytes,
    int maxSegmentBytes) {

    public static final int DEFAULT_FIRST_SEGMENT_BYTES = 4 * 1024 * 1024;
    public static final int DEFAULT_MAX_SEGMENT_BYTES = 64 * 1024 * 1024;

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
    }

    /** With segments of the default sizes. */
    public StorageOptions(Path directory, ClusterId cluster, NodeId node, Membership bootstrap, Instant now) {
        this(directory, cluster, node, bootstrap, now, DEFAULT_FIRST_SEGMENT_BYTES, DEFAULT_MAX_SEGMENT_BYTES);
    }
}
