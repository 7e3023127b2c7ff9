package io.quorate.raft.core;

import io.quorate.spi.consensus.Membership;

/**
 * What a snapshot of the state at one entry has to say of the log.
 *
 * @param index that entry
 * @param term its term
 * @param membershipIndex the entry of the configuration in force there; 0 for that of the first start
 * @param membership that configuration
 */
public record SnapshotPoint(long index, long term, long membershipIndex, Membership membership) {
}
