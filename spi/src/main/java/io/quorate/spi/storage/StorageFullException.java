package io.quorate.spi.storage;

import java.io.IOException;

/**
 * There is no room on the disk. The operation has not happened, nothing that was stored is lost, the store stays
 * usable, and the same operation may be tried again when there is room.
 */
public final class StorageFullException extends IOException {

    private static final long serialVersionUID = 1L;

    public StorageFullException(String message) {
        super(message);
    }

    public StorageFullException(String message, Throwable cause) {
        super(message, cause);
    }
}
