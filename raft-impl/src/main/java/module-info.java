/** Raft: a pure core, its durable log, its driver. */
module io.quorate.raft {
    requires io.quorate.spi;
    requires org.slf4j;

    provides io.quorate.spi.consensus.ConsensusProvider with io.quorate.raft.RaftConsensusProvider;
    provides io.quorate.spi.consensus.StorageInspector with io.quorate.raft.RaftStorageInspector;
}
