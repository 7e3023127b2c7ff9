package io.quorate.raft;

import io.quorate.raft.core.RaftSettings;
import io.quorate.raft.driver.RaftConsensus;
import io.quorate.raft.driver.StorageThread;
import io.quorate.raft.log.FileLogStore;
import io.quorate.raft.log.StorageOptions;
import io.quorate.raft.log.SystemDisk;
import io.quorate.spi.QuorateProvider;
import io.quorate.spi.consensus.Consensus;
import io.quorate.spi.consensus.ConsensusContext;
import io.quorate.spi.consensus.ConsensusEnvironment;
import io.quorate.spi.consensus.ConsensusProvider;
import io.quorate.spi.storage.StorageExecutor;
import java.time.Instant;

/** Provides Raft. Its settings are those of {@link RaftSettings}. */
public final class RaftConsensusProvider implements ConsensusProvider {

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
    public Consensus create(ConsensusContext context) {
        RaftSettings settings = RaftSettings.parse(context.settings());
        ConsensusEnvironment machine = context.environment();
        return new RaftConsensus(context, settings,
            () -> FileLogStore.open(machine.disk().orElse(SystemDisk.INSTANCE),
                new StorageOptions(context.directory(), context.cluster(), context.self(), context.bootstrap(),
                    Instant.ofEpochMilli(context.loop().clock().wallMillis()), settings.firstSegmentBytes(),
                    settings.maxSegmentBytes(), context.loop().random()::nextLong)
                    .keepingSnapshots(settings.snapshots().kept()),
                machine.background().orElse(FileLogStore.ALLOCATOR)),
            () -> machine.storageThread().<StorageExecutor>map(
                    starter -> starter.apply("quorate-storage-" + context.self()))
                .orElseGet(() -> StorageThread.start("quorate-storage-" + context.self())));
    }
}
