package io.quorate.raft.log;

import io.quorate.spi.consensus.Membership;
import java.util.Objects;

/**
 * Which snapshot one is. Two with equal metas are the same, byte for byte, on whichever node they are: a transfer that
 * was cut is resumed only for an equal one.
 *
 * @param index the last entry that it stands for, 1 or more
 * @param term that entry's term, 1 or more
 * @param membershipIndex the entry of the configuration in force at {@code index}; 0 for the one of the first start
 * @param membership that configuration
 * @param bytes the size of the whole file, which is what is transferred
 * @param id a random number, drawn when it was taken. State machines need not write the same bytes for the same state,
 *     so two snapshots at one index are two
 */
public record SnapshotMeta(
    long index,
    long term,
    long membershipIndex,
    Membership membership,
    long bytes,
    long id) {

    public SnapshotMeta {
        Objects.requireNonNull(membership, "membership");
        if (index < 1 || term < 1 || membershipIndex < 0 || membershipIndex > index || bytes < 1) {
            throw new IllegalArgumentException("found a snapshot at index " + index + " of term " + term
                + " with the configuration of entry " + membershipIndex + " and " + bytes + " bytes, expected an "
                + "index, a term and a size of 1 or more, and a configuration of an entry up to that index");
        }
    }
}
