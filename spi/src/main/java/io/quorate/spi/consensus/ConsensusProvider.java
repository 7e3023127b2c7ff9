package io.quorate.spi.consensus;

import io.quorate.spi.QuorateProvider;

/** Provides a consensus. */
public interface ConsensusProvider extends QuorateProvider {

    /** Creates a consensus; opens and starts nothing. */
    Consensus create(ConsensusContext context);
}
