package io.quorate.spi.consensus;

import io.quorate.api.LogIndex;

/**
 * A host's state, frozen right after an entry was applied.
 *
 * @param appliedIndex that entry
 * @param writer writes it; to be closed by whoever has got it
 */
public record FrozenState(LogIndex appliedIndex, StateWriter writer) {
}
