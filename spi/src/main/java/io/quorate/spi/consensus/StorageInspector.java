package io.quorate.spi.consensus;

import io.quorate.api.NodeId;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.transport.Endpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * Looks into a data directory while no node runs on it, and mends the one thing that no running node can: the permanent
 * loss of a quorum. Provided by the consensus that writes such directories.
 *
 * <p>Stateless; thread-safe; blocks on the disk.
 */
public interface StorageInspector extends QuorateProvider {

    /**
     * Reads and verifies all that a directory holds. Never changes anything, not even what a start of the node would
     * repair. It may be asked of a directory in use: the report says so, and what is being written meanwhile may look
     * damaged.
     *
     * @throws IOException if the directory cannot be read at all; damage is part of the report
     */
    StorageReport inspect(Path directory) throws IOException;

    /**
     * Says what {@link #recover} would do. Changes nothing.
     *
     * @param keep the voters from now on: the directory's own node, alone
     * @param endpoints where they can be reached, as far as the configuration in the directory does not say
     * @throws io.quorate.spi.storage.StorageRefusedException if the directory is in use or damaged
     * @throws IllegalArgumentException if {@code keep} or {@code endpoints} will not do; the message says why
     */
    StorageRecovery planRecovery(Path directory, SortedSet<NodeId> keep, SortedMap<NodeId, List<Endpoint>> endpoints)
        throws IOException;

    /**
     * Makes this node's log the truth of the cluster, after the majority of its voters is lost for ever: appends a
     * configuration in which {@code keep} are all the voters, of the next epoch, in a new term. Durable on return. All
     * entries that the log has are kept, also those that may never have been committed.
     *
     * <p>To be done on one node alone, the one with the most recent log; every other one starts with an empty directory
     * from then on, and joins. Parameters and exceptions as for {@link #planRecovery}.
     */
    StorageRecovery recover(Path directory, SortedSet<NodeId> keep, SortedMap<NodeId, List<Endpoint>> endpoints)
        throws IOException;
}
