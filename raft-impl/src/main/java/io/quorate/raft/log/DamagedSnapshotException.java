package io.quorate.raft.log;

import io.quorate.spi.storage.StorageRefusedException;
import java.io.IOException;

/** The file of a snapshot is not as it was written. */
final class DamagedSnapshotException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String where;
    private final String found;
    private final String expected;

    DamagedSnapshotException(String where, String found, String expected) {
        super(where + ": found " + found + ", expected " + expected
            + ". The file is damaged; stop this node and check its disk.");
        this.where = where;
        this.found = found;
        this.expected = expected;
    }

    /** The same, when it was found by opening the directory. */
    StorageRefusedException refused() {
        return StorageRefusedException.damaged(where, found, expected);
    }

    /** What is wrong, without the remedy. */
    String problem() {
        return where + ": found " + found + ", expected " + expected;
    }
}
