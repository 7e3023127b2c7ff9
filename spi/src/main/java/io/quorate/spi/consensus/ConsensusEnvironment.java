package io.quorate.spi.consensus;

import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageExecutor;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * The ports through which a consensus meets the machine, beside the loop and the network. Production leaves them to
 * the consensus; a simulation brings its own, so that the same code runs on a disk that forgets and in virtual time.
 *
 * @param disk where durable state goes; empty: the operating system's
 * @param storageThread starts the storage thread of that name; empty: a real thread
 * @param background runs what prepares files ahead of their use, or reads and writes snapshots; empty: threads of
 *     the consensus' own
 * @param trace hears every step that safety depends on
 */
public record ConsensusEnvironment(
    Optional<Disk> disk,
    Optional<Function<String, StorageExecutor>> storageThread,
    Optional<Executor> background,
    ConsensusTrace trace) {

    /** The real machine, and nobody listens. */
    public static final ConsensusEnvironment REAL =
        new ConsensusEnvironment(Optional.empty(), Optional.empty(), Optional.empty(), ConsensusTrace.NONE);
}
