package io.quorate.kv.store;

import io.quorate.api.Bytes;

/**
 * A key's present state. Changed in place: at full speed a fresh object for each change would be most of the garbage.
 */
final class Entry {

    final Bytes key;
    final int keyChecksum;
    final long createRevision;
    Bytes value;
    long modRevision;
    long version;

    /** This entry's share of the digest. */
    long fingerprint;

    Entry(Bytes key, int keyChecksum, long createRevision) {
        this.key = key;
        this.keyChecksum = keyChecksum;
        this.createRevision = createRevision;
    }
}
