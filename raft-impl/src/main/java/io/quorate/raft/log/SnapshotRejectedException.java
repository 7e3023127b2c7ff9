package io.quorate.raft.log;

import java.io.IOException;

/**
 * What was received is not the snapshot that was announced. Nothing of it is kept, nothing that was stored has changed,
 * and this node's disk is not at fault: receive it anew.
 */
public final class SnapshotRejectedException extends IOException {

    private static final long serialVersionUID = 1L;

    SnapshotRejectedException(String message) {
        super(message);
    }
}
