package io.quorate.raft;

import io.quorate.api.NodeId;
import io.quorate.raft.log.Inspection;
import io.quorate.raft.log.QuorumRecovery;
import io.quorate.raft.log.SystemDisk;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.consensus.StorageInspector;
import io.quorate.spi.consensus.StorageRecovery;
import io.quorate.spi.consensus.StorageReport;
import io.quorate.spi.transport.Endpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;

/** Looks into the data directories of Raft. */
public final class RaftStorageInspector implements StorageInspector {

    private static final String NAME = "raft";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int spiVersion() {
        return QuorateProvider.SPI_VERSION;
    }

    @Override
    public StorageReport inspect(Path directory) throws IOException {
        return Inspection.of(SystemDisk.INSTANCE, directory);
    }

    @Override
    public StorageRecovery planRecovery(Path directory, SortedSet<NodeId> keep,
        SortedMap<NodeId, List<Endpoint>> endpoints) throws IOException {
        return QuorumRecovery.plan(SystemDisk.INSTANCE, directory, keep, endpoints).planned();
    }

    @Override
    public StorageRecovery recover(Path directory, SortedSet<NodeId> keep, SortedMap<NodeId, List<Endpoint>> endpoints)
        throws IOException {
        return QuorumRecovery.plan(SystemDisk.INSTANCE, directory, keep, endpoints).perform();
    }
}
