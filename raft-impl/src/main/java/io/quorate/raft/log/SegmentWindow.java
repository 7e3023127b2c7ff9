package io.quorate.raft.log;

import io.quorate.spi.storage.Disk;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A stretch of a file in memory, moved forward as it is asked for bytes. Not thread-safe. */
final class SegmentWindow {

    private final Path path;
    private final Disk.File file;
    private final int fileBytes;
    private final int windowBytes;
    private byte[] array = new byte[0];
    private int start;
    private int filled;

    /** @param windowBytes how much to read at a time */
    SegmentWindow(Path path, Disk.File file, int fileBytes, int windowBytes) {
        this.path = path;
        this.file = file;
        this.fileBytes = fileBytes;
        this.windowBytes = windowBytes;
    }

    /**
     * Brings the bytes {@code [at, at + size)} of the file into memory, and returns where in {@link #array()} they
     * begin. The array of an earlier call is left as it is: what was sliced from it stays valid.
     */
    int bring(int at, int size) throws IOException {
        if (at < start || at + size > start + filled) {
            int wanted = Math.min(fileBytes - at, Math.max(size, windowBytes));
            byte[] next = new byte[wanted];
            int read = file.read(ByteBuffer.wrap(next), at);
            if (read < size) {
                throw new EOFException(path + " at offset " + at + ": found " + read + " bytes, expected " + size);
            }
            array = next;
            start = at;
            filled = read;
        }
        return at - start;
    }

    byte[] array() {
        return array;
    }

    /** How many bytes are in memory from {@code at} on. */
    int available(int at) {
        return start + filled - at;
    }
}
